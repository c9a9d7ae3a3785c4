"""An explanation as data: what renderers show, and `--json` prints as it is.

    {"version": 1,
     "file": "routes.yaml",           the routes file
     "method": "POST",
     "target": "/v1/embeddings?a=1",  path and query, as they are sent
     "endpoint": "POST /v1/…",        that takes the request; "" where none does
     "line": 101,
     "limits": [["head_timeout", "10s"], …],
     "candidates": [{"name", "path", "line", "outcome", "reason"}],
     "steps": [{"node", "line", "text", "ends"}],
     "fields": [{"name", "value", "outcome", "reason", "line"}],
     "call": {"upstream", "line", "method", "url", "headers", "body", "client",
              "timeout", "survives"},
     "answer": {"status", "headers", "body"},
     "answered": [{"name", "value", "outcome", "reason", "line"}],
     "failures": [{"kind", "answer", "line", "reason"}],
     "notes": ["…"]}

- A `line` is one of the routes file; 0 means that no line of it says so.
- `headers` are pairs of name and value, as fields repeat; bytes that are no UTF-8
  stand as their codes. `client` is what makes the call. `timeout` is seconds by phase;
  its `first_byte` is null where that is `read`, `total` where there is no such limit.
  `survives` are pairs of a key of the upstream, such as `retry`, and what it says.
- Secrets stand as `<name_of_the_setting>`, the client's own credentials as `***`; the
  length of a body that holds one is that of the body as it is shown.
- `limits` are what any connection may take. A request over one is refused by the
  server itself: then the one step is `server`.
- `candidates` are the endpoints in the order of the file, none where the path is
  refused before any is looked at. The `outcome` of one is `taken`, `later` (it would
  take the request, but is not the first), `method` or `path` (which does not fit).
- `steps` are the nodes in the order of travel. `ends` is an answer that a step gives
  itself. The first of them is `answer`: the gateway's own, without the Date field.
- Where `answer` is null, `call` is made. After a missing key the steps go on for a
  request that shows one, and `call` is what that would become. Where the last step
  ends it with a call, the call is made, and a rule for its answer fails.
- `fields` are the client's, each once: `kept` or `dropped`; then those that the file
  has `set`, and those it sets to nothing (`unset`). `answered` says the same of an
  upstream's answer; the name `*` is any other. What HTTP asks of every hop goes
  without saying there (RFC 9110 §7.6.1).
- `failures` are the answers to what can go wrong on the way, by the kinds of
  `errors:`. Where `error.detail` depends on the case, it is that of the usual one.
- What is not there is null, 0, "" or []. Fields may be added; `version` goes up when
  one changes its meaning or goes away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hxroute.http import Timeout
from hxroute.ir import Client

__all__ = [
    "Answer",
    "Call",
    "Candidate",
    "Explanation",
    "Failure",
    "Field",
    "Outcome",
    "Pairs",
    "Step",
]

Pairs = tuple[tuple[str, str], ...]
Outcome = Literal["kept", "dropped", "set", "unset"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint, and why it takes the request or does not."""

    name: str
    path: str
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
    outcome: Outcome
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """The upstream request, as it would be sent; `survives` is how it is kept alive."""

    upstream: str
    line: int
    method: str
    url: str
    headers: Pairs
    body: str
    client: Client
    timeout: Timeout
    survives: Pairs = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """What the client gets where something fails."""

    kind: str
    answer: Answer
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of one request; the module's text says what each field means."""

    file: str
    method: str
    target: str
    endpoint: str = ""
    line: int = 0
    limits: Pairs = ()
    candidates: tuple[Candidate, ...] = ()
    steps: tuple[Step, ...] = ()
    fields: tuple[Field, ...] = ()
    call: Call | None = None
    answer: Answer | None = None
    answered: tuple[Field, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
