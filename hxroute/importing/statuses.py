"""Statuses: which of the upstream's answers a test is about, and which are one."""

from __future__ import annotations

from typing import Final

from hxroute.importing.inside import leaves
from hxroute.importing.values import Answer, Guard, Known, Op, Part, Value

__all__ = ["called", "either", "statuses_in"]

_CLASSES: Final = {"is_error": ("4xx", "5xx"), "is_server_error": ("5xx",)} | {
    "is_client_error": ("4xx",)
}


def either(one: Answer, other: Answer) -> Answer:
    """Return an answer that stands for two forms of one: as the upstream made it."""
    call = next(x.call for x in leaves(one.body) if isinstance(x, Part))
    media = Part(call, "media")
    found = Answer(
        one.status, Part(call, "content"), "raw", one.headers, one.line, media
    )
    if one.status != other.status and isinstance(other.status, Part):
        found.status = other.status
    return found


def called(answer: Answer) -> tuple[Value, ...] | None:
    """Return what tells the call of an answer from others."""
    for item in leaves(answer.body):
        if isinstance(item, Part):
            return item.call.method, item.call.url
    return None


def statuses_in(guards: tuple[Guard, ...]) -> tuple[str, ...] | None:
    """Return the upstream's statuses that the last test is about."""
    guard = guards[-1]
    test, truth = guard.test, guard.truth
    while isinstance(test, Op) and test.name == "not":
        test, truth = test.args[0], not truth
    if isinstance(test, Part):
        if test.name == "is_success" and not truth:
            return ("4xx", "5xx")
        return _CLASSES.get(test.name) if truth else None
    if not isinstance(test, Op) or len(test.args) != 2 or not truth:
        return ("4xx", "5xx") if _is_not_200(test) and not truth else None
    left, right = test.args
    if not (isinstance(left, Part) and left.name == "status"):
        return None
    return _compared(test.name, right)


def _is_not_200(test: Value) -> bool:
    return (
        isinstance(test, Op)
        and test.name == "=="
        and isinstance(test.args[0], Part)
        and test.args[0].name == "status"
        and test.args[1] == Known(200)
    )


def _compared(sign: str, right: Value) -> tuple[str, ...] | None:
    numbers = {400: ("4xx", "5xx"), 500: ("5xx",), 399: ("4xx", "5xx"), 499: ("5xx",)}
    if isinstance(right, Known) and isinstance(right.value, int):
        if sign == "==":
            return (str(right.value),)
        return numbers.get(right.value) if sign in (">=", ">") else None
    items = getattr(right, "items", ())
    if sign == "in" and items:
        found = [x.value for x in items if isinstance(x, Known)]
        return tuple(map(str, found)) if len(found) == len(items) else None
    return None
