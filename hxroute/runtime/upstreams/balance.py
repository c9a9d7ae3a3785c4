"""Balance: which of the members that can take a call takes it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hxroute.resilience import Policy
from hxroute.runtime.upstreams.members import Member

__all__ = ["POLICIES", "Pick", "digest_of"]

Pick = Callable[[Sequence[Member], bytes | None], Member]
"""Choose one of some members, at least one, for a key, where there is one."""

_MASK: Final = (1 << 64) - 1
_MULTIPLIERS: Final = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def round_robin(members: Sequence[Member], key: bytes | None = None) -> Member:
    """Take turns by weight, smoothly: of 5:1 no five calls in a row go to one."""
    total = 0
    chosen = members[0]
    for member in members:
        member.current += member.weight
        total += member.weight
        if member.current > chosen.current:
            chosen = member
    chosen.current -= total
    return chosen


def least_requests(members: Sequence[Member], key: bytes | None = None) -> Member:
    """Take the one with the fewest calls under way for its weight, in turn among equals."""
    loads = [(member.state.active + 1) / member.weight for member in members]
    least = min(loads)
    return round_robin(
        [m for m, load in zip(members, loads, strict=True) if load == least]
    )


def hashed(members: Sequence[Member], key: bytes | None) -> Member:
    """Take the one whose weighted score for the key is highest (rendezvous hashing).

    A member that goes takes only its own keys along: they spread over the others.
    """
    if key is None:
        return round_robin(members)
    digest = digest_of(key)
    return max(members, key=lambda member: _score(member, digest))


def digest_of(key: bytes) -> int:
    """Return a number of 64 bits that is the same in every process."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest())


def _score(member: Member, digest: int) -> float:
    """Return -w / ln(u), with u uniform in (0, 1) by member and key."""
    mixed = digest ^ member.seed
    for shift, multiplier in zip((30, 27), _MULTIPLIERS, strict=True):
        mixed = ((mixed ^ (mixed >> shift)) * multiplier) & _MASK
    mixed ^= mixed >> 31
    # 52 bits and a half are a number that is neither 0 nor 1.
    return -member.weight / math.log(((mixed >> 12) + 0.5) / (1 << 52))


POLICIES: Final[Mapping[Policy, Pick]] = {
    "round_robin": round_robin,
    "least_requests": least_requests,
    "hash": hashed,
}
"""Each way of balancing, by its name in the file."""
