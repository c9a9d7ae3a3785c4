"""The header ledger: each field has one fate, and the line that decides it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final

from hxroute import rules
from hxroute.compiler import Compiled
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence
from hxroute.explain.data import Field, Outcome
from hxroute.explain.values import shown
from hxroute.http import Headers
from hxroute.ir import HeaderRules
from hxroute.nodes import Authenticate, Execute
from hxroute.nodes.execute import BODY_FIELDS, FRAMING
from hxroute.passing import HOP_BY_HOP, forwardable, meant

__all__ = ["Ledger"]

_Verdict = tuple[Outcome, str, int]
_JSON: Final = "application/json"


class Ledger:
    """Says what becomes of the fields of one endpoint's call, and why.

    `place` is the endpoint's in the file.
    """

    def __init__(self, compiled: Compiled, place: int) -> None:
        gateway, program = compiled.gateway, compiled.program
        assert gateway is not None
        assert program is not None
        *before, call = gateway.endpoints[place].pipeline
        assert isinstance(call, Execute)
        self._tables = program.tables["headers"]
        upstream = program.endpoints[place].node.get("upstream")
        self._own = upstream if isinstance(upstream, Mapping) else None
        self._call = call
        asks = [node.auth for node in before if isinstance(node, Authenticate)]
        self._checked = asks[0].shown_in.encode() if asks else b""

    def request(self, came: Headers, went: Headers) -> Iterator[Field]:
        """Yield what became of each field that came, then what was set.

        Args:
            came: the client's fields.
            went: the fields of the upstream request.
        """
        sets = (*self._call.request_headers, HeaderRules(set=self._call.headers))
        end_to_end = {name for name, _ in forwardable(came)}
        seen: set[bytes] = set()
        told: set[bytes] = set()
        for name, value in came:
            verdict = self._of_the_protocol(name, end_to_end, repeats=name in seen)
            seen.add(name)
            if verdict is None:
                told.add(name)
                verdict = self._of_the_file(name, sets, went)
            yield _field(name, value, verdict)
        yield from self._set(sets, went, told)
        yield from self._of_the_body(sets)

    def response(self, went: Headers) -> Iterator[Field]:
        """Yield what is done to the fields of any answer of the upstream.

        Args:
            went: what an answer without fields ends up with.
        """
        sets = self._call.response_headers
        named = (name for rule in sets for name in (*rule.drop, *(rule.keep or ())))
        for name in dict.fromkeys(named):
            if rules.fate(name, sets).outcome != "set":
                raw = name.encode()
                yield _field(raw, b"", self._of_the_file(raw, sets, went))
        for rule in sets:
            if rule.keep is not None:
                reason = f"`{rule.name}` keeps no other"
                yield Field("*", "", "dropped", reason, self._line(rule, "keep", ""))
                break
        yield from self._set(sets, went, set())

    def _of_the_protocol(
        self, name: bytes, end_to_end: set[bytes], *, repeats: bool
    ) -> _Verdict | None:
        """Return why a field goes no further, whatever the rules say."""
        is_other = repeats or name != self._checked
        if is_other and meant(name) == meant(self._checked):
            return "dropped", "the first is checked, and no other goes on", 0
        if meant(name) in HOP_BY_HOP:
            return "dropped", "hop-by-hop (RFC 9110 §7.6.1)", 0
        if name not in end_to_end:
            return "dropped", "`connection` names it", 0
        if meant(name) in FRAMING:
            return "dropped", "made anew for each hop", 0
        if self._call.body is not None and name in BODY_FIELDS:
            return "dropped", "the call has a body of its own", self._line_of_body()
        return None

    def _of_the_file(
        self, name: bytes, sets: tuple[HeaderRules, ...], went: Headers
    ) -> _Verdict:
        """Return what the rules make of the fields of a name."""
        text = name.decode()
        fate = rules.fate(text, sets)
        rule = fate.rule
        if rule is None:
            return self._kept(text, sets)
        if fate.outcome == "set":
            verb = "replaced" if name in dict(went) else "set to nothing"
            return "dropped", f"{verb} by {_by(rule)}", self._line(rule, "set", text)
        for key, named in (("drop", rule.drop), ("set", tuple(dict(rule.set)))):
            stated = next((n for n in named if meant(n.encode()) == meant(name)), None)
            if stated is not None:
                other = "" if stated == text else f"as another spelling of `{stated}`, "
                reason = f"{other}dropped by {_by(rule)}"
                return "dropped", reason, self._line(rule, key, stated)
        reason = f"not among what {_by(rule)} keeps"
        return "dropped", reason, self._line(rule, "keep", "")

    def _kept(self, name: str, sets: tuple[HeaderRules, ...]) -> _Verdict:
        for rule in sets:
            if rule.keep is not None and name in rule.keep:
                return "kept", f"kept by {_by(rule)}", self._line(rule, "keep", name)
            if name in rule.forward:
                line = self._line(rule, "forward", name)
                return "kept", f"forwarded by {_by(rule)}", line
        return "kept", "no rule names it", 0

    def _set(
        self, sets: tuple[HeaderRules, ...], went: Headers, told: set[bytes]
    ) -> Iterator[Field]:
        """Yield what is set, in the order in which it goes, then what is set to nothing."""
        names = [name.encode() for rule in sets for name, _ in rule.set]
        values = dict(went)
        for name in dict.fromkeys([*values, *names]):
            fate = rules.fate(name.decode(), sets)
            if fate.outcome != "set" or fate.rule is None:
                continue
            line = self._line(fate.rule, "set", name.decode())
            by = _by(fate.rule)
            if name in values:
                yield _field(name, values[name], ("set", f"set by {by}", line))
            elif name not in told:
                yield _field(name, b"", ("unset", f"set to nothing by {by}", line))

    def _of_the_body(self, sets: tuple[HeaderRules, ...]) -> Iterator[Field]:
        """Yield the content type of a body of the call's own, where no rule sets it."""
        if self._call.body is None:
            return
        name = "content-type"
        fate = rules.fate(name, sets)
        if fate.outcome == "kept":
            line = self._line_of_body()
            yield Field(name, _JSON, "set", "the call's body is JSON", line)
        elif fate.outcome == "dropped":
            _, reason, line = self._of_the_file(name.encode(), sets, [])
            yield Field(name, "", "unset", reason, line)

    def _line_of_body(self) -> int:
        key = self._own.key("body") if self._own is not None else None
        return key.span.line if key is not None else self._call.at

    def _line(self, rule: HeaderRules, part: str, name: str) -> int:
        """Return the line that names a field in a rule set, or that of the part."""
        entry = self._tables.get(rule.name)
        node, part = (self._own, "headers") if entry is None else (entry.node, part)
        key = node.key(part) if node is not None else None
        if node is None or key is None:
            return rule.at
        named = (item for item in _names(node.get(part)) if item.value == name)
        return next(named, key).span.line


def _field(name: bytes, value: bytes, verdict: _Verdict) -> Field:
    return Field(shown(name), shown(value), *verdict)


def _by(rule: HeaderRules) -> str:
    return f"`{rule.name}`" if rule.name else "the call"


def _names(part: Node | None) -> Iterator[Scalar]:
    """Yield the names of fields in a part of a rule set, as the rules know them."""
    if isinstance(part, Mapping):
        found: Iterable[object] = (key for key, _ in part.items)
    else:
        found = part.items if isinstance(part, Sequence) else ()
    for item in found:
        if isinstance(item, Scalar):
            yield dataclasses.replace(item, value=str(item.value).lower())
