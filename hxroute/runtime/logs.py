"""Where a served gateway writes its lines."""

from __future__ import annotations

import logging

__all__ = ["to_stderr"]


def to_stderr() -> None:
    """Write our lines, and the server's warnings, to standard error."""
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("hxroute").setLevel(logging.INFO)
