"""Endings: in which kind of answer a request ended, told from what was seen of it.

An ending is a kind of error (`unauthorized`), or one of the names below. The kind of the
old gateway's answer is the one that this file's own answers come nearest to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.errors import KINDS, UPSTREAM_STATUS, lineage
from hxroute.proof.blame.patterns import could_be, nearest, status_of
from hxroute.proof.blame.scene import Scene
from hxroute.proof.exchange import Facts, digested
from hxroute.runtime.refusals import refusal

__all__ = [
    "ANSWER",
    "NOWHERE",
    "PASSED",
    "SERVER",
    "UNSTARTED",
    "Ending",
    "ending",
    "is_timeout",
    "rank",
]

ANSWER: Final = "answer"
"""The endpoint's own answer."""

PASSED: Final = "passed"
"""The upstream's answer, as it came."""

SERVER: Final = "server"
"""The server's refusal of what nobody gets to see."""

NOWHERE: Final = "nowhere"
"""No answer at all."""

UNSTARTED: Final = "unstarted"
"""The gateway did not start."""

_ORDER: Final = (
    {UNSTARTED},
    {SERVER},
    {"bad_path"},
    {"not_found"},
    {"method_not_allowed"},
    {"unauthorized"},
    {"payload_too_large"},
    {"invalid_json", "not_an_object"},
    {ANSWER, "bad_request", "internal", "client_gone"},
)
"""What ends a request, in the order of travel; all else comes of the upstream call."""

_AFTER_A_CALL: Final = {UPSTREAM_STATUS: 1, PASSED: 2}

_BY_STATUS: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    502: "unreachable",
    503: "overloaded",
    504: "timeout",
}
_OF_A_CALL: Final = frozenset({"unreachable", "overloaded", "timeout"})
_WITHOUT_A_CALL: Final = ("connect_failed", "connect_timeout", "pool_timeout")
"""Kinds of a call of which no upstream sees anything."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The kind of an ending, with the facts that it was told by."""

    kind: str
    status: int
    body: str
    calls: int


def rank(kind: str) -> int:
    """Return how far a request gets that ends so."""
    places = (place for place, kinds in enumerate(_ORDER) if kind in kinds)
    return next(places, len(_ORDER) + _AFTER_A_CALL.get(kind, 0))


def is_timeout(kind: str) -> bool:
    """Tell whether a call ended for being too slow."""
    return kind == "timeout" or kind.endswith("_timeout")


def ending(scene: Scene, facts: Facts, *, new: Ending | None = None) -> Ending:
    """Tell how a request ended.

    Args:
        scene: the case and the file.
        facts: those of one gateway.
        new: how it ended at the new one, where these are the old one's: of what fits
            equally well, that kind is taken.
    """
    status, calls = _number(facts, "client.status"), _number(facts, "upstream.requests")
    body = "".join(facts.get("client.body", ()))
    seen = Ending("", status, body, calls)
    if "start.error" in facts:
        return Ending(UNSTARTED, status, body, calls)
    if "client.status" not in facts:
        return Ending(NOWHERE, status, body, calls)
    kind = _told(scene, seen) if new is None else ""
    return Ending(kind or _seen(scene, seen, new), status, body, calls)


def _number(facts: Facts, name: str) -> int:
    text = "".join(facts.get(name, ()))[:9]
    return int(text) if text.isascii() and text.isdigit() else 0


def _told(scene: Scene, seen: Ending) -> str:
    """Return the kind that the explanation names, where what came is just that."""
    explained = scene.explanation
    answer = explained.answer
    if seen.calls or answer is None or answer.status != seen.status:
        return ""
    step = next(item for item in explained.steps if item.ends is not None)
    kinds = {
        "server": (SERVER,),
        "match": (_unmatched(scene),),
        "Authenticate": ("unauthorized",),
        "LimitBody": ("payload_too_large",),
        "RenameJson": ("not_an_object", "invalid_json"),
    }.get(step.node, (ANSWER, "bad_request", "bad_path"))
    return next((k for k in kinds if _fits(scene, k, seen)), kinds[0])


