"""What a case of the corpus is: bytes to send, and what may come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = [
    "Case",
    "Outcome",
    "Seen",
    "answered",
    "cases",
    "get",
    "post",
    "raw",
    "refused",
    "seen",
    "served",
]

Fields = tuple[tuple[bytes, bytes], ...]
Answer = frozenset[int]


class Seen(NamedTuple):
    """A request as it must arrive at the upstream, without Host and framing."""

    method: bytes
    target: bytes
    fields: Fields = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that may come of a case.

    `answers` are the statuses that each answer may have, interim ones too; `has` names
    fields that the last answer must carry.
    """

    seen: tuple[Seen, ...] = ()
    answers: tuple[Answer, ...] = ()
    closes: bool = False
    has: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """Bytes that a client sends, and the outcomes of which one must come.

    `ends` tells that the client ends its side behind them. `alone` tells that the case
    is about this gateway's rules, so that no other proxy can be asked.
    """

    name: str
    data: bytes
    outcomes: tuple[Outcome, ...]
    clause: str
    ends: bool = False
    alone: bool = False

    @property
    def row(self) -> str:
        """The row of the catalogue."""
        return self.name.partition("-")[0]


def raw(start: bytes, *fields: bytes, body: bytes = b"") -> bytes:
    """Return a request of a start line, field lines and a body."""
    return b"".join(line + b"\r\n" for line in (start, *fields)) + b"\r\n" + body


def post(*fields: bytes, body: bytes = b"") -> bytes:
    """Return a POST of /p; its framing is among the fields."""
    return raw(b"POST /p HTTP/1.1", b"Host: a", *fields, body=body)


def get(target: bytes = b"/g", *fields: bytes) -> bytes:
    """Return a GET."""
    return raw(b"GET %b HTTP/1.1" % target, b"Host: a", *fields)


def seen(
    body: bytes = b"", *fields: tuple[bytes, bytes], start: bytes = b"POST /p"
) -> Seen:
    """Return what arrives of a request, by default of `post`."""
    method, _, target = start.partition(b" ")
    return Seen(method, target, fields, body)


def _answers(statuses: Iterable[int | Answer]) -> tuple[Answer, ...]:
    return tuple(
        frozenset({status}) if isinstance(status, int) else status
        for status in statuses
    )


def refused(*statuses: int, after: tuple[Seen, ...] = ()) -> Outcome:
    """Return the outcome of a malformed request: an answer, and the connection ends.

    `after` are the requests before it, which are served.
    """
    last = frozenset(statuses or (400,))
    return Outcome(after, _answers([*(200 for _ in after), last]), closes=True)


def served(
    *requests: Seen, closes: bool = False, continues: bool = False
) -> tuple[Outcome, ...]:
    """Return the outcomes of requests that are served, each in its turn."""
    statuses = [200 for _ in requests]
    outcome = Outcome(requests, _answers(statuses), closes)
    if not continues:
        return (outcome,)
    return outcome, Outcome(requests, _answers([100, *statuses]), closes)


def answered(*statuses: int | Answer, has: tuple[str, ...] = ()) -> tuple[Outcome, ...]:
    """Return the outcomes of requests that the gateway answers by itself.

    It may close the connection behind the last of them.
    """
    answers = _answers(statuses)
    return Outcome((), answers, has=has), Outcome((), answers, closes=True, has=has)


def cases(
    row: str,
    clause: str,
    variants: Mapping[str, bytes | tuple[bytes, Outcome | tuple[Outcome, ...]]],
    *outcomes: Outcome,
    ends: bool = False,
    alone: bool = False,
) -> list[Case]:
    """Return the cases of a row; a variant has outcomes of its own, or the row's."""
    made = []
    for name, variant in variants.items():
        data, own = (variant, outcomes) if isinstance(variant, bytes) else variant
        may = (own,) if isinstance(own, Outcome) else own
        made.append(Case(f"{row}-{name}", data, may, clause, ends, alone))
    return made
