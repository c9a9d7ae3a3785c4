"""Placing: what an answer of the program is an answer to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hxroute.importing.behaviour import KINDS_CAUGHT, Auth, Behaviour, StatusAnswer
from hxroute.importing.findings import Findings
from hxroute.importing.inside import leaves
from hxroute.importing.statuses import called, either, statuses_in
from hxroute.importing.values import (
    Answer,
    Call,
    Foreign,
    Guard,
    Incoming,
    Known,
    Op,
    Part,
    Setting,
    Value,
)

__all__ = ["Context", "place"]

_JSON_ERRORS: Final = frozenset(
    [
        "json.JSONDecodeError",
        "json.decoder.JSONDecodeError",
        "orjson.JSONDecodeError",
        "builtins.ValueError",
        "builtins.UnicodeDecodeError",
        "builtins.TypeError",
    ]
)
_STATUS_ERRORS: Final = frozenset(
    ["httpx.HTTPStatusError", "requests.HTTPError", "requests.exceptions.HTTPError"]
)
_WIDE: Final = frozenset(["httpx.HTTPError", "builtins.Exception"])
"""What catches those errors among others."""

_AUTH_STATUSES: Final = (401, 403, 407)


@dataclass(frozen=True, slots=True)
class Context:
    """Where an answer stands: under which tests, in which `except`."""

    guards: tuple[Guard, ...] = ()
    caught: tuple[str, ...] = ()
    catches_call: bool = False
    catches_json: bool = False


def place(
    answer: Answer, context: Context, behaviour: Behaviour, findings: Findings
) -> None:
    """Note what an answer is an answer to; what cannot be told is left to the reader."""
    behaviour.placed.append(answer)
    if context.caught:
        _caught(answer, context, behaviour, findings)
    elif is_reply(answer):
        _reply(answer, context, behaviour, findings)
    elif context.guards:
        _guarded(answer, context, behaviour, findings)
    else:
        _final(answer, behaviour, findings)


def is_reply(answer: Answer) -> bool:
    """Tell whether an answer passes something of the upstream's on."""
    values = (answer.body, answer.status)
    return any(isinstance(x, Part | Call) for value in values for x in leaves(value))


def status_of(answer: Answer) -> int | None:
    """Return an answer's status where it is a constant."""
    status = answer.status
    if isinstance(status, Known) and isinstance(status.value, int):
        return status.value
    return None


def _caught(
    answer: Answer, context: Context, behaviour: Behaviour, findings: Findings
) -> None:
    names = context.caught
    raised = behaviour.raises_status and not behaviour.statuses
    if any(name in _STATUS_ERRORS or (raised and name in _WIDE) for name in names):
        behaviour.statuses.append(StatusAnswer(("4xx", "5xx"), answer, answer.line))
        text = "an answer to `raise_for_status`, which redirects raise too"
        findings.approximate(answer.line, text)
    kinds = {kind for name in names for kind in KINDS_CAUGHT.get(name, ())}
    wide = any(name.endswith(("Exception", "ValueError")) for name in names)
    is_json = any(name in _JSON_ERRORS for name in names) or (
        wide and context.catches_json
    )
    if is_json and (context.catches_json or not kinds):
        behaviour.errors.setdefault("invalid_json", answer)
    if context.catches_call:
        for kind in sorted(kinds):
            behaviour.errors.setdefault(kind, answer)
    is_status = any(name in _STATUS_ERRORS for name in names)
    if status_of(answer) in _AUTH_STATUSES and not context.catches_call:
        behaviour.auth.append(Auth((), answer, answer.line))
    elif not is_json and not is_status and not (kinds and context.catches_call):
        text = f"an answer to {', '.join(names)}, which is no error of the gateway's"
        _manual(answer, text, behaviour, findings)
    if context.guards and any(_is_of_failure(g.test) for g in context.guards):
        text = "this answer depends on more than the kind of the failure"
        findings.approximate(answer.line, text)


def _is_of_failure(test: Value) -> bool:
    return any(isinstance(x, Op) and x.name == "exception" for x in leaves(test))


def _reply(
    answer: Answer, context: Context, behaviour: Behaviour, findings: Findings
) -> None:
    if behaviour.reply is None:
        behaviour.reply, behaviour.reply_guards = answer, context.guards
        return
    if called(behaviour.reply) == called(answer):
        text = "the same answer in another form: the gateway always streams"
        findings.approximate(answer.line, text)
        behaviour.reply, behaviour.reply_guards = either(behaviour.reply, answer), ()
        return
    text = "a second way to the upstream under a test that the language has not"
    _manual(answer, text, behaviour, findings)


