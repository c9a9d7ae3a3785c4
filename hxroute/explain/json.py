"""An explanation as JSON; `hxroute.explain.data` says what stands in it."""

from __future__ import annotations

import dataclasses
from typing import Final

from hxroute.diagnostics.shown import as_json
from hxroute.explain.data import Explanation

__all__ = ["VERSION", "render"]

VERSION: Final = 1
"""Goes up when a field changes its meaning or goes away."""


def render(explanation: Explanation) -> str:
    """Render an explanation as visible ASCII."""
    return as_json({"version": VERSION, **dataclasses.asdict(explanation)})
