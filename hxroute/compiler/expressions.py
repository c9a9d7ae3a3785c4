"""Templates in a file: checked against the variables of their place."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hxroute import templates
from hxroute.compiler import tree
from hxroute.compiler.tree import Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report, did_you_mean
from hxroute.errors import BadRequest
from hxroute.span import Span

__all__ = ["OF_A_REQUEST", "Place", "check", "document", "find", "text"]

OF_A_REQUEST: Final = frozenset({"body", "client", "headers", "path", "query"})
"""The variables that hold what a client has sent."""

_CURE: Final = (
    "a template is text with `{{ expressions }}` over the variables of its place"
)
_TRIALS: Final = 64
"""Sets of settings under which one template is tried."""

_STATES: Final = {None: "not set", True: "true", False: "false"}
_BY_DEFAULT: Final = "nothing is set"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template stands: what it may read, and what it may not and why.

    `samples` are values that each setting may have; none where it may be unset.
    `chosen_by_file` is a place that no request may have a say in.
    """

    variables: dict[str, frozenset[str] | None]
    secrets: frozenset[str] = frozenset()
    samples: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    body_unread: bool = False
    chosen_by_file: bool = False


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
        _try(source, span, place, report)


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


def _try(source: str, span: Span, place: Place, report: Report) -> None:
    """Report a template that the settings alone, or nothing at all, makes fail."""
    names = templates.names(source)
    read = sorted({key for root, key in names if root == "settings" and key})
    if (names and not read) or not place.samples.keys() >= set(read):
        return  # a request decides, or a setting that was refused
    values = itertools.product(*(place.samples[key] for key in read))
    trials = [
        dict(zip(read, trial, strict=True))
        for trial in itertools.islice(values, _TRIALS)
    ]
    failed = [settings for settings in trials if not _gives(source, settings)]
    if failed:
        states = {} if len(failed) == len(trials) else failed[0]
        where = find(report.lines, span, source, _failing(source, failed[0]))
        report.add("HX314", _no_value(states), where, help=_cure(states))


def _gives(source: str, settings: Mapping[str, object]) -> bool:
    try:
        templates.folds(source, settings)
    except BadRequest:
        return False
    return True


def _no_value(settings: Mapping[str, object]) -> str:
    """Say under which settings there is no value; none where there never is."""
    states = [
        f"`settings.{name}` is {_STATES[value]}"
        for name, value in settings.items()
        if value is None or isinstance(value, bool)
    ]
    if not settings:
        return "this template can give no value"
    return f"this template gives no value where {' and '.join(states) or _BY_DEFAULT}"


def _cure(settings: Mapping[str, object]) -> str:
    if None not in settings.values():
        return "texts are joined by `~`, and only numbers are added"
    return "join with `~`, in which none is nothing, or use `… if … else none`"


def _failing(source: str, settings: Mapping[str, object]) -> str:
    """Return the first expression that gives no value under these settings."""
    found = templates.expressions(source)
    return next((item for item in found if not _gives(item, settings)), "")


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
