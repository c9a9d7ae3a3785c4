"""What travels through a gateway: requests, responses and the handlers between them.

Standard library only. Header names are lower-case bytes, as ASGI and HTTP/2 have
them; values are the bytes of the wire without their padding (RFC 9110 §5.5).
"""

from __future__ import annotations

import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterable,
    Mapping,
)
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from hxroute.kept import Kept

__all__ = [
    "BODILESS",
    "HOP_BY_HOP",
    "UNPARSED",
    "Body",
    "Gone",
    "Handler",
    "Headers",
    "Job",
    "Passing",
    "Request",
    "Response",
    "Start",
    "Timeout",
    "chunk",
    "first",
    "firsts",
    "forwardable",
    "meant",
    "read_whole",
]

_Made = TypeVar("_Made")

Headers = list[tuple[bytes, bytes]]
Body = bytes | AsyncGenerator[bytes, None]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy",  # no field at all: CGI would take it for HTTP_PROXY
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

BODILESS: Final = (204, 304)
"""Statuses whose responses have no body and no length (RFC 9110 §8.6, §15.4.5)."""

UNPARSED: Final = object()
"""The value of `Request.json` before anything has parsed the body."""


class Gone:
    """Whether the client has left, and whom to tell when it does."""

    __slots__ = ("_callbacks", "_set")

    def __init__(self) -> None:
        self._set = False
        self._callbacks: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Tell whether the client has left."""
        return self._set

    def set(self) -> None:
        """Record that the client has left, and tell everyone who asked, once."""
        if not self._set:
            self._set = True
            for callback in tuple(self._callbacks):
                callback()

    def subscribe(self, callback: Callable[[], object]) -> None:
        """Call back when the client leaves; at once where it already has."""
        if self._set:
            callback()
        else:
            self._callbacks.append(callback)

    def unsubscribe(self, callback: Callable[[], object]) -> None:
        """Forget a callback; one that is not known is no error."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)


@dataclass(slots=True)
class Request:
    """A request, as it came from the client or as it goes to an upstream.

    `path` and `query` are the raw bytes of the request line. `length` is the declared
    length of the body in bytes, None where the body ends when it ends. `key` names the
    client's key, once it is known; it is no secret.
    """

    method: str
    path: bytes
    query: bytes = b""
    headers: Headers = field(default_factory=list, repr=False)
    body: Body = field(default=b"", repr=False)
    length: int | None = 0
    client: str = ""
    gone: Gone = field(default_factory=Gone)
    params: Mapping[str, bytes] = field(default_factory=dict)
    json: object = UNPARSED
    endpoint: object = None
    key: str = ""


