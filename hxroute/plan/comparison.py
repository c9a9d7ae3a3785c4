"""Comparison: what two pipelines do differently, and what they share that differs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from hxroute import templates
from hxroute.nodes import Authenticate, Execute, LimitBody, RateLimit, Respond
from hxroute.nodes.fallback import with_calls
from hxroute.plan.answers import answer_differences, answer_sources
from hxroute.plan.changes import Difference
from hxroute.plan.fact import NONE, difference
from hxroute.plan.facts import facts
from hxroute.plan.headers import header_differences, header_sources
from hxroute.plan.meaning import View
from hxroute.plan.own import ANSWERED
from hxroute.plan.statuses import status_differences, status_sources
from hxroute.plan.wording import arrow

__all__ = ["Comparison", "compare", "settings_of"]

_OF_THE_CALL: Final = "upstream:"
_OF_THE_END: Final = ("respond:", _OF_THE_CALL)
"""How the words begin for what only one kind of end has."""


@dataclass(slots=True)
class Comparison:
    """What two pipelines do differently, and the upstream that differs where both call it.

    That one has its name in the old gateway.
    """

    differences: list[Difference] = field(default_factory=list)
    upstream: str = ""


def compare(old: View, new: View, kinds: Collection[str]) -> Comparison:
    """Compare the pipeline that took some requests with the one that takes them now.

    Args:
        old: the one.
        new: the other.
        kinds: the kinds of errors in which both can end.
    """
    found = Comparison()
    calls = _call(old), _call(new)
    if calls[0] is None or calls[1] is None:
        _compare_facts(old, new, found)
    else:
        sides = (old, calls[0]), (new, calls[1])
        if _compare_facts(old, new, found):
            text = f"upstream {arrow(calls[0].upstream, calls[1].upstream)}"
            found.differences.insert(0, Difference(text, calls[0].at, calls[1].at))
        found.differences += header_differences(*sides)
        found.differences += status_differences(*sides)
    found.differences += answer_differences(old, new, kinds)
    return found


def _compare_facts(old: View, new: View, found: Comparison) -> bool:
    """Compare all but rules and mappings; tell whether two upstreams differ."""
    before, after = facts(old), facts(new)
    other_end = before.get(ANSWERED, NONE).value != after.get(ANSWERED, NONE).value
    others = False
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key, NONE), after.get(key, NONE)
        if one.value == other.value or (other_end and key.startswith(_OF_THE_END)):
            continue
        if one.upstream and one.upstream == other.upstream:
            found.upstream = one.upstream
        else:
            both = key.startswith(_OF_THE_CALL) and one.upstream and other.upstream
            others = others or bool(both)
            found.differences.append(difference(key, one, other))
    return others


def _call(view: View) -> Execute | None:
    return next((node for node in view.pipeline if isinstance(node, Execute)), None)


def settings_of(view: View, kinds: Collection[str]) -> frozenset[str]:
    """Return the settings that a pipeline reads, as the old gateway calls them."""
    called = view.meaning.old_settings
    return frozenset(
        called.get(key, key)
        for source in _sources(view, kinds)
        for root, key in templates.names(source)
        if root == "settings" and key is not None
    )


def _sources(view: View, kinds: Collection[str]) -> Iterator[str]:
    for node in with_calls(view.pipeline):
        if isinstance(node, Authenticate):
            yield from node.auth.sources()
            jwt = node.auth.jwt
            yield from jwt.sources() if jwt is not None else ()
        elif isinstance(node, RateLimit):
            yield from node.sources()
        elif isinstance(node, LimitBody):
            yield node.max_body
        elif isinstance(node, Respond):
            yield from node.sources()
        elif isinstance(node, Execute):
            yield from (source for source in (node.method, node.path) if source)
            yield from (source for _, source in node.query or ())
            yield from templates.strings(node.body or "null")
            yield from header_sources(view, node)
            yield from status_sources(node)
            upstream = view.meaning.upstreams.get(node.upstream)
            yield from upstream.sources() if upstream is not None else ()
    yield from answer_sources(view, kinds)
