"""Keys: none stands in the file, and none that does is ever shown.

Works on the document as it was read, before anything else is known of it: a key is to
be hidden even where what holds it is misspelt.
"""

from __future__ import annotations

import bisect
import dataclasses
import heapq
import itertools
import operator
import re
from collections.abc import Iterable, Iterator
from typing import Final

from hxroute import templates
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence
from hxroute.diagnostics import Diagnostic, Report
from hxroute.diagnostics.report import ENOUGH
from hxroute.span import Span

__all__ = ["KEY_FIELD", "check_keys", "hide_keys", "hide_values", "redact"]

_WELL_KNOWN: Final = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{16,}|(?:sk|rk)_live_[A-Za-z0-9]{16,}"
    r"|gh[opsru]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|glpat-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{20,}"
    r"|A[KS]IA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|hxk_[A-Za-z0-9]{20,}"
    r"|eyJ[A-Za-z0-9_-]{10,1000}+\.[A-Za-z0-9_-]{10,8000}+\.[A-Za-z0-9_-]*"
    r")"
)
"""The forms of keys that their makers publish for scanners to find."""

_HIDDEN: Final = re.compile(
    _WELL_KNOWN.pattern + r"""|(?<=://)[^/@\s"'`]{1,1000}(?=@)"""
)
"""What is shown of no file: keys, and who is to log in at a URL."""

_HIDDEN_OR_CUT: Final = re.compile(
    _HIDDEN.pattern + r"""|(?<=://)[^/@\s"'`]*…"""
    r"|\b(?:sk-|[sr]k_live_|gh[opsru]_|github_pat_|glpat-|hf_|hxk_|A[KS]IA|AIza|xox[abprs]-"
    r"|eyJ)[A-Za-z0-9_.-]*…"
)
"""The same in a message, which may have cut it."""

KEY_FIELD: Final = re.compile(r"authorization|.*api-?key|x-auth-token", re.IGNORECASE)
"""The fields in which a constant can only be a key."""

_NAMED: Final = re.compile(
    r"authorization|bearer.*|.*api[-_]?key|.*auth[-_]token|.*password|cookie",
    re.IGNORECASE,
)
"""What keys stand under, also where the key of the language is misspelt."""

_PUBLIC: Final = frozenset(
    {
        *("name", "header", "not_after", "issuer", "audience", "jwks", "jwks_file"),
        *("algorithms", "leeway", "claims"),
    }
)
"""What is said of keys and tokens without saying a key."""

_AT_A_GLANCE: Final = re.compile(
    r"""(?:(?:bearer|basic)\s+|(?:authorization|bearer|key|token|password|cookie)"""
    r"""["']?\s*:\s*["'\[]*)([^\s"'\[\],{}][^\s"'\],}]*)""",
    re.IGNORECASE,
)
"""What looks like the value of a key in a line that is no YAML."""

_BEGIN: Final = operator.attrgetter("line", "column")
_END: Final = operator.attrgetter("end_line", "end_column")

_HELP: Final = "take it from a setting with `env: NAME` and `secret: true`"


def hide_keys(report: Report) -> None:
    """Hide whatever looks like a key, or like a password in a URL."""
    _hide(_HIDDEN, 0, report)


def hide_values(report: Report) -> None:
    """Hide, in a file that cannot be read, what stands where keys do."""
    _hide(_AT_A_GLANCE, 1, report)


def _hide(pattern: re.Pattern[str], group: int, report: Report) -> None:
    if not pattern.search(report.text):
        return
    for number, line in enumerate(report.lines, 1):
        for match in pattern.finditer(line):
            start, end = match.span(group)
            report.hide(Span(number, start + 1, number, end + 1))


def redact(report: Report) -> None:
    """Take whatever looks like a key out of what the report says."""
    quoting = [item for item in report.diagnostics if item.help.startswith("write `")]
    hidden = _Stretches(report.hidden if quoting else ())
    report.diagnostics[:] = [_redacted(item, hidden) for item in report.diagnostics]


