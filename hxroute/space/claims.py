"""Claims: the requests that an endpoint asks for, and requests that show something."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from hxroute import paths
from hxroute.ir import STANDARD_METHODS, UNLISTED_METHODS, Endpoint
from hxroute.paths import Pattern

__all__ = ["Claim", "Unnamed", "Witness", "claim_of", "declined", "meet", "shared"]

_COMMON: Final = tuple(dict.fromkeys(("GET", "POST", *STANDARD_METHODS)))
_SEGMENTS: Final = ("x", "y", "z")
_METHODS: Final = ("PROPFIND", "REPORT", "SEARCH")


@dataclass(frozen=True, slots=True)
class Claim:
    """The paths and methods of one endpoint; no methods: all but CONNECT and TRACE."""

    pattern: Pattern
    methods: tuple[str, ...] = ()

    def takes(self, method: str) -> bool:
        """Tell whether the endpoint takes a method."""
        if self.methods:
            return method in self.methods
        return method not in UNLISTED_METHODS

    def same_paths(self, other: Claim) -> bool:
        """Tell whether two claims are for the same paths, whatever parameters are called."""
        mine, theirs = self.pattern, other.pattern
        same_end = (mine.rest is None) == (theirs.rest is None)
        return mine.segments == theirs.segments and same_end


def claim_of(endpoint: Endpoint) -> Claim | None:
    """Return what an endpoint asks for; None where its path is no pattern."""
    try:
        return Claim(paths.parse_pattern(endpoint.path), endpoint.methods)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that shows something."""

    method: str
    path: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path.decode('ascii', 'replace')}"


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A segment and a method that stand for all that no endpoint names."""

    segment: bytes = b"x"
    method: str = _METHODS[0]

    @classmethod
    def besides(
        cls, literals: Collection[bytes | None], methods: Collection[str]
    ) -> Unnamed:
        """Choose them besides those that are named; short words first."""
        numbered = (f"x{number}" for number in itertools.count(1))
        segments = (name.encode() for name in itertools.chain(_SEGMENTS, numbered))
        longer = ("X" * length for length in itertools.count(1))
        return cls(
            next(name for name in segments if name not in literals),
            next(m for m in itertools.chain(_METHODS, longer) if m not in methods),
        )


def meet(one: Pattern, other: Pattern) -> Pattern | None:
    """Return the pattern of the paths that two patterns share; None: there are none."""
    short, long = sorted((one, other), key=lambda item: len(item.segments))
    depth = len(short.segments)
    if len(long.segments) > depth and short.rest is None:
        return None
    if len(long.segments) == depth and (one.rest is None) != (other.rest is None):
        return None
    segments: list[bytes | None] = []
    for mine, theirs in zip(short.segments, long.segments, strict=False):
        segment = mine if theirs is None else theirs
        if mine not in (None, segment) or (segment == b"" and mine != theirs):
            return None
        segments.append(segment)
    return Pattern((*segments, *long.segments[depth:]), rest=long.rest)


def shared(claims: Collection[Claim], unnamed: Unnamed) -> tuple[str, ...]:
    """Return the methods that all of the claims take, one for all that none names."""
    known = _known(claims, unnamed)
    return tuple(m for m in known if all(claim.takes(m) for claim in claims))


def declined(claims: Collection[Claim], unnamed: Unnamed) -> tuple[str, ...]:
    """Return the methods that none of the claims takes, one for all that none names."""
    known = (*_known(claims, unnamed), *sorted(UNLISTED_METHODS, reverse=True))
    return tuple(m for m in known if not any(claim.takes(m) for claim in claims))


def _known(claims: Iterable[Claim], unnamed: Unnamed) -> Iterable[str]:
    named = (method for claim in claims for method in claim.methods)
    return dict.fromkeys((*_COMMON, *named, unnamed.method))
