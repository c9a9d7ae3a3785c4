"""What becomes of an upstream's response: checked, gathered, replaced, passed on."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Final

from hxroute import jsontext, rules, templates
from hxroute.errors import UPSTREAM_STATUS, BadResponse, InvalidJson
from hxroute.http import BODILESS, Request, Response, Start, first, firsts, read_whole
from hxroute.ir import HeaderRules, StatusRule
from hxroute.passing import forwardable

__all__ = ["Replacement", "Responses"]

_SMALL: Final = 64 * 1024
"""Bodies up to this size, in bytes, are gathered and may be replaced."""

_MAX_FIELDS: Final = 256
"""Fields of a response; more are nobody's intention."""

_OF_THE_OLD_BODY: Final = frozenset(
    {
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"etag",
        b"digest",
        b"content-digest",
        b"content-md5",
        b"repr-digest",
    }
)
_ZLIB_WINDOWS: Final = {b"gzip": (31,), b"x-gzip": (31,), b"deflate": (15, -15)}
"""`deflate` is the zlib format, but some servers send it raw (RFC 9110 §8.4.1.2)."""
_MADE_ANEW: Final = frozenset({b"content-length"})
_IN_NAMES: Final = bytes(
    n for n in range(256) if rules.FIELD_NAME.fullmatch(bytes((n,)))
)
_EVENT_STREAM: Final = b"text/event-stream"


class Responses:
    """The response side of one execution node.

    `renders` tells whether a header rule reads the request.
    """

    def __init__(
        self,
        replace: Iterable[StatusRule],
        header_rules: Iterable[HeaderRules],
        start: Start,
    ) -> None:
        self._replacements = [Replacement(rule, start.settings) for rule in replace]
        self._by_status: dict[int, Replacement | None] = {}
        self._header_rules = rules.Rules(header_rules, start, _MADE_ANEW)
        self.renders = self._header_rules.renders

    async def accept(
        self,
        asked: Request,
        called: Request,
        response: Response,
        values: templates.Values,
    ) -> Response:
        """Return what the client gets for the upstream's response.

        Args:
            asked: the client's request.
            called: the request that the upstream answered.
            response: the upstream's.
            values: what the templates of header rules see.

        Raises:
            BadResponse: where the response cannot be passed on.
        """
        fields = firsts(response.headers)
        _check(response, fields)
        length = _length(fields)
        bodiless = response.status in BODILESS
        if bodiless or asked.method == "HEAD" or called.method == "HEAD":
            if bodiless or called.method == "HEAD":
                await read_whole(response.body)  # there is none: the connection is free
            await response.close()
            response.body = b""
            length = length if asked.method == "HEAD" else 0
        elif not _is_event_stream(fields):
            replacement = self._replacement(response.status)
            if replacement is not None or not isinstance(response.body, bytes):
                response, length = await _gathered(
                    response, length, fields, replacement
                )
        # Rules do not reach the framing, which is made anew (RFC 9112 §6).
        response.headers = self._header_rules(response.headers, values)
        if length is not None and not bodiless:
            response.headers.append((b"content-length", b"%d" % length))
        return response

    def _replacement(self, status: int) -> Replacement | None:
        try:
            return self._by_status[status]
        except KeyError:  # of the 400 there are, as `_check` has seen
            found = (item for item in self._replacements if item.matches(status))
            return self._by_status.setdefault(status, next(found, None))


class Replacement:
    """One status rule, prepared."""

    def __init__(self, rule: StatusRule, settings: templates.Values) -> None:
        self._rule = rule
        content_type, content = templates.content(rule.json, rule.text, settings)
        self._content = content
        self._headers = rules.stated(rule.headers, content_type)
        self._replaced = _OF_THE_OLD_BODY.union(name for name, _ in self._headers)

    def matches(self, status: int) -> bool:
        """Tell whether the rule is for a status."""
        shown = str(status)
        return any(match in (shown, f"{shown[0]}xx") for match in self._rule.match)

    def applies(self, response: Response) -> bool:
        """Tell whether the rule is for a response whose status it matches."""
        return self._rule.unless is None or not _is_json_error(response)

    def make(self, response: Response) -> tuple[Response, int]:
        """Return what takes the place of a response, and the length of its body."""
        status = self._rule.status or response.status
        body = self._content
        if not isinstance(body, bytes):
            detail = "The upstream answered with an error."
            error = {"kind": UPSTREAM_STATUS, "status": response.status}
            body = body({"error": {**error, "detail": detail, "max_size": None}})
        kept = [
            field
            for field in forwardable(response.headers)
            if field[0] not in self._replaced
        ]
        return Response(status, [*kept, *self._headers], body), len(body)


