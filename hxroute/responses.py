"""What becomes of an upstream's response: checked, gathered, replaced, passed on."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Iterable
from typing import Final

from hxroute import jsontext, rules, templates
from hxroute.errors import UPSTREAM_STATUS, BadResponse, InvalidJson
from hxroute.http import (
    BODILESS,
    Headers,
    Request,
    Response,
    first,
    forwardable,
    meant,
    read_whole,
)
from hxroute.ir import HeaderRules, StatusRule

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
_EVENT_STREAM: Final = b"text/event-stream"


class Responses:
    """The response side of one execution node."""

    def __init__(
        self,
        replace: Iterable[StatusRule],
        header_rules: Iterable[HeaderRules],
        settings: templates.Values,
    ) -> None:
        self._replacements = [Replacement(rule, settings) for rule in replace]
        self._header_rules = rules.prepare(header_rules, settings)

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
        _check(response)
        length = _length(response.headers)
        response.headers = _end_to_end(response.headers)
        bodiless = response.status in BODILESS
        if bodiless or "HEAD" in (asked.method, called.method):
            if bodiless or called.method == "HEAD":
                await read_whole(response.body)  # there is none: the connection is free
            await response.close()
            response.body = b""
            length = length if asked.method == "HEAD" else 0
        else:
            response, length = await self._with_body(response, length)
        # Rules do not reach the framing, which is made anew (RFC 9112 §6).
        response.headers = self._header_rules(response.headers, values)
        if length is not None and not bodiless:
            response.headers.append((b"content-length", b"%d" % length))
        return response

    async def _with_body(
        self, response: Response, length: int | None
    ) -> tuple[Response, int | None]:
        """Return what becomes of a response with a body, and its declared length."""
        if _is_event_stream(response.headers):
            return response, length
        if length is not None and length <= _SMALL:
            response.body = await read_whole(response.body)
            await response.close()
        replacement = self._replacement(response.status)
        if replacement is None or not _is_known_coding(response.headers):
            return response, length
        if not isinstance(response.body, bytes):
            if length is not None:
                return response, length
            response.body = await _whole_if_small(response.body)
        if isinstance(response.body, bytes) and replacement.applies(response):
            await response.close()
            return replacement.make(response)
        return response, length

    def _replacement(self, status: int) -> Replacement | None:
        found = (item for item in self._replacements if item.matches(status))
        return next(found, None)


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
        kept = [f for f in response.headers if f[0] not in self._replaced]
        return Response(status, [*kept, *self._headers], body), len(body)


def _check(response: Response) -> None:
    """Refuse what no server could send on: it must become a 502, not an empty reply."""
    if not 200 <= response.status <= 599 or len(response.headers) > _MAX_FIELDS:
        raise BadResponse
    for name, value in response.headers:
        if not rules.FIELD_NAME.fullmatch(name) or rules.FIELD_VALUE_REFUSED.search(
            value
        ):
            raise BadResponse


def _length(headers: Headers) -> int | None:
    """Return the declared length; chunked framing overrides it (RFC 9112 §6.3)."""
    declared = first(headers, b"content-length")
    if declared is None or first(headers, b"transfer-encoding") is not None:
        return None
    if not declared.isdigit():
        raise BadResponse
    return int(declared)


def _end_to_end(headers: Headers) -> Headers:
    passed = forwardable(headers)
    return [field for field in passed if meant(field[0]) != b"content-length"]


def _is_event_stream(headers: Headers) -> bool:
    media_type, _, _ = (first(headers, b"content-type") or b"").partition(b";")
    return media_type.strip().lower() == _EVENT_STREAM


def _is_known_coding(headers: Headers) -> bool:
    coding = first(headers, b"content-encoding")
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
    for chunk in chunks:
        yield chunk
    async for chunk in rest:
        yield chunk
