"""Preparing and rendering: what a starting gateway makes of its templates.

What only settings decide is folded at the start; what is left is a function of the
values of one request. Either is bounded by the allowance of one rendering: a template
that makes more text than that is a `BadRequest`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote

from jinja2 import TemplateSyntaxError, nodes

from hxroute import jsontext
from hxroute.errors import BadRequest
from hxroute.templates.allowance import PER_INPUT, begin, end, take, take_encoded
from hxroute.templates.environment import shown
from hxroute.templates.folding import pieces
from hxroute.templates.language import names, strings
from hxroute.templates.mistakes import mistakes
from hxroute.templates.values import PathParameter, Settings, Values

__all__ = [
    "Render",
    "content",
    "decided",
    "document",
    "path",
    "text",
    "to_bytes",
]

Render = Callable[[Values], str]
_Prepared = TypeVar("_Prepared")

_MOST_DECIDED: Final = 16 << 10
"""Characters that are made of a template to see what settings alone make of it."""


def text(source: str, settings: Values) -> str | Render:
    """Prepare a template whose output is text: a constant where settings decide it."""
    return _once(_text, source, settings)


def _text(source: str, settings: Values) -> str | Render:
    return _alone(source, settings, shown)


def _once(
    prepare: Callable[[str, Values], _Prepared], source: str, settings: Values
) -> _Prepared:
    """Prepare a template, where these settings have not seen it yet."""
    if not isinstance(settings, Settings):
        return prepare(source, settings)
    key = (prepare, source)
    if key not in settings.prepared:
        settings.prepared[key] = prepare(source, settings)
    return cast("_Prepared", settings.prepared[key])


def decided(source: str, settings: Values) -> str | None:
    """Return what settings alone make of a text template; None where they do not.

    A template with mistakes, which may be a bomb, is not evaluated, and one that makes
    much is no URL, key or size, which this is asked about.
    """
    if mistakes(source, dict.fromkeys(root for root, _ in names(source))):
        return None
    begin(most=_MOST_DECIDED)
    try:
        prepared = _joined(source, settings, shown)
    except (BadRequest, TemplateSyntaxError):
        return None
    return prepared if isinstance(prepared, str) else None


def path(source: str, settings: Values) -> str | Render:
    """Prepare a template whose output is a URL path.

    A path parameter goes in as its raw bytes, any other value percent-encoded.
    """
    return _once(_path, source, settings)


def _path(source: str, settings: Values) -> str | Render:
    return _alone(source, settings, _as_path)


def _alone(
    source: str, settings: Values, show: Callable[[object], str]
) -> str | Render:
    """Prepare a text that has an allowance of its own."""
    begin()
    prepared = _joined(source, settings, show)
    if isinstance(prepared, str):
        return prepared
    multiplies = _multiplies([source])

    def render(values: Values) -> str:
        begin(values, multiplies=multiplies)
        try:
            return prepared(values)
        finally:
            end()

    return render


def _joined(
    source: str, settings: Values, show: Callable[[object], str]
) -> str | Render:
    return _put_in_order(pieces(source, settings), show)


def _put_in_order(pieces: Iterable[Any], show: Callable[[object], str]) -> str | Render:
    parts: list[Any] = [
        show(piece.value) if isinstance(piece, nodes.Const) else piece
        for piece in pieces
    ]
    if all(isinstance(part, str) for part in parts):
        return _put_together(parts)
    if len(parts) == 1:
        only = parts[0]
        return lambda values: show(only(values))

    def render(values: Values) -> str:
        return _put_together(
            [p if isinstance(p, str) else show(p(values)) for p in parts]
        )

    return render


def _put_together(texts: list[str]) -> str:
    if len(texts) > 1:
        take(sum(map(len, texts)))
    return "".join(texts)


def _as_path(value: object) -> str:
    if isinstance(value, PathParameter):
        return value.raw.decode("latin-1")
    data = to_bytes(shown(value))
    take(3 * len(data))
    return quote(data, safe="")


def document(source: str, settings: Values) -> bytes | Callable[[Values], bytes]:
    """Prepare a JSON template: bytes where settings decide it, else a function.

    A string that is exactly one expression keeps the expression's type.
    """
    return _once(_document, source, settings)


def _document(source: str, settings: Values) -> bytes | Callable[[Values], bytes]:
    begin()
    prepared = _prepared(json.loads(source), settings)
    if not callable(prepared):
        take_encoded(prepared)
        return jsontext.encode(prepared)
    multiplies = _multiplies(strings(source))

    def render(values: Values) -> bytes:
        begin(values, multiplies=multiplies)
        try:
            made = prepared(values)
            if multiplies:
                take_encoded(made)
            return jsontext.encode(made)
        finally:
            end()

    return render


def _multiplies(sources: Iterable[str]) -> bool:
    """Tell whether templates may show one value so often that it has to be counted."""
    counts = Counter(name for source in sources for name in names(source))
    wholes = sum(count for (_, key), count in counts.items() if key is None)
    return max(counts.values(), default=0) + wholes > PER_INPUT


def to_bytes(text: str) -> bytes:
    """Encode rendered text; bytes that came as surrogates go as they came.

    Raises:
        BadRequest: for the lone surrogates that a JSON body may hold.
    """
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError as exc:
        raise BadRequest from exc


def _prepared(value: object, settings: Values) -> Any:
    if isinstance(value, str):
        return _prepared_leaf(value, settings)
    if isinstance(value, dict):
        members = [(key, _prepared(item, settings)) for key, item in value.items()]
        if not any(callable(item) for _, item in members):
            return dict(members)
        return lambda values: {key: _now(item, values) for key, item in members}
    if isinstance(value, list):
        items = [_prepared(item, settings) for item in value]
        if not any(callable(item) for item in items):
            return items
        return lambda values: [_now(item, values) for item in items]
    return value


def _prepared_leaf(source: str, settings: Values) -> Any:
    parts = pieces(source, settings)
    if len(parts) != 1 or isinstance(parts[0], str):
        return _put_in_order(parts, shown)
    only = parts[0]
    return only.value if isinstance(only, nodes.Const) else only


def _now(item: Any, values: Values) -> object:
    return item(values) if callable(item) else item


def content(
    json_source: str | None, text_source: str | None, settings: Values
) -> tuple[bytes, bytes | Callable[[Values], bytes]]:
    """Prepare a body stated as `json` or as `text`: its content type, and itself."""
    if json_source is not None:
        return b"application/json", document(json_source, settings)
    rendered = text(text_source or "", settings)
    content_type = b"text/plain; charset=utf-8"
    if isinstance(rendered, str):
        return content_type, to_bytes(rendered)
    return content_type, lambda values: to_bytes(rendered(values))
