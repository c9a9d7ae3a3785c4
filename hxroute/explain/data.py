"""An explanation as data: what renderers show, and `--json` prints as it is.

A `line` is one of the routes file; 0 means that no line of it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Answer",
    "Call",
    "Candidate",
    "Explanation",
    "Failure",
    "Field",
    "Pairs",
    "Step",
]

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint, and why it takes the request or does not."""

    name: str
    line: int
    outcome: Literal["taken", "later", "method", "path"]
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that the gateway makes itself."""

    status: int
    headers: Pairs
    body: str


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the pipeline, what it does, and how it would end the request here."""

    node: str
    line: int
    text: str
    ends: Answer | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A header field and its one fate."""

    name: str
    value: str
    outcome: Literal["kept", "dropped", "set"]
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """The upstream request; timeouts are in seconds."""

    upstream: str
    line: int
    method: str
    url: str
    headers: Pairs
    body: str
    timeout: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """What the client gets where something fails."""

    kind: str
    answer: Answer
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of one request.

    `endpoint` is empty where none takes it. `fields` are those of the request on its
    way up, `answered` what the file does to those of an upstream's answer. `answer` is
    the gateway's own, where it answers without an upstream.
    """

    file: str
    method: str
    target: str
    endpoint: str
    line: int
    candidates: tuple[Candidate, ...]
    steps: tuple[Step, ...] = ()
    fields: tuple[Field, ...] = ()
    call: Call | None = None
    answer: Answer | None = None
    answered: tuple[Field, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
