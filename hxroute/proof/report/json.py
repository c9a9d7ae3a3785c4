r"""A proof as JSON, in visible ASCII.

    {"version": 1,
     "oracle": "main.py at 3f2a, …",   what was recorded
     "new": "routes.yaml, compiled",   what was compared with it
     "routes": "routes.yaml",          the routes file; "" where there is none here
     "holds": false,                   whether a proof is a success
     "summary": "2 cases: 1 identical, 0 sanctioned, 1 unexplained",
     "counts": {"cases": 2, "identical": 1, "sanctioned": 0, "unexplained": 1},
     "cases": [{"name", "outcome", "environment", "request", "reasons",
                "differences"}],
     "problems": [{"file", "line", "message", "help"}]}

- `cases` stand in the order of the corpus; `outcome` is `identical`, `sanctioned` or
  `unexplained`, and an identical one has no `differences`. `reasons` are the ledger's.
- A `request` is `{"method", "target", "headers", "body", "repeat"}`: `headers` are pairs
  of name and value, as fields repeat; the body is sent `repeat` times.
- A difference is `{"fact", "old", "new", "pinned", "sanctioned", "line", "rule"}`:
  `old`, `new` and `pinned` are lists of values, [] is nothing at all; `pinned` is null
  where the ledger says nothing. `line` is one of the routes file, 0 where none decides.
- What went over the wire is text where it is UTF-8; any other byte, and what nobody
  could see, is `\xNN`, and a backslash before an `x` is `\x5c`: no two byte strings give
  one text. Of a body over 16 KiB there is `(N bytes, sha256 HEX)`.
- What is not there is null, 0, "" or []. Fields may be added; `version` goes up when
  one changes its meaning or goes away.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final, get_args

from hxroute.diagnostics.shown import as_json
from hxroute.proof.exchange import Case
from hxroute.proof.report.values import wire
from hxroute.proof.verdict import Difference, Outcome, Proof, Verdict

__all__ = ["VERSION", "render"]

VERSION: Final = 1
"""Goes up when a field changes its meaning or goes away."""


def render(proof: Proof) -> str:
    """Render a proof."""
    counts = {outcome: proof.count(outcome) for outcome in get_args(Outcome)}
    return as_json(
        {
            "version": VERSION,
            "oracle": proof.oracle,
            "new": proof.new,
            "routes": proof.routes,
            "holds": proof.holds,
            "summary": proof.summary,
            "counts": {"cases": len(proof.verdicts), **counts},
            "cases": [_case(item) for item in proof.verdicts],
            "problems": [asdict(item) for item in proof.problems],
        }
    )


def _case(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "outcome": verdict.outcome,
        "environment": verdict.recorded.case.environment,
        "request": _request(verdict.recorded.case),
        "reasons": list(verdict.reasons),
        "differences": [_difference(item) for item in verdict.differences],
    }


def _request(case: Case) -> dict[str, Any]:
    request = case.request
    return {
        "method": wire(request.method),
        "target": wire(request.target),
        "headers": [[wire(name), wire(value)] for name, value in request.headers],
        "body": wire(request.body),
        "repeat": request.repeat,
    }


def _difference(item: Difference) -> dict[str, Any]:
    pinned = None if item.pinned is None else [wire(value) for value in item.pinned]
    return {
        "fact": wire(item.fact),
        "old": [wire(value) for value in item.old],
        "new": [wire(value) for value in item.new],
        "pinned": pinned,
        "sanctioned": item.is_sanctioned,
        "line": item.line,
        "rule": item.rule,
    }
