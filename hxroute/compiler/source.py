"""Source: text to nodes that know their place.

Composed from libyaml's events, with depth, size and aliases bounded while reading.
Scalars follow the core schema of YAML 1.2: `no` is a text, `017` is seventeen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import yaml

from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, Value
from hxroute.diagnostics import Report
from hxroute.span import Span, after

__all__ = ["MAX_BYTES", "read"]

_MAX_DEPTH: Final = 64
_MAX_NODES: Final = 500_000
MAX_BYTES: Final = 4 << 20
"""The largest file that is read."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,1000}")
_BASED: Final = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_CONTROL: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML 1.2 does not let stand in a file (§5.1); of U+FEFF a leading one is gone."""

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class _Stop(Exception):
    """Nothing more can be read; the reason is in the report."""


def read(data: bytes, report: Report) -> Mapping | None:
    """Read a document; None where it is no mapping, or cannot be read to its end."""
    try:
        report.text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        report.text = exc.object.decode("utf-8", "replace")
        before = exc.object[: exc.start].decode("utf-8")
        help_text = "save it as UTF-8"
        report.add("HX005", "the file is not UTF-8", after(before), help=help_text)
        return None
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES} bytes"
        report.add("HX004", message, _START, help=_CURES["HX004"])
        return None
    control = _CONTROL.search(report.text)
    if control is not None:
        place = after(report.text[: control.start()])
        help_text = "remove it, or write it as an escape in double quotes"
        report.add("HX001", "control characters are not allowed", place, help=help_text)
        return None
    try:
        return _Composer(report).document()
    except _Stop:
        return None
    except yaml.MarkedYAMLError as exc:
        _report_syntax(exc, report)
        return None


def _report_syntax(exc: yaml.MarkedYAMLError, report: Report) -> None:
    place = _point(exc.problem_mark or exc.context_mark, report.text)
    line = report.lines[place.line - 1]
    blanks = line[: len(line) - len(line.lstrip())]
    if "\t" in blanks:
        column = blanks.index("\t") + 1
        tab = Span(place.line, column, place.line, column + 1)
        help_text = "write blanks; YAML takes no tabs there"
        report.add("HX006", "a tab in the indentation", tab, help=help_text)
    else:
        help_text = "often the cause is a line above: a bracket, a quote, an indent"
        report.add("HX001", _problem(exc), place, help=help_text)


_CURES: Final = {
    "HX001": "write a name, or put it in quotes",
    "HX004": "split it; no gateway needs that much in one file",
    "HX005": "keep one document, without `---` and `...`",
    "HX007": "write out what the aliases stand for",
    "HX008": "define its anchor with `&` above, or put the text in quotes",
    "HX103": "write keys and values, such as `version: 1`",
}
"""What to do about what nothing can be read behind."""

_START: Final = Span(1, 1, 1, 2)


class _Composer:
    """Builds nodes from events; an alias is the node itself, counted again."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._events = _events(report.text)
        self._anchors: dict[str, Node] = {}
        self._total = 0

    def document(self) -> Mapping:
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self._stop("HX005", "the file is empty", _START)
        node = self._node(next(self._events), 0)
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            place = _point(event.start_mark, self._report.text)
            self._stop("HX005", "the file holds more than one document", place)
        if not isinstance(node, Mapping):
            self._stop("HX103", "the file is no mapping", node.span)
        return node

    def _node(self, event: Any, depth: int) -> Node:
        span = _span(event)
        self._check_depth(depth, span)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, span, depth)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            help_text = "remove it; quotes make a text of a value"
            self._report.add(
                "HX003", f"tag `{tag}` is not allowed", span, help=help_text
            )
        self._total += 1
        if self._total > _MAX_NODES:
            self._stop("HX004", f"more than {_MAX_NODES} values", span)
        if isinstance(event, yaml.ScalarEvent):
            node: Node = Scalar(_value(event), span)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, span: Span, depth: int) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            self._stop("HX008", f"unknown alias `*{event.anchor}`", span)
        self._total += node.size
        if self._total > _MAX_NODES:
            self._stop(
                "HX007", f"aliases expand to more than {_MAX_NODES} values", span
            )
        self._check_depth(depth + node.height, span)
        return node

    def _sequence(self, start: Any, depth: int) -> Sequence:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, depth + 1))
        size = 1 + sum(item.size for item in items)
        height = 1 + max((item.height for item in items), default=0)
        return Sequence(tuple(items), _between(start, event), size, height)

    def _mapping(self, start: Any, depth: int) -> Mapping:
        items: list[tuple[Scalar, Node]] = []
        seen: dict[Value, Span] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if key.value in seen:
                related = ((seen[key.value], "first defined here"),)
                message = f"key `{key.value}` appears twice"
                help_text = "remove one of them; here the first one counts"
                self._report.add(
                    "HX002", message, key.span, help=help_text, related=related
                )
            seen.setdefault(key.value, key.span)
            items.append((key, value))
        size = 1 + sum(1 + value.size for _, value in items)
        height = 1 + max((value.height for _, value in items), default=0)
        return Mapping(tuple(items), _between(start, event), size, height)

    def _key(self, event: Any, depth: int) -> Scalar:
        node = self._node(event, depth)
        if not isinstance(node, Scalar):
            self._stop("HX001", "a key must be a text", node.span)
        text = event.value if isinstance(event, yaml.ScalarEvent) else node.value
        return Scalar(str(text), _span(event))

    def _check_depth(self, depth: int, span: Span) -> None:
        if depth > _MAX_DEPTH:
            self._stop("HX004", f"nested deeper than {_MAX_DEPTH} levels", span)

    def _stop(self, code: str, message: str, span: Span) -> NoReturn:
        self._report.add(code, message, span, help=_CURES[code])
        raise _Stop


def _events(text: str) -> Iterator[Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = yaml.parse(text, Loader=loader)
    next(events)  # the stream's start
    return events


def _value(event: Any) -> Value:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _span(event: Any) -> Span:
    return _between(event, event)


def _between(start: Any, end: Any) -> Span:
    first, last = start.start_mark, end.end_mark
    return Span(first.line + 1, first.column + 1, last.line + 1, last.column + 1)


def _point(mark: Any, text: str) -> Span:
    """Return the place of a mark; the end of a last line that has none is on it."""
    line, column = mark.line + 1, mark.column + 1
    end = after(text)
    if (line, column) > (end.line, end.column):
        return end
    return Span(line, column, line, column + 1)


def _problem(exc: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (exc.context, exc.problem) if part]
    return ": ".join(parts) or "the text is not YAML"