class _Stretches:
    """Stretches of a file, of which there may be as many as it has words."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans, key=_BEGIN)
        self._begins = [_BEGIN(span) for span in ordered]
        self._ends = list(itertools.accumulate(map(_END, ordered), max))

    def meet(self, span: Span) -> bool:
        """Tell whether any of them shares a character with a place."""
        before = bisect.bisect_left(self._begins, _END(span))
        return before > 0 and self._ends[before - 1] > _BEGIN(span)


def _redacted(found: Diagnostic, hidden: _Stretches) -> Diagnostic:
    quotes_key = found.help.startswith("write `") and hidden.meet(found.span)
    said = (found.message, found.label, "" if quotes_key else found.help)
    message, label, cure = (_HIDDEN_OR_CUT.sub("***", text) for text in said)
    related = tuple((at, _HIDDEN_OR_CUT.sub("***", text)) for at, text in found.related)
    return dataclasses.replace(
        found, message=message, label=label, help=cure, related=related
    )


def check_keys(document: Mapping, report: Report) -> None:
    """Report every key that stands in the file, and hide it."""
    found = {node.span for node in _stated(document)}
    found.update(node.span for node in _well_known(document, ()))
    report.hidden.update(found)
    auth = map(_private, _under(document, "auth"))
    for place in (*auth, *_named(document)):
        report.hidden.update(value.span for value in _constants(place))
    for span in heapq.nsmallest(ENOUGH, found, key=_BEGIN):
        report.add("HX319", "a key stands in the file", span.head, help=_HELP)


def _stated(document: Mapping) -> Iterator[Scalar]:
    """Yield the constants that are keys by the place where they stand."""
    for keys in _under(document, "auth", "*", "bearer"):
        for item in keys.items if isinstance(keys, Sequence) else (keys,):
            stated = _under(item, "key") if isinstance(item, Mapping) else (item,)
            yield from itertools.chain.from_iterable(map(_constants, stated))
    for fields in _under(document, "headers", "*", "set"):
        yield from _credentials(fields)
    for fields in _under(document, "endpoints", "*", "upstream", "headers"):
        yield from _credentials(fields)


def _private(node: Node) -> Node:
    """Return of what stands under `auth` that which may be a key."""
    if isinstance(node, Mapping):
        items = [(k, _private(v)) for k, v in node.items if k.value not in _PUBLIC]
        return Mapping(tuple(items), node.span)
    if isinstance(node, Sequence):
        return Sequence(tuple(map(_private, node.items)), node.span)
    return node


def _under(node: Node, *path: str) -> Iterator[Node]:
    """Yield every value under a path, also where a key is repeated; `*` is any."""
    if not path:
        yield node
        return
    first, *rest = path
    if isinstance(node, Mapping):
        for key, value in node.items:
            if first in ("*", key.value):
                yield from _under(value, *rest)
    elif isinstance(node, Sequence) and first == "*":
        for item in node.items:
            yield from _under(item, *rest)


def _named(node: Node) -> Iterator[Node]:
    """Yield what stands under names that keys have."""
    if isinstance(node, Mapping):
        for key, value in node.items:
            if _NAMED.fullmatch(str(key.value)):
                yield _private(value)
            else:
                yield from _named(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _named(item)


def _credentials(fields: Node) -> Iterator[Scalar]:
    for name, value in fields.items if isinstance(fields, Mapping) else ():
        if KEY_FIELD.fullmatch(str(name.value)):
            yield from _constants(value)


def _constants(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        if node.value is not None and templates.is_constant(str(node.value)):
            yield node
    elif isinstance(node, Mapping):
        for _, value in node.items:
            yield from _constants(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _constants(item)


def _well_known(node: Node, path: tuple[str, ...]) -> Iterator[Scalar]:
    """Yield the texts that look like keys, but for defaults that say they are secret."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and _WELL_KNOWN.search(node.value):
            yield node
    elif isinstance(node, Mapping):
        stated = node.get("secret") if path[:1] == ("settings",) else None
        secret = isinstance(stated, Scalar) and stated.value is True
        for key, value in node.items:
            if not (secret and key.value == "default"):
                yield from _well_known(value, (*path, str(key.value)))
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _well_known(item, path)
