"""Keys: none stands in the file, and none that does is ever shown.

Works on the document as it was read, before anything else is known of it: a key is to
be hidden even where what holds it is misspelt.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Final

from hxroute import templates
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Diagnostic, Report
from hxroute.span import Span

__all__ = ["check_keys", "hide_keys", "redact"]

_WELL_KNOWN: Final = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{16,200}|(?:sk|rk)_live_[A-Za-z0-9]{16,200}"
    r"|gh[opsru]_[A-Za-z0-9]{20,200}|github_pat_[A-Za-z0-9_]{20,200}"
    r"|glpat-[A-Za-z0-9_-]{20,200}|hf_[A-Za-z0-9]{20,200}"
    r"|A[KS]IA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{30,200}|xox[abprs]-[A-Za-z0-9-]{10,200}"
    r"|eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{0,4000}"
    r")"
)
"""The forms of keys that their makers publish for scanners to find."""

_HIDDEN: Final = re.compile(
    _WELL_KNOWN.pattern + r"""|(?<=://)[^/@\s"'`]{1,1000}(?=@)"""
)
"""What is shown of no file: keys, and who is to log in at a URL."""

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "x-api-key", "api-key"})
"""The fields in which a constant can only be a key."""

_HELP: Final = "take it from a setting with `env: NAME` and `secret: true`"


def hide_keys(report: Report) -> None:
    """Hide whatever looks like a key, or like a password in a URL."""
    if not _HIDDEN.search(report.text):
        return
    for number, line in enumerate(report.lines, 1):
        for match in _HIDDEN.finditer(line):
            start, end = match.span()
            report.hide(Span(number, start + 1, number, end + 1))


def redact(report: Report) -> None:
    """Take whatever looks like a key out of what the report says."""
    report.diagnostics[:] = [_redacted(item, report) for item in report.diagnostics]


def _redacted(found: Diagnostic, report: Report) -> Diagnostic:
    spelt_anew = found.help.startswith("write `")
    hidden = spelt_anew and any(_meet(found.span, span) for span in report.hidden)
    said = (found.message, found.label, "" if hidden else found.help)
    message, label, cure = (_HIDDEN.sub("***", text) for text in said)
    return dataclasses.replace(found, message=message, label=label, help=cure)


def _meet(one: Span, other: Span) -> bool:
    starts = max((one.line, one.column), (other.line, other.column))
    return starts < min(
        (one.end_line, one.end_column), (other.end_line, other.end_column)
    )


def check_keys(document: Mapping, report: Report) -> None:
    """Report every key that stands in the file, and hide it."""
    found = {node.span: node for node in _stated(document)}
    found.update((node.span, node) for node in _well_known(document, ()))
    for auth in _under(document, "auth"):
        for value in _constants(auth):
            report.hide(value.span)  # under whatever key it stands
    for span in sorted(found):
        report.hide(span)
        report.add("HX319", "a key stands in the file", span.head, help=_HELP)


def _stated(document: Mapping) -> Iterator[Scalar]:
    """Yield the constants that are keys by the place where they stand."""
    for keys in _under(document, "auth", "*", "bearer"):
        yield from _constants(keys)
    for fields in _under(document, "headers", "*", "set"):
        yield from _credentials(fields)
    for fields in _under(document, "endpoints", "*", "upstream", "headers"):
        yield from _credentials(fields)


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


def _credentials(fields: Node) -> Iterator[Scalar]:
    for name, value in fields.items if isinstance(fields, Mapping) else ():
        if str(name.value).lower() in _CREDENTIALS:
            yield from _constants(value)


def _constants(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        text = "" if node.value is None else str(node.value)
        if templates.is_constant(text):
            yield node
    for value in _under(node, "*"):
        yield from _constants(value)


def _well_known(node: Node, path: tuple[str, ...]) -> Iterator[Scalar]:
    """Yield the texts that look like keys, but for defaults that say they are secret."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and _WELL_KNOWN.search(node.value):
            yield node
    elif isinstance(node, Mapping):
        secret = path[:1] == ("settings",) and plain(node).get("secret") is True
        for key, value in node.items:
            if not (secret and key.value == "default"):
                yield from _well_known(value, (*path, str(key.value)))
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _well_known(item, path)
