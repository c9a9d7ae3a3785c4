"""Where a fuzzer begins: every routes file of the repository."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

__all__ = ["FOUND", "files"]

FOUND: Final = Path(__file__).with_name("found")
"""What the fuzzing has found, kept as cases."""

_ROOT: Final = Path(__file__).parent.parent.parent


@functools.cache
def files() -> tuple[bytes, ...]:
    """Return the routes files of the repository: its own, the presets, the cases."""
    cases = sorted((_ROOT / "tests" / "cases").rglob("*.yaml"))
    presets = sorted((_ROOT / "hxroute" / "presets").glob("*.yaml"))
    found = sorted(FOUND.glob("*.routes"))
    paths = [_ROOT / "routes.yaml", *presets, *cases, *found]
    return tuple(path.read_bytes() for path in paths)
