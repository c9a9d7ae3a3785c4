"""Header fields of a call, both ways: the rule that decides a field, or what else does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hxroute import rules
from hxroute.explain.data import Field
from hxroute.ir import HeaderRules
from hxroute.nodes.execute import FRAMING
from hxroute.passing import HOP_BY_HOP
from hxroute.proof.blame.scene import Blame, Scene, line_of

__all__ = ["asked", "replied"]

_STATED: Final = re.compile(
    r"(?:as another spelling of .*, )?(dropped|set|set to nothing|replaced|kept|forwarded) by (.*)"
)
_VERBS: Final = {
    "dropped": "drops {}",
    "forwarded": "forwards {}",
    "kept": "keeps {}",
    "replaced": "sets {}",
    "set": "sets {}",
    "set to nothing": "sets {} to nothing",
}
_GOES: Final = frozenset({"kept", "set"})
_HOP: Final = "hop-by-hop (RFC 9110 §7.6.1)"


def asked(scene: Scene, name: str, *, went: bool) -> Blame:
    """Blame what decides a field of the upstream request.

    Args:
        scene: where a call is made.
        name: in lower case.
        went: whether the field is there now.
    """
    call = scene.call
    sets = (
        () if call is None else (*call.request_headers, HeaderRules(set=call.headers))
    )
    found = _field(scene.explanation.fields, name, went=went)
    if found is not None and found.line:
        return Blame(found.line, _rule(scene, found, name, sets))
    if found is not None and not found.reason.startswith("no rule"):
        return Blame(0, f"{name}: {found.reason}")
    if name.replace("_", "-").encode() in HOP_BY_HOP:
        return Blame(0, f"{name}: {_HOP}")
    if name.encode("latin-1", "replace") in FRAMING:
        return Blame(0, f"{name}: made anew for each hop")
    verb = "names" if found is not None else "sets"
    return _unnamed(scene, name, sets, verb)


def replied(scene: Scene, name: str, *, went: bool) -> Blame:
    """Blame what decides a field of an answer of the upstream.

    Args:
        scene: where a call is made.
        name: in lower case.
        went: whether the client gets the field now.
    """
    call = scene.call
    sets = () if call is None else call.response_headers
    ledger = scene.explanation.answered
    found = _field(ledger, name, went=went)
    if found is not None and found.line:
        return Blame(found.line, _rule(scene, found, name, sets))
    if name.replace("_", "-").encode("latin-1", "replace") in HOP_BY_HOP:
        return Blame(0, f"{name}: {_HOP}")
    listed = (v for n, v in scene.reply.headers if n.lower() == "connection")
    if name in {part.strip().lower() for value in listed for part in value.split(",")}:
        return Blame(0, f"{name}: `connection` names it (RFC 9110 §7.6.1)")
    other = _field(ledger, "*", went=went)
    if other is not None and not went:
        return Blame(other.line, f"{name}: {other.reason}")
    verb = "names" if went or scene.reply.has(name) else "sets"
    return _unnamed(scene, name, sets, verb)


def _field(ledger: Iterable[Field], name: str, *, went: bool) -> Field | None:
    """Return a field's entry, of several the one that agrees with what came of it."""
    found = [item for item in ledger if item.name == name]
    agreeing = (item for item in found if (item.outcome in _GOES) == went)
    return next(agreeing, None) or next(iter(found), None)


def _rule(scene: Scene, found: Field, name: str, sets: Iterable[HeaderRules]) -> str:
    """Say what stands there, in the words of the file."""
    stated = _STATED.fullmatch(found.reason)
    if stated is None:
        return f"{name}: {found.reason}"
    verb, by = stated.groups()
    source = (
        rules.fate(name, sets).template if "set" in verb or verb == "replaced" else ""
    )
    return f"{by} {_VERBS[verb].format(name)}{scene.settings(source)}"


def _unnamed(scene: Scene, name: str, sets: Iterable[HeaderRules], verb: str) -> Blame:
    """Blame the rule set that does not name a field, where there is one."""
    named = [rule for rule in sets if rule.name]
    if not named:
        line = line_of(scene.unit.node, "upstream") or scene.explanation.line
        return Blame(line, f"{scene.endpoint} has no rule for {name}")
    rule = named[-1]
    entry = scene.program.tables["headers"].get(rule.name)
    node = None if entry is None else entry.node
    parts = ("set",) if verb == "sets" else ("drop", "keep", "set")
    lines = (line_of(node, part) for part in parts)
    line = next((line for line in lines if line), rule.at)
    return Blame(line, f"no rule of `{rule.name}` {verb} {name}")
