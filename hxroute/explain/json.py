"""An explanation as JSON: the fields of `Explanation`, by their names."""

from __future__ import annotations

import dataclasses
import json

from hxroute.explain.data import Explanation

__all__ = ["VERSION", "render"]

VERSION = 1
"""Goes up when a field changes its meaning or goes away."""


def render(explanation: Explanation) -> str:
    """Render an explanation; header lists stay lists of pairs."""
    data = {"version": VERSION, **dataclasses.asdict(explanation)}
    return json.dumps(data, indent=2) + "\n"
