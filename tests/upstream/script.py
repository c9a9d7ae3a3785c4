"""Scripts: how an upstream answers, step by step.

A step is bytes, which are written as they are, or something to do.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Act", "Drip", "Endless", "Script", "Step", "Take", "Until"]


class Act(enum.Enum):
    """A step that is no bytes."""

    EARLY = enum.auto()  # first of all: answer as soon as the head has arrived
    BODY = enum.auto()  # read the request's body
    ECHO = enum.auto()  # write back each piece of the body, as a chunk
    PAUSE = enum.auto()  # let everyone read what is written so far
    FIN = enum.auto()  # close one's own side only
    CLOSE = enum.auto()
    RESET = enum.auto()
    STALL = enum.auto()  # write nothing until the peer leaves
    HANG = enum.auto()  # the same, and read nothing until the test lets it


@dataclass(frozen=True, slots=True)
class Drip:
    """Bytes that come one by one."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Endless:
    """Bytes that come again and again, until the peer leaves."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Take:
    """So many bytes of the request's body are read, and dropped."""

    size: int


@dataclass(frozen=True, slots=True)
class Until:
    """Nothing, until the test says so."""

    event: asyncio.Event


Step = bytes | Act | Drip | Endless | Take | Until
Script = Sequence[Step]
