"""What the client got, fact by fact, where both answers are of one kind."""

from __future__ import annotations

from typing import Final

from hxroute.compiler.tree import Mapping, Node
from hxroute.errors import KINDS, UPSTREAM_STATUS
from hxroute.proof.blame import headers
from hxroute.proof.blame.causes import cause
from hxroute.proof.blame.endings import ANSWER, Ending
from hxroute.proof.blame.patterns import could_be, nearest
from hxroute.proof.blame.scene import Blame, Scene, line_of
from hxroute.proof.verdict import Difference

__all__ = ["got"]

_BODY: Final = frozenset({"body", "headers.content-length"})
_OF_THE_BODY: Final = frozenset({*_BODY, "headers.content-type"})


def got(scene: Scene, difference: Difference, old: Ending, new: Ending) -> Blame:
    """Blame what decides a fact of an answer.

    Args:
        scene: the case and the file.
        difference: of a client's fact.
        old: how the request ended at the old gateway.
        new: how it ended at the new one, in the same kind.
    """
    name = difference.fact.removeprefix("client.")
    if new.kind in KINDS:
        return _error(scene, name, old, new)
    if new.kind == ANSWER:
        return _own(scene, name)
    if new.kind == UPSTREAM_STATUS:
        return _replaced(scene, name, went=bool(difference.new))
    return _passed(scene, name, went=bool(difference.new))


def _error(scene: Scene, name: str, old: Ending, new: Ending) -> Blame:
    """An answer's fixed parts are decided where it stands, the others by the cause."""
    answer = nearest(scene.table, new.kind)
    same = all(could_be(answer, e.body, new.kind) for e in (old, new))
    if name == "headers.allow" or (name in _BODY and same and old.body != new.body):
        return cause(scene, new.kind)
    if answer is None:
        return _unnamed(scene, new.kind)
    node = None if scene.table_node is None else scene.table_node.get(answer.kind)
    line = _part(node, name) or answer.at or scene.errors_line
    return Blame(
        line, f"error `{answer.kind}` of `{scene.table.name}`{_lacks(node, name)}"
    )


def _unnamed(scene: Scene, kind: str) -> Blame:
    name = scene.table.name
    if not name:
        return Blame(scene.errors_line, "problem details (RFC 9457): no error mapping")
    line = scene.table.at or scene.errors_line
    return Blame(line, f"`{name}` names no `{kind}`: problem details (RFC 9457)")


def _own(scene: Scene, name: str) -> Blame:
    node = scene.unit.node.get("respond")
    line = _part(node, name) or line_of(scene.unit.node, "respond")
    rule = f"{scene.endpoint} answers by itself{_lacks(node, name)}"
    return Blame(line, rule) if line else cause(scene, ANSWER)


def _replaced(scene: Scene, name: str, *, went: bool) -> Blame:
    """Header rules apply to a replaced answer too."""
    blame = cause(scene, UPSTREAM_STATUS)
    line = _part(scene.rule_node, name)
    if name.startswith("headers.") and not line:
        return _field(scene, name.removeprefix("headers."), went=went)
    return Blame(line or blame.line, blame.rule)


def _passed(scene: Scene, name: str, *, went: bool) -> Blame:
    if name.startswith("trailers."):
        return Blame(0, "trailers: those of the upstream are dropped (RFC 9110 §6.5)")
    if name.startswith("headers."):
        return _field(scene, name.removeprefix("headers."), went=went)
    return cause(scene, "passed")


def _field(scene: Scene, name: str, *, went: bool) -> Blame:
    if name == "content-length":
        passes = "the length that the upstream states passes, and no other"
        return Blame(0, f"content-length: {passes} (RFC 9112 §6)")
    return headers.replied(scene, name, went=went)


def _part(node: Node | None, name: str) -> int:
    """Return the line on which an answer states a part of it, 0 where it does not."""
    if name == "status":
        return line_of(node, "status")
    field = _stated_field(node, name.removeprefix("headers."))
    if field and name.startswith("headers."):
        return field
    if name in _OF_THE_BODY:
        return line_of(node, "json") or line_of(node, "text")
    return line_of(node, "headers") if name.startswith("headers.") else 0


def _stated_field(node: Node | None, name: str) -> int:
    stated = node.get("headers") if isinstance(node, Mapping) else None
    keys = stated.items if isinstance(stated, Mapping) else ()
    lines = (key.span.line for key, _ in keys if str(key.value).lower() == name)
    return next(lines, 0)


def _lacks(node: Node | None, name: str) -> str:
    """Say so where an answer does not state a field."""
    field = name.removeprefix("headers.")
    if name in _OF_THE_BODY or field == name or _stated_field(node, field):
        return ""
    return f" states no {field}"
