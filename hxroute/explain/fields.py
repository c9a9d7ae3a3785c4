"""The header ledger: each field has one fate, and the line that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hxroute import rules
from hxroute.compiler.resolve import Program, Unit
from hxroute.compiler.tree import Mapping, Scalar, Sequence
from hxroute.explain.data import Field
from hxroute.http import HOP_BY_HOP, Headers, forwardable
from hxroute.ir import HeaderRules
from hxroute.nodes import Execute
from hxroute.nodes.execute import BODY_FIELDS, FRAMING
from hxroute.rules import Fate

__all__ = ["Ledger", "shown"]

_CREDENTIALS: Final = frozenset(
    {b"authorization", b"cookie", b"proxy-authorization", b"x-api-key", b"api-key"}
)
_SET: Final = "set by `{}`"


class Ledger:
    """Says what becomes of the fields of one call, and why."""

    def __init__(self, program: Program, unit: Unit, call: Execute) -> None:
        self._tables = program.tables["headers"]
        upstream = unit.node.get("upstream")
        self._own = upstream if isinstance(upstream, Mapping) else None
        self._call = call

    def request(
        self, came: Iterable[tuple[bytes, bytes]], met: Headers, went: Headers
    ) -> Iterator[Field]:
        """Yield what became of each field that came, then what was set.

        Args:
            came: the client's fields.
            met: those of them that got to the execution node.
            went: the fields of the upstream request.
        """
        sets = (*self._call.request_headers, HeaderRules(set=self._call.headers))
        end_to_end = forwardable(met)
        for field in came:
            if field in met:
                yield self._came(field, end_to_end, sets)
            else:
                reason = "another one was checked"
                yield Field(field[0].decode(), shown(*field), "dropped", reason)
        yield from self._added(went, sets)
        if self._call.body is not None and (
            rules.fate("content-type", sets).outcome == "kept"
        ):
            value = "application/json"
            yield Field("content-type", value, "set", "the call's body is JSON")

    def response(self, went: Headers) -> Iterator[Field]:
        """Yield what is done to the fields of any answer of the upstream.

        Args:
            went: what an answer without fields ends up with.
        """
        sets = self._call.response_headers
        for rule in sets:
            for name in rule.drop:
                if rules.fate(name, sets).rule is rule:
                    line = self._line(rule, "drop", name)
                    yield Field(name, "", "dropped", f"dropped by `{rule.name}`", line)
            for name in rule.keep or ():
                line = self._line(rule, "keep", name)
                yield Field(name, "", "kept", f"kept by `{rule.name}`", line)
            if rule.keep is not None:
                reason = f"`{rule.name}` keeps no other"
                yield Field("*", "", "dropped", reason, rule.at)
        yield from self._added(went, sets)

    def _came(
        self,
        field: tuple[bytes, bytes],
        end_to_end: Headers,
        sets: tuple[HeaderRules, ...],
    ) -> Field:
        name, value = field[0].decode("latin-1"), shown(*field)
        if field[0] in HOP_BY_HOP:
            return Field(name, value, "dropped", "hop-by-hop (RFC 9110 §7.6.1)")
        if field not in end_to_end:
            return Field(name, value, "dropped", "`connection` names it")
        if field[0] in FRAMING:
            return Field(name, value, "dropped", "made anew for each hop")
        if self._call.body is not None and field[0] in BODY_FIELDS:
            return Field(name, value, "dropped", "the call has a body of its own")
        fate = rules.fate(name, sets)
        if fate.rule is None:
            return Field(name, value, "kept", "no rule names it")
        reason, line = self._reason(name, fate)
        return Field(name, value, "dropped", reason, line)

    def _added(self, went: Headers, sets: tuple[HeaderRules, ...]) -> Iterator[Field]:
        made = {name.decode(): value for name, value in went}
        for name in dict.fromkeys(name for rule in sets for name, _ in rule.set):
            fate = rules.fate(name, sets)
            if fate.outcome != "set" or fate.rule is None:
                continue
            line = self._line(fate.rule, "set", name)
            by = f"`{fate.rule.name}`" if fate.rule.name else "the call"
            if name in made:
                value = shown(name.encode(), made[name])
                yield Field(name, value, "set", f"set by {by}", line)
            else:
                yield Field(name, "", "dropped", f"set to nothing by {by}", line)

    def _reason(self, name: str, fate: Fate) -> tuple[str, int]:
        rule = fate.rule
        assert rule is not None
        by = f"`{rule.name}`" if rule.name else "the call"
        if fate.outcome == "set":
            return f"replaced by {by}", self._line(rule, "set", name)
        if name in rule.drop:
            return f"dropped by {by}", self._line(rule, "drop", name)
        return f"not among what {by} keeps", self._line(rule, "keep", "")

    def _line(self, rule: HeaderRules, part: str, name: str) -> int:
        """Return the line that names a field in a rule set, or that of the part."""
        entry = self._tables.get(rule.name)
        node = entry.node if entry is not None else self._own
        place = node.get(part if rule.name else "headers") if node is not None else None
        items: tuple[object, ...] = ()
        if isinstance(place, Mapping):
            items = tuple(key for key, _ in place.items)
        elif isinstance(place, Sequence):
            items = place.items
        for item in items:
            if isinstance(item, Scalar) and str(item.value).lower() == name:
                return item.span.line
        return place.span.line if place is not None else rule.at


def shown(name: bytes, value: bytes) -> str:
    """Return a field's value, of a client's own credentials only that they are there."""
    text = value.decode("utf-8", "backslashreplace")
    if name not in _CREDENTIALS or text.startswith("<"):
        return text
    scheme, blank, rest = text.partition(" ")
    if rest.startswith("<") and rest.endswith(">"):
        return text
    return f"{scheme} ***" if blank and name == b"authorization" else "***"
