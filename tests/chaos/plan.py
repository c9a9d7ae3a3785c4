"""What each request of a run is and what befalls it: a function of the seed and its id.

Nothing here knows sockets: the client, the upstream and the judge all ask this file, so
that each knows what the others do without having been told.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from tests.chaos.mixes import CHAOS, CUT, FAULTS, Kind, Mix, Shape

__all__ = ["ROUND", "Abort", "Plan", "Shot", "is_down"]

Moment = Literal["sending", "waiting", "reading"]

ROUND: Final = 500
"""Requests between two moments of rest, at which an upstream goes down or comes back."""

_METHODS: Final[Mapping[Kind, str]] = {
    "get": "GET",
    "head": "HEAD",
    "post": "POST",
    "put": "PUT",
    "upload": "POST",
    "events": "GET",
}
_MOMENTS: Final[Sequence[Moment]] = (
    "sending",
    "waiting",
    "waiting",
    "reading",
    "reading",
)
_GATHERED: Final = 64 * 1024
"""Answers of a declared length up to this are read whole before the client sees any."""


@dataclass(frozen=True, slots=True)
class Abort:
    """When a client leaves: with some of its request sent, waiting, or reading."""

    stage: Moment
    share: float
    reset: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """One request, its right answer, and what befalls the two.

    `fresh` has a connection of its own, `waits` sends its body once that is asked for.
    """

    id: int
    kind: Kind
    fault: str
    shape: Shape
    user: int
    mark: str
    body: bytes = field(repr=False)
    size: int
    chunked: bool
    fresh: bool
    waits: bool
    cookie: str | None
    abort: Abort | None
    down: bool
    seed: int

    @property
    def method(self) -> str:
        """The request's method."""
        return _METHODS[self.kind]

    @property
    def target(self) -> str:
        """The request's target, whose first segment picks the endpoint."""
        reads = self.kind in ("post", "put") or self.id % 2
        streams = self.kind in ("upload", "events")
        place = "pass" if streams or not reads else "read"
        return f"/{'wave' if self.fault == 'wave' else place}/{self.id}?shot={self.id}"

    @property
    def key(self) -> str:
        """The user's key, which goes on to the upstream."""
        return f"Bearer key-{self.user}-{self.mark}"

    @property
    def replayable(self) -> bool:
        """Whether the gateway may send it again (RFC 9110 §9.2.2): it has it whole."""
        return self.kind in ("get", "head", "put", "events")

    @property
    def status(self) -> int:
        """The status of its right answer."""
        if self.fault.startswith("early"):
            return 413
        return 204 if self.shape == "none" else 200

    @property
    def ends(self) -> frozenset[str]:
        """What its client may get."""
        fault = FAULTS[self.fault]
        if fault.stage == "connect" and self.down:
            lost = {"connect_failed"}
            return frozenset(lost if self.replayable else {*lost, "disconnected"})
        if fault.stage == "body" and not self.is_gathered:
            return frozenset({CUT})
        return fault.ends

    @property
    def is_gathered(self) -> bool:
        """Whether the gateway reads the answer whole before the client sees any."""
        return self.shape in ("short", "none") and self.size <= _GATHERED

    def chance(self, what: str) -> Random:
        """Return the chances of one thing about this request, always the same."""
        return Random(f"{self.seed}:{self.id}:{what}")


class Plan:
    """Every request of a run."""

    def __init__(self, seed: int, mix: Mix = CHAOS) -> None:
        self.seed = seed
        self.mix = mix
        self.mark = hashlib.sha1(f"mark {seed}".encode()).hexdigest()[:12]
        self.shot = functools.lru_cache(maxsize=4096)(self._shot)

    def _shot(self, number: int) -> Shot:
        chance = Random(f"{self.seed}:{number}")
        mix = self.mix
        kind = chance.choices(list(mix.kinds), list(mix.kinds.values()))[0]
        allowed = [name for name in FAULTS if name in mix.faults and _fits(name, kind)]
        fault = chance.choices(allowed, [FAULTS[name].weight for name in allowed])[0]
        shape = _shape(kind, fault, chance)
        user = chance.randrange(mix.users)
        return Shot(
            id=number,
            kind=kind,
            fault=fault,
            shape=shape,
            user=user,
            mark=self.mark,
            body=_body(kind, number, chance),
            size=_size(shape, mix.largest, chance),
            chunked=kind == "upload" and chance.random() < 0.5,
            fresh=chance.random() < mix.fresh,
            cookie=f"user={user}; shot={number}" if chance.random() < 0.6 else None,
            abort=_abort(chance) if chance.random() < mix.aborts else None,
            waits=kind == "upload" and chance.random() < 0.2,
            down=is_down(number),
            seed=self.seed,
        )


def is_down(number: int) -> bool:
    """Tell whether the upstream of the waves is down in a request's round."""
    return number // ROUND % 3 == 1


def _fits(fault: str, kind: Kind) -> bool:
    stage = FAULTS[fault].stage
    if fault == "bad_chunk" and kind == "events":
        return True
    if kind == "head":
        return stage not in ("body", "upload")
    if kind == "events":
        return stage not in ("connect", "upload")
    return stage != "upload" or kind == "upload"


def _shape(kind: Kind, fault: str, chance: Random) -> Shape:
    if kind == "events":
        return "events"
    shapes = FAULTS[fault].shapes
    if kind == "head":
        return "short"
    if "none" in shapes and chance.random() < 0.2:
        return "none"
    return chance.choice([shape for shape in shapes if shape != "none"])


def _size(shape: Shape, largest: int, chance: Random) -> int:
    """Return the size of an answer's body, in bytes; of a stream, in events."""
    if shape == "none":
        return 0
    if shape == "events":
        return chance.randint(2, 12)
    if shape == "long":
        return chance.randint(_GATHERED + 1, max(_GATHERED + 2, largest))
    edges = (2, 3, _GATHERED - 1, _GATHERED) if shape == "short" else (2, 8192)
    if chance.random() < 0.1:
        return chance.choice(edges)
    return int(2 + 30_000 * chance.random() ** 4)


def _body(kind: Kind, number: int, chance: Random) -> bytes:
    """Return a request's body, full of its id."""
    if kind not in ("post", "put", "upload"):
        return b""
    most = 150_000 if kind == "upload" else 20_000
    size = int(2 + most * chance.random() ** 3)
    tag = b"<%d>" % number
    return (tag * (size // len(tag) + 1))[:size]


def _abort(chance: Random) -> Abort:
    return Abort(chance.choice(_MOMENTS), chance.random(), chance.random() < 0.5)
