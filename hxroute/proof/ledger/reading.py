"""Read a ledger: its shape by the schema, then what its entries mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from hxroute.compiler.tree import Hole, Node, Scalar, Sequence
from hxroute.compiler.tree import Mapping as Tree
from hxroute.diagnostics import Report, did_you_mean, text
from hxroute.errors import StartError
from hxroute.proof.documents import document
from hxroute.proof.ledger.entries import Entry, Ledger, Reason
from hxroute.proof.ledger.meaning import contradictions
from hxroute.proof.ledger.pinning import pins_of
from hxroute.span import Span

__all__ = ["SCHEMA", "read"]

SCHEMA: Final = "divergences"
"""The schema of a ledger."""

_SIDES: Final = ("client", "upstream", "start")
_UNKNOWN: Final = Reason("", "")
"""The reason of an entry whose own is missing or wrong, which is reported."""


def read(path: Path) -> Ledger:
    """Read a ledger; where there is no file, it is empty.

    Raises:
        StartError: where it cannot be read, or is wrong; with the report of all that is
            wrong, each mistake with its line.
    """
    if not path.exists():
        return Ledger(str(path))
    found, report = document(path, SCHEMA)
    ledger = _ledger(found, report) if found is not None else Ledger(str(path))
    if report.failed:
        raise StartError(f"{path} is no ledger\n\n{text.render(report).rstrip()}")
    return ledger


def _ledger(found: Tree, report: Report) -> Ledger:
    codes = {
        str(key.value): _reason(node, key.span, report, str(key.value))
        for key, node in _items(found.get("codes"))
    }
    known = codes if not isinstance(found.get("codes"), Hole) else None
    listed = found.get("divergences")
    entries = tuple(
        _entry(node, known, report)
        for node in (listed.items if isinstance(listed, Sequence) else ())
        if isinstance(node, Tree)
    )
    ledger = Ledger(report.file, codes, entries)
    contradictions(ledger, report)
    for reason in ledger.unused():
        message = f"no entry has the code `{reason.code}`"
        report.add("HX207", message, reason.span, help="remove it")
    return ledger


def _reason(node: Node, span: Span, report: Report, code: str = "") -> Reason:
    if not isinstance(node, Tree):
        return _UNKNOWN
    expires = _date(node.get("expires"), report)
    said, owner = _text(node.get("reason")), _text(node.get("owner"))
    return Reason(said, owner, expires, code, span)


def _date(node: Node | None, report: Report) -> date | None:
    """Read a date; that it is written as one the schema has seen to."""
    if not isinstance(node, Scalar):
        return None
    try:
        return date.fromisoformat(str(node.value))
    except ValueError:
        message = f"`{node.value}` is no day of the calendar"
        report.add("HX105", message, node.span, help="for example `2027-12-31`")
        return None


def _entry(node: Tree, codes: Mapping[str, Reason] | None, report: Report) -> Entry:
    if not any(node.get(side) for side in _SIDES):
        help_text = (
            "add `client`, `upstream` or `start`, with what the new gateway does"
        )
        report.add("HX107", "the entry pins nothing", node.span.head, help=help_text)
    reason = _reason_of(node, codes, report)
    listed = node.get("cases")
    cases = {
        str(item.value): item.span
        for item in (listed.items if isinstance(listed, Sequence) else ())
        if isinstance(item, Scalar)
    }
    pins, clears = pins_of(node, report)
    return Entry(cases, reason, pins, clears, _may_repeat(node.get("upstream")))


def _may_repeat(upstream: Node | None) -> int:
    node = upstream.get("may_repeat") if isinstance(upstream, Tree) else None
    return int(node.value or 0) if isinstance(node, Scalar) else 0


def _reason_of(
    node: Tree, codes: Mapping[str, Reason] | None, report: Report
) -> Reason:
    code = node.get("code")
    if code is None:
        return _own_reason(node, report)
    for name in ("reason", "owner", "expires"):
        key = node.key(name)
        if key is not None:
            message = f"`code` and `{name}` exclude each other"
            help_text = f"remove one of them; with `code`, the {name} is the code's"
            report.add("HX107", message, key.span, help=help_text)
    if codes is None or not isinstance(code, Scalar):
        return _UNKNOWN
    name = str(code.value)
    if name not in codes:
        help_text = did_you_mean(name, codes) or f"add `{name}` to `codes`"
        report.add("HX104", f"unknown code `{name}`", code.span, help=help_text)
    return codes.get(name, _UNKNOWN)


def _own_reason(node: Tree, report: Report) -> Reason:
    span = node.span.head
    if node.get("reason") is None:
        message = "`code` or `reason` is needed"
        help_text = "state `reason` and `owner`, or the `code` of a shared reason"
        report.add("HX107", message, span, help=help_text)
    elif node.get("owner") is None:
        help_text = "add `owner: …`, who may end it"
        report.add("HX102", "`owner` is missing", span, help=help_text)
    return _reason(node, span, report)


def _items(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    yield from node.items if isinstance(node, Tree) else ()


def _text(node: Node | None) -> str:
    return str(node.value) if isinstance(node, Scalar) else ""
