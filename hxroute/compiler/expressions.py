"""Templates in a file: checked against the variables of their place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hxroute import templates
from hxroute.compiler.source import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report, did_you_mean
from hxroute.span import Span

__all__ = ["Place", "check", "document", "text"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template stands: what it may read, and what it may not and why."""

    variables: dict[str, frozenset[str] | None]
    secrets: frozenset[str] = frozenset()
    body_unread: bool = False


def text(node: Node, place: Place, report: Report) -> str:
    """Check a text template and return it."""
    assert isinstance(node, Scalar)
    value = node.value
    if not isinstance(value, str):
        return json.dumps(value)
    check(value, node.span, place, report)
    return value


def document(node: Node, place: Place, report: Report) -> str:
    """Check a JSON template and return it as compact JSON text."""
    for leaf in _leaves(node):
        text(leaf, place, report)
    return json.dumps(plain(node), ensure_ascii=False, separators=(",", ":"))


def check(source: str, span: Span, place: Place, report: Report) -> None:
    """Report every mistake of a template, each where it stands."""
    variables = dict(place.variables)
    if place.body_unread:
        variables["body"] = None
    if place.secrets:
        variables["settings"] = (
            variables.get("settings") or frozenset()
        ) | place.secrets
    found = templates.mistakes(source, variables)
    for mistake in found:
        code = "HX304" if mistake.name else "HX303"
        where = _find(report.lines, span, mistake.near)
        report.add(
            code, mistake.message, where, help=did_you_mean(mistake.name, mistake.known)
        )
    if not found:
        _check_reads(source, span, place, report)


def _check_reads(source: str, span: Span, place: Place, report: Report) -> None:
    for root, key in dict.fromkeys(templates.names(source)):
        if root == "body" and place.body_unread:
            report.add(
                "HX305",
                "`body` is not read here",
                _find(report.lines, span, "body"),
                help="add `request: {max_body: 1MiB}` to the endpoint",
            )
        elif root == "settings" and key in place.secrets:
            report.add(
                "HX309",
                f"the secret `settings.{key}` would be shown to clients",
                _find(report.lines, span, f"settings.{key}"),
            )


def _leaves(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Mapping):
        for _, value in node.items:
            yield from _leaves(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _leaves(item)
    elif isinstance(node.value, str):
        yield node


def _find(lines: list[str], span: Span, near: str) -> Span:
    """Return where a piece of a template stands in the file, or the whole template."""
    spelt = r"\s*\.\s*".join(re.escape(part) for part in near.split("."))
    pattern = re.compile(rf"(?<![\w.]){spelt}(?!\w)")
    for line in range(span.line, min(span.end_line, len(lines)) + 1) if near else ():
        start = span.column - 1 if line == span.line else 0
        end = span.end_column - 1 if line == span.end_line else len(lines[line - 1])
        match = pattern.search(lines[line - 1], start, end)
        if match:
            return Span(line, match.start() + 1, line, match.end() + 1)
    return span.head
