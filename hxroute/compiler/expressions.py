"""Templates in a file: checked against the variables of their place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hxroute import templates
from hxroute.compiler import tree, trials
from hxroute.compiler.tree import Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report, did_you_mean
from hxroute.span import Span

__all__ = [
    "OF_A_REQUEST",
    "Place",
    "check",
    "document",
    "find",
    "text",
]

OF_A_REQUEST: Final = frozenset({"body", "client", "headers", "path", "query"})
"""The variables that hold what a client has sent."""

_CURE: Final = (
    "a template is text with `{{ expressions }}` over the variables of its place"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template stands: what it may read, and what it may not and why.

    `samples` are values that each setting may have; none where it may be unset.
    `chosen_by_file` is a place that no request may have a say in; `effort` is shared by
    the places of a file.
    """

    variables: dict[str, frozenset[str] | None]
    secrets: frozenset[str] = frozenset()
    samples: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    body_unread: bool = False
    chosen_by_file: bool = False
    effort: trials.Effort = field(default_factory=trials.Effort)


def text(node: Node, place: Place, report: Report) -> str:
    """Check a text template and return it."""
    value = node.value if isinstance(node, Scalar) else ""
    if not isinstance(value, str):
        return json.dumps(value)
    if templates.is_template(value):
        check(value, node.span, place, report)
    return value


def document(node: Node, place: Place, report: Report) -> str:
    """Check a JSON template and return it as compact JSON text."""
    for leaf in _leaves(node):
        text(leaf, place, report)
    return json.dumps(plain(node), ensure_ascii=False, separators=(",", ":"))


def check(source: str, span: Span, place: Place, report: Report) -> None:
    """Report every mistake of a template, each where it stands."""
    if report.full:
        return
    variables = dict(place.variables)
    if place.body_unread:
        variables["body"] = None
    if place.secrets:
        variables["settings"] = (
            variables.get("settings") or frozenset()
        ) | place.secrets
    found = templates.mistakes(source, variables)
    for mistake in found:
        where = find(report.lines, span, source, mistake.near)
        if place.chosen_by_file and mistake.name in OF_A_REQUEST:
            report.add(
                "HX321",
                f"`{mistake.name}` would let a request choose the upstream",
                where,
                help="take scheme, host and port from `settings` or write them here",
            )
            continue
        cure = did_you_mean(mistake.name, mistake.known) or _CURE
        report.add(_code(mistake), _message(mistake), where, help=cure)
    if not found:
        _check_reads(source, span, place, report)
        failed = trials.failure(source, place.samples, place.effort)
        if failed is not None:
            where = find(report.lines, span, source, failed.near)
            report.add("HX314", failed.message, where, help=failed.cure)


def _code(mistake: templates.Mistake) -> str:
    if mistake.kind == "syntax":
        return "HX303"
    if mistake.kind == "operation":
        return "HX313"
    return "HX206" if mistake.root == "settings" else "HX304"


def _message(mistake: templates.Mistake) -> str:
    if mistake.root == "settings":
        return f"unknown setting `{mistake.name}`"
    return mistake.message


def _check_reads(source: str, span: Span, place: Place, report: Report) -> None:
    for root, key in dict.fromkeys(templates.names(source)):
        if root == "body" and place.body_unread:
            report.add(
                "HX305",
                "`body` is not read here",
                find(report.lines, span, source, "body"),
                help="add `request: {max_body: 1MiB}` to the endpoint",
            )
        elif root == "settings" and key in place.secrets:
            report.add(
                "HX309",
                f"the secret `settings.{key}` would be shown to clients",
                find(report.lines, span, source, f"settings.{key}"),
                help="take it out; every client would see it",
            )


def _leaves(node: Node) -> Iterator[Scalar]:
    if isinstance(node, tree.Mapping):
        for _, value in node.items:
            yield from _leaves(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _leaves(item)
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        yield node


def find(lines: list[str], span: Span, source: str, near: str) -> Span:
    """Return where a piece of a template stands in the file.

    Exact where the file holds the template as it is. In a folded or escaped scalar the
    first place that looks like it, else the whole template.
    """
    if not near or span.end_line > len(lines):
        return span.head
    if span.line == span.end_line:
        row = lines[span.line - 1]
        at = row.find(source, span.column - 1, span.end_column - 1)
        offsets = templates.find(source, near) if at >= 0 else None
        if offsets is not None:
            start, end = (at + offset + 1 for offset in offsets)
            return Span(span.line, start, span.line, end)
    return _look_for(lines, span, near)


def _look_for(lines: list[str], span: Span, near: str) -> Span:
    spelt = r"\s*\.\s*".join(re.escape(part) for part in near.split("."))
    pattern = re.compile(rf"(?<![\w.]){spelt}(?!\w)")
    before = ""
    for line in range(span.line, span.end_line + 1):
        start = span.column - 1 if line == span.line else 0
        end = span.end_column - 1 if line == span.end_line else len(lines[line - 1])
        for match in pattern.finditer(lines[line - 1], start, end):
            if _is_open(before + lines[line - 1][start : match.start()], near):
                return Span(line, match.start() + 1, line, match.end() + 1)
        before += lines[line - 1][start:end]
    return span.head


def _is_open(before: str, near: str) -> bool:
    """Tell whether what comes after a text is in an expression, or begins one."""
    return near.startswith("{{") or before.rfind("{{") > before.rfind("}}")
