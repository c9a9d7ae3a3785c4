"""Endpoint: one of the draft's, before what many share is put together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hxroute.importing.behaviour import Behaviour
from hxroute.importing.bodies import Body
from hxroute.importing.fields import RuleSet
from hxroute.importing.inside import leaves
from hxroute.importing.upstreams import Target
from hxroute.importing.values import Call

__all__ = ["Endpoint", "call_of", "commonest", "once"]


@dataclass(slots=True)
class Endpoint:
    """An endpoint of the draft, before what many share is put together."""

    behaviour: Behaviour
    auth: str
    todos: list[tuple[int, str]]
    target: Target | None = None
    respond: dict[str, Any] | None = None
    sent: RuleSet | None = None
    answered: RuleSet | None = None
    max_body: str | None = None
    limit_line: int = 0
    body: Body = field(default_factory=Body)
    errors: str = ""


def commonest(values: list[str]) -> str:
    """Return the value that most have; of several the first."""
    return Counter(values).most_common(1)[0][0] if values else ""


def once(todos: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return each thing to do once."""
    return list(dict.fromkeys(todos))


def call_of(behaviour: Behaviour) -> Call | None:
    """Return the call whose answer a case passes on."""
    reply = behaviour.reply
    values = (reply.body, reply.status, reply.headers) if reply is not None else ()
    for value in values:
        for item in leaves(value):
            if isinstance(item, Call):
                return item
    return None
