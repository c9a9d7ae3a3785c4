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
_MAX_COPIED: Final = 1 << 20
MAX_BYTES: Final = 4 << 20
"""The largest file that is read."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,1000}")
_BASED: Final = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_BEGIN_OF_NUMBERS: Final = "0123456789+-."
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
    if _declares_tags(report):
        return None
    try:
        return _Composer(report).document()
    except _Stop:
        return None
    except yaml.MarkedYAMLError as exc:
        _report_syntax(exc, report)
        return None


def _declares_tags(report: Report) -> bool:
    """Report a `%TAG` at the head of a file; libyaml compares each with all before it."""
    for number, line in enumerate(report.lines, 1):
        if line.startswith("%TAG"):
            place = Span(number, 1, number, len(line) + 1)
            message = "the directive `%TAG` is not allowed"
            report.add("HX003", message, place, help=_CURES["HX003"])
            return True
        if line and line[0] not in "%# \t":
            break
    return False


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
        if re.search(r"[:,\[] *\{\{", line) or (
            "{{" in line and "{" in line[: line.index("{{")]
        ):
            help_text = _QUOTE
        report.add("HX001", _problem(exc), place, help=help_text)


_QUOTE: Final = "put the template in quotes: YAML reads `{{` as a mapping"
_CURES: Final = {
    "HX001": "write a name, or put it in quotes",
    "HX003": "remove it; quotes make a text of a value",
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
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._total = 0
        self._characters = 0  # of scalars, also of those that aliases stand for
        self._most = len(report.text) + _MAX_COPIED

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
            self._stop("HX103", "the file is no mapping", node.span.head)
        return node

    def _node(self, event: Any, depth: int) -> Node:
        span = _span(event)
        self._check_depth(depth, span)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, span, depth)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            message = f"tag `{tag}` is not allowed"
            self._report.add("HX003", message, span, help=_CURES["HX003"])
        before = self._characters
        self._total += 1
        if self._total > _MAX_NODES:
            self._stop("HX004", f"more than {_MAX_NODES} values", span)
        if isinstance(event, yaml.ScalarEvent):
            self._characters += len(event.value)
            node: Node = Scalar(_value(event), span)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._characters - before
        return node

    def _alias(self, event: Any, span: Span, depth: int) -> Node:
        if event.anchor not in self._anchors:
            self._stop("HX008", f"unknown alias `*{event.anchor}`", span)
        node, characters = self._anchors[event.anchor]
        self._total += node.size
        self._characters += characters
        if self._total > _MAX_NODES:
            self._stop(
                "HX007", f"aliases expand to more than {_MAX_NODES} values", span
            )
        if self._characters > self._most:
            message = f"aliases stand for more than {_MAX_COPIED} characters"
            self._stop("HX007", message, span)
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
            if seen.setdefault(key.value, key.span) is not key.span:
                self._repeated(key, seen[key.value])
            items.append((key, value))
        size = 1 + sum(1 + value.size for _, value in items)
        height = 1 + max((value.height for _, value in items), default=0)
        return Mapping(tuple(items), _between(start, event), size, height)

    def _repeated(self, key: Scalar, first: Span) -> None:
        if not self._report.full:
            message = f"key `{key.value}` appears twice"
            help_text = "remove one of them; here the first one counts"
            related = ((first, "first defined here"),)
            self._report.add(
                "HX002", message, key.span, help=help_text, related=related
            )

    def _key(self, event: Any, depth: int) -> Scalar:
        node = self._node(event, depth)
        if not isinstance(node, Scalar):
            help_text = _QUOTE if isinstance(node, Mapping) else _CURES["HX001"]
            self._report.add("HX001", "a key must be a text", node.span, help=help_text)
            raise _Stop
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, node.span)
        return Scalar(str(node.value), _span(event))

    def _check_depth(self, depth: int, span: Span) -> None:
        if depth > _MAX_DEPTH:
            self._stop("HX004", f"nested deeper than {_MAX_DEPTH} levels", span)

    def _stop(self, code: str, message: str, span: Span) -> NoReturn:
        self._report.add(code, message, span, help=_CURES[code])
        raise _Stop


def _events(text: str) -> Iterator[Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    events = iter(loader.get_event, None)
    next(events)  # the stream's start
    return events


def _value(event: Any) -> Value:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGIN_OF_NUMBERS:
        return text
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
