"""What the server says to a request before the gateway sees it."""

from __future__ import annotations

from hxroute.explain.data import Answer, Step
from hxroute.explain.question import Question
from hxroute.ir import Limits
from hxroute.runtime.reception import Reception
from hxroute.runtime.refusals import Refused, refusal
from hxroute.runtime.strict import read_head

__all__ = ["received"]


def received(question: Question, limits: Limits) -> Step | None:
    """Return how the server refuses a request by itself; None where it does not."""
    try:
        _check(question, limits)
    except Refused as exc:
        fields, body = refusal(exc.status)
        shown = tuple((name.decode(), value.decode()) for name, value in fields)
        answer = Answer(exc.status, shown, body.decode())
        return Step("server", limits.at, f"server: {exc.why}", answer)
    return None


def _check(question: Question, limits: Limits) -> None:
    method, target = question.method.encode(), question.target.encode()
    reception = Reception(limits)
    reception.begin(0.0)
    reception.target(len(target))
    for name, value in question.headers:
        reception.field(len(name) + len(value))
    read_head(method, "1.1", target, list(question.headers))
