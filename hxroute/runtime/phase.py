"""The phases of a client's connection."""

from __future__ import annotations

import enum

__all__ = ["Phase"]


class Phase(enum.Enum):
    """What a connection is to bring next."""

    IDLE = "the next request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