def _guarded(
    answer: Answer, context: Context, behaviour: Behaviour, findings: Findings
) -> None:
    status = status_of(answer)
    for applies, note in _GUARDED:
        if applies(status, context.guards):
            note(answer, context.guards, behaviour, findings)
            return
    text = f"answers {status or 'something'} under a test that the language has not"
    _manual(answer, text, behaviour, findings)


def _is_auth(status: int | None, guards: tuple[Guard, ...]) -> bool:
    return status in _AUTH_STATUSES or any(
        isinstance(x, Incoming) and x.name in ("authorization", "x-api-key")
        for guard in guards
        for x in leaves(guard.test)
    )


def _auth(
    answer: Answer, guards: tuple[Guard, ...], behaviour: Behaviour, findings: Findings
) -> None:
    tests = tuple(guard.test for guard in guards)
    behaviour.auth.append(Auth(tests, answer, answer.line))


def _is_limit(status: int | None, guards: tuple[Guard, ...]) -> bool:
    return _limit_in(tuple(guard.test for guard in guards)) is not None and (
        status in (400, 413)
    )


def _limit_in(tests: tuple[Value, ...]) -> Value | None:
    """Return what the body's length is compared with."""
    for test in tests:
        for item in leaves(test):
            if not (isinstance(item, Op) and item.name in (">", ">=", "<", "<=")):
                continue
            if any(_is_length(x) for x in leaves(item)):
                for side in item.args:
                    if isinstance(side, Setting) or (
                        isinstance(side, Known) and isinstance(side.value, int)
                    ):
                        return side
    return None


def _is_length(value: Value) -> bool:
    if isinstance(value, Op) and value.name == "len":
        return any(x == Incoming("body") for x in leaves(value))
    return isinstance(value, Incoming) and value.name == "content-length"


def _limit(
    answer: Answer, guards: tuple[Guard, ...], behaviour: Behaviour, findings: Findings
) -> None:
    found = _limit_in(tuple(guard.test for guard in guards))
    assert found is not None
    behaviour.limit = behaviour.limit or (found, answer.line)
    behaviour.errors.setdefault("payload_too_large", answer)


def _is_status(status: int | None, guards: tuple[Guard, ...]) -> bool:
    return statuses_in(guards) is not None


def _status(
    answer: Answer, guards: tuple[Guard, ...], behaviour: Behaviour, findings: Findings
) -> None:
    match = statuses_in(guards) or ("4xx", "5xx")
    behaviour.statuses.append(StatusAnswer(match, answer, answer.line))


def _is_no_object(status: int | None, guards: tuple[Guard, ...]) -> bool:
    return status is not None and 400 <= status < 500 and any(
        isinstance(x, Op)
        and x.name == "isinstance"
        and Foreign("builtins.dict") in x.args
        for guard in guards
        for x in leaves(guard.test)
    )  # fmt: skip


def _no_object(
    answer: Answer, guards: tuple[Guard, ...], behaviour: Behaviour, findings: Findings
) -> None:
    behaviour.errors.setdefault("not_an_object", answer)


_Applies = Callable[[int | None, tuple[Guard, ...]], bool]
_Note = Callable[[Answer, tuple[Guard, ...], Behaviour, Findings], None]
_GUARDED: Final[tuple[tuple[_Applies, _Note], ...]] = (
    (_is_limit, _limit),
    (_is_no_object, _no_object),
    (_is_status, _status),
    (_is_auth, _auth),
)
"""What an answer under a test may be an answer to, the surest first."""


def _final(answer: Answer, behaviour: Behaviour, findings: Findings) -> None:
    if behaviour.respond is None and behaviour.reply is None:
        behaviour.respond = answer
        return
    if status_of(answer) in _AUTH_STATUSES:
        guards = behaviour.reply_guards or behaviour.passed
        tests = tuple(guard.test for guard in guards)
        behaviour.auth.append(Auth(tests, answer, answer.line))
        behaviour.reply_guards = behaviour.passed = ()
        return
    text = "what is answered where the rest is not reached"
    _manual(answer, text, behaviour, findings)


def _manual(
    answer: Answer, text: str, behaviour: Behaviour, findings: Findings
) -> None:
    findings.manual(answer.line, text)
    behaviour.todos.append((answer.line, text))
    behaviour.opaque = True
