"""Error mappings, by what they answer to each kind of error."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from hxroute import templates
from hxroute.errors import (
    KINDS,
    OTHER,
    ClientGone,
    TotalTimeout,
    Unauthorized,
    lineage,
)
from hxroute.ir import ErrorAnswer, ErrorTable, StatusRule
from hxroute.nodes import MapErrors
from hxroute.plan.changes import Difference
from hxroute.plan.fact import Fact, differing
from hxroute.plan.facts import is_bounded, upstream_raises
from hxroute.plan.meaning import View
from hxroute.plan.wording import Shown, field_value, quoted

__all__ = ["answer_differences", "answer_sources", "kinds_of", "stated_facts"]

_PROBLEM: Final = Fact("problem", Shown("problem details"))
_CHALLENGE: Final = Fact("Bearer", "Bearer")


def kinds_of(view: View) -> frozenset[str]:
    """Return the kinds of errors in which a pipeline can end a request."""
    raised = {error.kind for node in view.pipeline for error in node.raises()}
    raised |= {error.kind for error in upstream_raises(view)}
    never = {ClientGone.kind}
    if not is_bounded(view):
        never.add(TotalTimeout.kind)
    return frozenset(raised - never)


def answer_differences(
    old: View, new: View, kinds: Collection[str]
) -> Iterator[Difference]:
    """Yield what becomes of the answers to some kinds of errors."""
    if _table(old) == _table(new) and old.reads_as(new):
        return
    found: dict[Difference, list[str]] = {}
    for kind in kinds:
        for item in differing(_facts(old, kind), _facts(new, kind)):
            found.setdefault(item, []).append(kind)
    for item, of in found.items():
        names = ", ".join(map(quoted, _named(of, kinds)))
        yield Difference(f"errors: {names} {item.text}", item.old, item.new)


def answer_sources(view: View, kinds: Collection[str]) -> Iterator[str]:
    """Yield the templates that answer some kinds of errors."""
    for answer in {_stated(view, kind) for kind in kinds} - {None}:
        assert answer is not None
        yield from templates.strings(answer.json or "null")
        yield answer.text or ""


def stated_facts(view: View, item: ErrorAnswer | StatusRule) -> dict[str, Fact]:
    """Return the body and the headers that the file states."""
    found = {"body": Fact("", Shown("empty"), item.at)}
    if item.json is not None:
        found["body"] = Fact(("json", view.document(item.json)), item.json, item.at)
    elif item.text is not None:
        found["body"] = Fact(("text", view.template(item.text)), item.text, item.at)
    for name, value in item.headers:
        shown = field_value(name, value)
        found[f"header {quoted(name)}"] = Fact(value, shown, item.at)
    return found


def _table(view: View) -> ErrorTable:
    tables = (node.table for node in view.pipeline if isinstance(node, MapErrors))
    return next(tables, ErrorTable())


def _stated(view: View, kind: str) -> ErrorAnswer | None:
    stated = {answer.kind: answer for answer in _table(view).answers}
    names = (name for name in (*lineage(kind), OTHER) if name in stated)
    return next((stated[name] for name in names), None)


def _facts(view: View, kind: str) -> dict[str, Fact]:
    answer, status = _stated(view, kind), KINDS[kind].status
    if answer is None:
        found = {"body": _PROBLEM}
        if kind == Unauthorized.kind:
            found[f"header {quoted('www-authenticate')}"] = _CHALLENGE
        return {"answers": Fact(status, Shown(str(status))), **found}
    status = answer.status or status
    answers = Fact(status, Shown(str(status)), answer.at)
    return {"answers": answers, **stated_facts(view, answer)}


def _named(kinds: list[str], known: Collection[str]) -> Iterator[str]:
    """Name kinds by their parents, where these have no other children here."""
    left = set(kinds)
    for kind in KINDS:
        below = {item for item in known if kind in lineage(item)}
        if below <= left and (len(below) > 1 or kind in below):
            left -= below
            yield kind