def _unmatched(scene: Scene) -> str:
    """Return why no endpoint takes the request."""
    found = scene.explanation.candidates
    if not found:
        return "bad_path"
    fits = any(item.outcome == "method" for item in found)
    return "method_not_allowed" if fits else "not_found"


def _seen(scene: Scene, seen: Ending, new: Ending | None) -> str:
    """Return the kind that what was seen comes nearest to."""
    if not seen.calls and _is_refusal(seen):
        return SERVER
    if seen.calls and _is_passed(scene, seen):
        return PASSED
    if seen.calls and _is_replaced(scene, seen):
        return UPSTREAM_STATUS
    kinds = tuple(_kinds(scene, seen, new))
    fitting = [kind for kind in kinds if _fits(scene, kind, seen)]
    exact = (kind for kind in fitting if seen.body in _bodies(scene, kind))
    found = next(exact, None) or next(iter(fitting), None)
    return found or _by_status(scene, seen, new)


def _by_status(scene: Scene, seen: Ending, new: Ending | None) -> str:
    """Return a kind where no answer of the file looks like this one."""
    if new is not None and new.kind in KINDS and bool(new.calls) == bool(seen.calls):
        statuses = (new.status, KINDS[new.kind].status)
        stated = could_be(nearest(scene.table, new.kind), seen.body, new.kind)
        if seen.status in statuses or stated:
            return new.kind
    if seen.calls and seen.status == scene.reply.status:
        return UPSTREAM_STATUS if _was_replaced(scene, new) else PASSED
    kind, fault = _BY_STATUS.get(seen.status, ""), scene.reply.fault
    if fault in KINDS and kind in lineage(fault):
        return fault
    if not seen.calls:
        return kind or ANSWER
    return kind if kind in _OF_A_CALL else PASSED


def _was_replaced(scene: Scene, new: Ending | None) -> bool:
    """Tell whether another body than the upstream's stands for an error of it."""
    is_error = scene.reply.status >= 400 and not scene.reply.has("content-encoding")
    return is_error and new is not None and new.kind in _AFTER_A_CALL


def _kinds(scene: Scene, seen: Ending, new: Ending | None) -> Iterator[str]:
    """Yield the kinds that it may be, the likeliest first."""
    if new is not None and new.kind in KINDS:
        yield new.kind
    if scene.reply.fault in KINDS:
        yield scene.reply.fault
    for kind in KINDS:
        of_a_call = rank(kind) >= len(_ORDER)
        if of_a_call == bool(seen.calls) or kind in _WITHOUT_A_CALL:
            yield kind


def _fits(scene: Scene, kind: str, seen: Ending) -> bool:
    """Tell whether an answer looks as this file answers a kind of error."""
    if kind not in KINDS:
        return kind in (ANSWER, SERVER) and seen.status < 400
    if status_of(scene.table, kind) != seen.status:
        return False
    return scene.request.method == "HEAD" or could_be(
        nearest(scene.table, kind), seen.body, kind
    )


def _bodies(scene: Scene, kind: str) -> Iterable[str]:
    found = (item for item in scene.explanation.failures if item.kind == kind)
    return [item.answer.body.encode().decode("latin-1") for item in found]


def _is_refusal(seen: Ending) -> bool:
    try:
        return refusal(seen.status)[1].decode() == seen.body
    except KeyError:
        return False


def _is_passed(scene: Scene, seen: Ending) -> bool:
    reply = scene.reply
    if not reply.status or reply.status != seen.status:
        return False
    bodies = (reply.body, digested(reply.body))
    return scene.request.method == "HEAD" or seen.body in bodies


def _is_replaced(scene: Scene, seen: Ending) -> bool:
    """Tell whether a rule of `upstream_status` made the answer."""
    rule = scene.rule
    if rule is None:
        return False
    statuses = (rule.status or scene.reply.status, scene.reply.status)
    return seen.status in statuses and could_be(rule, seen.body, UPSTREAM_STATUS)
