"""What can befall a request, and how often it does in each kind of run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = [
    "CANCELS",
    "CHAOS",
    "CUT",
    "FAULTS",
    "LEAK",
    "RIGHT",
    "Fault",
    "Kind",
    "Mix",
    "Shape",
]

Kind = Literal["get", "head", "post", "put", "upload", "events"]
Shape = Literal["short", "long", "chunked", "until_close", "events", "none"]
Stage = Literal["whole", "connect", "head", "body", "upload"]

RIGHT: Final = "right"
CUT: Final = "cut"


@dataclass(frozen=True, slots=True)
class Fault:
    """What an upstream does to an answer.

    `ends` are what the client may get: `right`, `cut`, or the kind of a mapped error;
    `shapes` the answers that it can be done to.
    """

    stage: Stage
    weight: int
    ends: frozenset[str]
    shapes: tuple[Shape, ...] = ("short", "long", "chunked", "until_close")


def _fault(stage: Stage, weight: int, ends: str, *shapes: Shape) -> Fault:
    kept = frozenset(ends.split())
    return Fault(stage, weight, kept, shapes) if shapes else Fault(stage, weight, kept)


FAULTS: Final[Mapping[str, Fault]] = {
    "none": _fault("whole", 30, RIGHT),
    "delay": _fault("whole", 8, RIGHT),
    "drip": _fault("whole", 8, RIGHT),
    "interim": _fault("whole", 3, RIGHT),
    "extra": _fault("whole", 8, RIGHT, "short", "chunked", "none"),
    "stale": _fault("whole", 10, RIGHT, "short", "long", "chunked", "none"),
    "wave": _fault("connect", 8, RIGHT, "short"),
    "hang_up": _fault("head", 3, "disconnected"),
    "hang_up_reset": _fault("head", 3, "disconnected"),
    "half_open": _fault("head", 2, "disconnected"),
    "torn_head": _fault("head", 2, "bad_response disconnected"),
    "torn_head_reset": _fault("head", 2, "bad_response disconnected"),
    "garbage": _fault("head", 3, "bad_response"),
    "black_hole": _fault("head", 1, "read_timeout"),
    "truncated": _fault("body", 3, "bad_response", "short", "long", "chunked"),
    "reset": _fault("body", 3, "bad_response"),
    "bad_chunk": _fault("body", 2, "bad_response", "chunked"),
    "stalled": _fault("body", 1, "read_timeout"),
    "early": _fault("upload", 4, RIGHT, "short"),
    "early_reset": _fault("upload", 2, "right disconnected bad_response", "short"),
    "refused_upload": _fault("upload", 3, "disconnected", "short"),
}


@dataclass(frozen=True, slots=True)
class Mix:
    """How often things happen: by default everything does."""

    kinds: Mapping[Kind, int] = field(
        default_factory=lambda: {
            "get": 35,
            "head": 5,
            "post": 20,
            "put": 5,
            "upload": 20,
            "events": 15,
        }
    )
    faults: frozenset[str] = frozenset(FAULTS)
    aborts: float = 0.08
    fresh: float = 0.25
    users: int = 7
    largest: int = 200_000


CHAOS: Final = Mix()
LEAK: Final = Mix(
    faults=frozenset({"none", "extra", "drip", "stale"}),
    aborts=0.05,
    users=50,
    largest=70_000,
)
CANCELS: Final = Mix(
    faults=frozenset({"none", "delay", "drip"}), aborts=1.0, largest=100_000
)
