"""Bodies of requests: none, as it should be, and everything that is nearly JSON.

Texts are in latin-1: one character, one byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from hxroute import jsontext
from hxroute.errors import InvalidJson
from hxroute.proof.cases.levels import Level
from hxroute.proof.cases.places import Place, wire
from hxroute.proof.messages import Headers

__all__ = ["FORM", "MULTIPART", "bodies", "chunked", "encoded"]

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data; boundary=hx-boundary"

_CHUNKED: Final = (("Transfer-Encoding", "chunked"),)
_LARGE: Final = 1 << 20
_MOST: Final = 8 << 20
"""Bytes of the largest body that is sent; a limit that is higher is not tried."""

_PADDED: Final = 4096
"""Bytes of the largest body that is written out."""

_DEEP: Final = 200
"""Brackets in brackets: more than anybody writes, and few enough for any parser."""

_ODD: Final = (
    ("invalid", '{"model":', 1, True),
    ("array", '["hx-model"]', 2, False),
    ("number", "1", 3, False),
    ("null", "null", 3, False),
    ("empty-object", "{}", 2, False),
    ("spaces", " \r\n ", 3, False),
    ("trailing-comma", '{"model":"hx-model",}', 3, False),
    ("two-values", '{"model":"a"} {"model":"b"}', 3, False),
    ("nan", '{"model":NaN}', 3, False),
    ("not-utf8", '{"model":"caf\xe9"}', 2, False),
    ("utf8", '{"model":"caf\xc3\xa9 \xf0\x9f\x8e\x89"}', 2, False),
    ("escapes", '{"model":"caf\\u00e9 \\ud83c\\udf89 \\/"}', 3, False),
    ("surrogate", '{"model":"\\ud83c"}', 3, False),
    ("bom", '\xef\xbb\xbf{"model":"hx-model"}', 2, False),
    ("utf16", '\xff\xfe{\x00"\x00a\x00"\x00:\x001\x00}\x00', 3, False),
    ("duplicates", '{"model":"a","model":"b"}', 2, False),
    (
        "big-numbers",
        '{"n":123456789012345678901234567890,"f":1.0e+400,"z":-0.0}',
        2,
        False,
    ),
    ("whitespace", '{ "model" :\t"hx-model" ,\r\n "n" : 1.50 }', 3, False),
    ("deep", '{"model":' + "[" * _DEEP + "]" * _DEEP + "}", 2, False),
    ("binary", "".join(map(chr, range(256))), 2, False),
)
"""Names, bodies, ranks, and whether they meet other factors."""


def chunked(text: str, *sizes: int) -> str:
    """Put a text into chunks of the given sizes, and one of the rest (RFC 9112 7.1)."""
    pieces, rest = [], text
    for size in (*sizes, len(text)):
        piece, rest = rest[:size], rest[size:]
        if piece:
            pieces.append(f"{len(piece):x}\r\n{piece}\r\n")
    return "".join([*pieces, "0\r\n\r\n"])


def encoded(content_type: str, value: Any) -> tuple[str, str]:
    """Write a value as a content type has it; returns the type with its parameters.

    What has no form of its own is written as JSON, a text as itself.
    """
    if content_type.startswith(FORM) and isinstance(value, dict):
        return content_type, urlencode(_members(value))
    if content_type.startswith("multipart/form-data"):
        members = _members(value if isinstance(value, dict) else {"file": value})
        return MULTIPART, "".join(map(_part, members)) + "--hx-boundary--\r\n"
    if isinstance(value, str) and "json" not in content_type:
        return content_type, wire(value)
    try:
        return content_type, jsontext.encode({} if value is None else value).decode(
            "latin-1"
        )
    except InvalidJson:
        return content_type, "{}"


def _members(value: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            _clean(name),
            _clean(item if isinstance(item, str) else encoded("json", item)[1]),
        )
        for name, item in value.items()
    ]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _part(member: tuple[str, str]) -> str:
    name = wire(member[0]).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = f'--hx-boundary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{wire(member[1])}\r\n"


def bodies(place: Place) -> tuple[Level, ...]:
    """Return bodies: the one that fits the content type first."""
    none = Level("body-none", rank=1, paired=True, bodiless=True)
    if not place.body:
        return (none, Level("body-unasked", '{"model":"hx-model"}', bodiless=True))
    return (
        Level("body-ok", place.body, rank=0, paired=True),
        none,
        _body("chunked", chunked(place.body, 5), _CHUNKED, rank=1, paired=True),
        *(
            _body(name, text, rank=rank, paired=p, stops=p and bool(place.renames))
            for name, text, rank, p in _ODD
        ),
        _body("no-chunks", chunked(""), _CHUNKED, rank=3),
        _body("chunk-extension", f"2;a=b\r\n{{}}\r\n{chunked('')}", _CHUNKED, rank=3),
        _body("mebibyte", "x" * 1024, repeat=_LARGE // 1024),
        *_renamed(place),
        *_limited(place),
    )


def _body(
    name: str,
    text: str,
    headers: Headers = (),
    *,
    repeat: int = 1,
    rank: int = 2,
    paired: bool = False,
    stops: bool = False,
) -> Level:
    return Level(
        f"body-{name}", text, headers, repeat, rank=rank, paired=paired, stops=stops
    )


def _renamed(place: Place) -> Iterator[Level]:
    """Yield the ways in which a renamed member may be there."""
    for number, (old, new) in enumerate(place.renames, 1):
        end = f"-{number}" if len(place.renames) > 1 else ""
        for name, members in (
            ("old", {"n": 1, old: "old"}),
            ("both", {old: "old", new: "new"}),
            ("new", {new: "new"}),
            ("old-null", {old: None}),
            ("old-list", {old: ["a", {"b": 1.0}]}),
        ):
            text = jsontext.encode(members).decode("latin-1")
            quick = name in ("old", "both")
            yield _body(name + end, text, rank=0 if quick else 1, paired=name == "old")
    if len(place.renames) > 1:
        whole = {old: "hello" for old, _ in place.renames}
        yield _body("old-all", jsontext.encode(whole).decode("latin-1"), rank=1)


def _limited(place: Place) -> Iterator[Level]:
    """Yield bodies of as many bytes as are allowed, and of one more."""
    most = place.max_body
    if most is None or not 0 < most <= _MOST:
        return
    yield _sized("most", most, rank=1)
    yield _sized("over", most + 1, rank=0)
    if most <= _PADDED:
        yield _body("most-chunked", chunked("x" * most), _CHUNKED)
        yield _body("over-chunked", chunked("x" * (most + 1)), _CHUNKED)


def _sized(name: str, size: int, *, rank: int) -> Level:
    """Return a body of a size: JSON where it is small, else a character repeated."""
    fits = len('{"a":""}') <= size <= _PADDED
    text = '{"a":"' + "x" * (size - 8) + '"}' if fits else "x"
    return _body(
        name,
        text,
        repeat=1 if fits else size,
        rank=rank,
        paired=rank == 0,
        stops=rank == 0,
    )
