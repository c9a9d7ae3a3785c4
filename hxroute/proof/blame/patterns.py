"""Patterns of the answers that a file states: what is fixed in them, and what varies."""

from __future__ import annotations

import functools
import json
import re
from typing import Final

from hxroute import jsontext
from hxroute.errors import KINDS, OTHER, HxrouteError, lineage
from hxroute.ir import ErrorAnswer, ErrorTable, StatusRule

__all__ = ["could_be", "nearest", "pattern", "status_of"]

_HOLE: Final = "\ue000"
_KIND: Final = re.compile(r"\{\{\s*error\.kind\s*\}\}")
_PROBLEM: Final = (
    '{"type":"about:blank","title":"{{ t }}","status":"{{ s }}","detail":"{{ d }}"}'
)
"""Problem details (RFC 9457), which answer what no mapping names."""


def nearest(table: ErrorTable, kind: str) -> ErrorAnswer | None:
    """Return the answer of a mapping to a kind of error, None where it has none."""
    stated = {answer.kind: answer for answer in table.answers}
    names = (*(lineage(kind) if kind in KINDS else ()), OTHER)
    return next((stated[name] for name in names if name in stated), None)


def status_of(table: ErrorTable, kind: str) -> int:
    """Return the status with which a kind of error is answered."""
    answer = nearest(table, kind)
    return (answer and answer.status) or KINDS[kind].status


def could_be(answer: ErrorAnswer | StatusRule | None, body: str, kind: str) -> bool:
    """Tell whether a body, in latin-1, answers a kind, whatever varies in it."""
    source = (_PROBLEM, None) if answer is None else (answer.json, answer.text)
    return pattern(*source, kind).fullmatch(body) is not None


@functools.lru_cache(maxsize=1024)
def pattern(document: str | None, text: str | None, kind: str) -> re.Pattern[str]:
    """Return what the bodies look like that a template makes of a kind, in latin-1."""
    if document is None:
        made = _holes(_KIND.sub(kind, text or ""))
    else:
        made = _encoded(_KIND.sub(kind, document))
    fixed = made.replace(f'"{_HOLE}"', _HOLE).split(_HOLE)
    return re.compile(".*?".join(re.escape(_wired(p)) for p in fixed), re.DOTALL)


def _encoded(document: str) -> str:
    try:
        return jsontext.encode(_holed(json.loads(document))).decode()
    except (ValueError, RecursionError, HxrouteError):
        return _HOLE


def _holed(value: object) -> object:
    if isinstance(value, str):
        return _holes(value)
    if isinstance(value, list):
        return [_holed(item) for item in value]
    if isinstance(value, dict):
        return {_holes(name): _holed(value[name]) for name in value}
    return value


def _holes(text: str) -> str:
    """Return a text with a hole for each expression and each statement of a template."""
    for begin, end in (("{{", "}}"), ("{%", "%}")):
        kept, at = [], 0
        while (first := text.find(begin, at)) >= 0:
            last = text.find(end, first + 2)
            if last < 0:
                break
            kept += [text[at:first], _HOLE]
            at = last + 2
        text = "".join([*kept, text[at:]])
    return text


def _wired(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")