async def _gathered(
    response: Response,
    length: int | None,
    fields: dict[bytes, bytes],
    replacement: Replacement | None,
) -> tuple[Response, int | None]:
    """Return what becomes of a response with a body, and its declared length."""
    is_whole = isinstance(response.body, bytes)
    if not is_whole and length is not None and length <= _SMALL:
        response.body = await read_whole(response.body)
        await response.close()
    if replacement is None or not _is_known_coding(fields):
        return response, length
    if not isinstance(response.body, bytes):
        if length is not None:
            return response, length
        response.body = await _whole_if_small(response.body)
    is_small = isinstance(response.body, bytes) and len(response.body) <= _SMALL
    if is_small and replacement.applies(response):
        await response.close()
        return replacement.make(response)
    return response, length


def _check(response: Response, fields: dict[bytes, bytes]) -> None:
    """Refuse what no server could send on: it must become a 502, not an empty reply."""
    headers = response.headers
    if not 200 <= response.status <= 599 or len(headers) > _MAX_FIELDS or b"" in fields:
        raise BadResponse
    if b"".join(fields).translate(None, _IN_NAMES):
        raise BadResponse
    if rules.FIELD_VALUE_REFUSED.search(b"".join([value for _, value in headers])):
        raise BadResponse


def _length(fields: dict[bytes, bytes]) -> int | None:
    """Return the declared length; chunked framing overrides it (RFC 9112 §6.3)."""
    declared = fields.get(b"content-length")
    if declared is None or b"transfer-encoding" in fields:
        return None
    if not declared.isdigit():
        raise BadResponse
    return int(declared)


def _is_event_stream(fields: dict[bytes, bytes]) -> bool:
    media_type, _, _ = fields.get(b"content-type", b"").partition(b";")
    return media_type.strip().lower() == _EVENT_STREAM


def _is_known_coding(fields: dict[bytes, bytes]) -> bool:
    coding = fields.get(b"content-encoding")
    return coding is None or coding.lower() in (b"identity", *_ZLIB_WINDOWS)


def _is_json_error(response: Response) -> bool:
    """Tell whether a body is a JSON object with `error`, or decodes to too much."""
    assert isinstance(response.body, bytes)
    coding = (first(response.headers, b"content-encoding") or b"identity").lower()
    body = response.body
    if coding in _ZLIB_WINDOWS:
        try:
            body = _decoded(body, _ZLIB_WINDOWS[coding])
        except zlib.error:
            return False
    if len(body) > _SMALL:
        return True
    try:
        document = jsontext.decode(body)
    except InvalidJson:
        return False
    return isinstance(document, dict) and "error" in document


def _decoded(body: bytes, windows: tuple[int, ...]) -> bytes:
    """Decode as the first of several formats that fits, one byte over the limit."""
    *others, last = windows
    for window in others:
        try:
            return zlib.decompressobj(window).decompress(body, _SMALL + 1)
        except zlib.error:
            continue
    return zlib.decompressobj(last).decompress(body, _SMALL + 1)


async def _whole_if_small(
    body: AsyncGenerator[bytes, None],
) -> bytes | AsyncGenerator[bytes, None]:
    chunks: list[bytes] = []
    total = 0
    async for chunk in body:
        chunks.append(chunk)
        total += len(chunk)
        if total > _SMALL:
            return _chained(chunks, body)
    return b"".join(chunks)


async def _chained(
    chunks: list[bytes], rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        for chunk in chunks:
            yield chunk
        async for chunk in rest:
            yield chunk
