"""Header law: a client's credentials reach an upstream only where the file says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hxroute import rules
from hxroute.compiler.resolve import Unit
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import Report, did_you_mean
from hxroute.ir import BearerAuth, HeaderRules
from hxroute.nodes import Execute
from hxroute.span import Span

__all__ = ["broken_rules", "check_credentials"]

_CREDENTIALS: Final = ("authorization", "cookie")
"""The end-to-end fields in which a client identifies itself (RFC 9110 §11, RFC 6265)."""

_HELP: Final = (
    "`drop` what must not go on, under `request.headers`; list under `forward` what may"
)


def check_credentials(
    calls: Iterable[tuple[Execute, Unit]],
    shown_in: tuple[str, ...],
    broken: frozenset[str],
    report: Report,
) -> None:
    """Report rules that let credentials through, once for each cause.

    Args:
        calls: each call with the endpoint it stands in.
        shown_in: fields in which clients of this file show their keys.
        broken: rule sets of which a part was refused, so that nothing is known of them.
        report: where it is said.
    """
    credentials = (*_CREDENTIALS, *shown_in)
    causes: dict[tuple[Span | None, tuple[str, ...]], _Cause] = {}
    for call, unit in calls:
        reference = unit.effective.get(("request", "headers"))
        sets = call.request_headers
        if _is_unknown(unit) or any(rule.name in broken for rule in sets):
            continue
        stated = len(_listed(unit.get("request", "headers")))
        passed = _passed(credentials, (*sets, HeaderRules(set=call.headers)))
        if not passed or stated != len(sets):  # an unknown set might drop them
            continue
        node = reference or unit.node.get("upstream")
        assert node is not None
        place = None if reference is None else node.span
        cause = causes.setdefault((place, passed), _Cause(node.span.head, passed))
        cause.endpoints += 1
    for cause in causes.values():
        cause.tell(report)


@dataclass(slots=True)
class _Cause:
    """What lets credentials through, and for how many endpoints."""

    span: Span
    passed: tuple[str, ...]
    endpoints: int = 0

    def tell(self, report: Report) -> None:
        """Report it."""
        *others, last = (f"`{name}`" for name in self.passed)
        named = " and ".join([", ".join(others)] * bool(others) + [last])
        message = f"the client's {named} would reach the upstream"
        more = self.endpoints - 1
        label = f"and of {more} more endpoint{'s' * (more != 1)}" if more else ""
        report.add("HX318", message, self.span, label=label, help=_HELP)


def _is_unknown(unit: Unit) -> bool:
    """Tell whether a part was refused of what names rule sets or sets fields itself."""
    call = unit.node.get("upstream")
    fields = call.get("headers") if isinstance(call, Mapping) else call
    deciding = (unit.effective.get(("request", "headers")), fields)
    return any(node is not None and _has_hole(node) for node in deciding)


def _listed(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Sequence) else (node,)


def _passed(
    credentials: tuple[str, ...], sets: tuple[HeaderRules, ...]
) -> tuple[str, ...]:
    return tuple(
        name
        for name in credentials
        if rules.fate(name, sets).outcome == "kept"
        and not any(name in (*rule.forward, *(rule.keep or ())) for rule in sets)
    )


def check_forward(
    node: Node | None, auths: Iterable[BearerAuth], report: Report
) -> None:
    """Report what a rule set would forward though no client shows a credential there."""
    known = {*_CREDENTIALS, *(auth.shown_in for auth in auths)}
    for item in _listed(node):
        if isinstance(item, Scalar) and str(item.value).lower() not in known:
            message = f"`{item.value}` is no field of credentials"
            help_text = did_you_mean(str(item.value).lower(), known)
            report.add("HX104", message, item.span, help=help_text)


def broken_rules(table: Node | None) -> frozenset[str]:
    """Return the names of rule sets of which a part was refused."""
    entries = table.items if isinstance(table, Mapping) else ()
    return frozenset(str(key.value) for key, node in entries if _has_hole(node))


def _has_hole(node: Node) -> bool:
    if isinstance(node, Mapping):
        return any(_has_hole(value) for _, value in node.items)
    if isinstance(node, Sequence):
        return any(_has_hole(item) for item in node.items)
    return isinstance(node, Hole)