@dataclass(slots=True)
class Response:
    """A response; whoever replaces it closes the old one."""

    status: int
    headers: Headers = field(default_factory=list)
    body: Body = b""
    on_close: Callable[[], Awaitable[None]] | None = None

    async def close(self) -> None:
        """Give back what the body holds, such as an upstream connection."""
        on_close, self.on_close = self.on_close, None
        if on_close is not None:
            await on_close()


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long one upstream call may wait, in seconds for each phase.

    `first_byte` is what `read` is until a byte of the answer has come, by default the
    same; `total` bounds the whole call, to the end of its answer.
    """

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0
    pool: float = 10.0
    first_byte: float | None = None
    total: float | None = None


Job = Callable[[], Coroutine[Any, Any, None]]
"""What runs as long as a gateway does, and is cancelled when it ends."""


@dataclass(frozen=True, slots=True)
class Start:
    """What exists only once a gateway starts: resolved settings and connectors.

    `jobs` run beside the requests, from the first to the last of them. `kept` is what
    the next gateway is to find as this one left it. `now` tells seconds since 1970.
    """

    settings: Mapping[str, object] = field(repr=False)
    connect: Callable[[str, Timeout | None], Handler]
    jobs: list[Job] = field(default_factory=list, repr=False, compare=False)
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)
    now: Callable[[], float] = field(default=time.time, repr=False, compare=False)
    _made: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what has been made of a key: endpoints share what they have in common.

        A key begins with what makes the thing, so that no two of them meet.
        """
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = make()
        return cast("_Made", made)


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the value of the first field of that name."""
    return next((value for key, value in headers if key == name), None)


def firsts(headers: Headers) -> dict[bytes, bytes]:
    """Return the value of the first field of every name."""
    return dict(headers[::-1])


def meant(name: bytes) -> bytes:
    """Return the name that some servers read: to CGI and its kin `_` is `-`.

    A field that is dropped or set must not come through under its other spelling.
    """
    return name.replace(b"_", b"-")


def forwardable(headers: Headers) -> Headers:
    """Return the end-to-end fields: no hop-by-hop field, none that Connection names.

    RFC 9110 §7.6.1.
    """
    return _END_TO_END.of(headers)


class Passing(dict[bytes, bool]):
    """Which end-to-end fields pass on; what is decided for a common name is remembered.

    Other names are decided each time: a client can make up any number of them.

    Args:
        passes: decides for the name of a field, of those that are end-to-end.
    """

    def __init__(self, passes: Callable[[bytes], bool] = lambda _: True) -> None:
        super().__init__()
        self._passes = passes

    def __missing__(self, name: bytes) -> bool:
        found = meant(name) not in HOP_BY_HOP and self._passes(name)
        if name in _COMMON:
            self[name] = found
        return found

    def of(self, headers: Headers) -> Headers:
        """Return the fields that pass."""
        for name, value in headers:
            if name == b"connection" and value.lower() != _NAMES_NO_FIELD:
                headers = _without(headers, _named(headers))
                break
        return [field for field in headers if self[field[0]]]


_COMMON: Final = HOP_BY_HOP | frozenset(
    b"""
    accept accept-encoding accept-language accept-ranges access-control-allow-origin age
    alt-svc authorization cache-control content-disposition content-encoding
    content-language content-length content-range content-security-policy content-type
    cookie date etag expect expires forwarded from host idempotency-key if-match
    if-modified-since if-none-match if-range if-unmodified-since last-modified link
    location max-forwards openai-beta openai-model openai-organization
    openai-processing-ms openai-project openai-version origin pragma priority range
    referer referrer-policy retry-after sec-fetch-dest sec-fetch-mode sec-fetch-site
    server set-cookie strict-transport-security traceparent tracestate user-agent vary via
    www-authenticate x-api-key x-content-type-options x-correlation-id x-forwarded-for
    x-forwarded-host x-forwarded-proto x-frame-options x-powered-by
    x-ratelimit-limit-requests x-ratelimit-limit-tokens x-ratelimit-remaining-requests
    x-ratelimit-remaining-tokens x-ratelimit-reset-requests x-ratelimit-reset-tokens
    x-real-ip x-request-id x-stainless-arch x-stainless-async x-stainless-lang
    x-stainless-os x-stainless-package-version x-stainless-read-timeout
    x-stainless-retry-count x-stainless-runtime x-stainless-runtime-version
    x-xss-protection
    """.split()
)
_NAMES_NO_FIELD: Final = b"keep-alive"
"""What Connection says nearly always; the field of that name never passes."""

_END_TO_END: Final = Passing()


def _named(headers: Headers) -> set[bytes]:
    """Return what Connection names, as others may read it."""
    return {
        meant(option.strip(b" \t").lower())
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    }


def _without(headers: Headers, names: set[bytes]) -> Headers:
    return [field for field in headers if meant(field[0]) not in names]


def chunk(data: bytes) -> bytes:
    """Frame a piece of a body, which is not empty, as a chunk (RFC 9112 §7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def read_whole(body: Body) -> bytes:
    """Read a body to its end."""
    if isinstance(body, bytes):
        return body
    return b"".join([chunk async for chunk in body])
