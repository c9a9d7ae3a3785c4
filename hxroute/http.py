"""What travels through a gateway: requests, responses and the handlers between them.

Standard library only. Header names are lower-case bytes, as ASGI and HTTP/2 have
them; values are the bytes of the wire without their padding (RFC 9110 §5.5).
"""

from __future__ import annotations

import math
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
from hxroute.passing import Headers
from hxroute.resilience import Retry

__all__ = [
    "BODILESS",
    "UNPARSED",
    "Body",
    "Gone",
    "Handler",
    "Headers",
    "Job",
    "Request",
    "Response",
    "Start",
    "Timeout",
    "chunk",
    "first",
    "firsts",
    "read_whole",
]

_Made = TypeVar("_Made")

Body = bytes | AsyncGenerator[bytes, None]

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

    Of a request to an upstream, `origin` is the client's, `ends` the time of the loop's
    clock at which the call has to be over, and `tried` the targets that had it, where it
    may go to another.
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
    origin: Request | None = None
    ends: float = math.inf
    tried: list[object] | None = None


@dataclass(slots=True)
class Response:
    """A response; whoever replaces it closes the old one.

    `upstream_status` is what the upstream answered, 0 where none was asked.
    """

    status: int
    headers: Headers = field(default_factory=list)
    body: Body = b""
    on_close: Callable[[], Awaitable[None]] | None = None
    upstream_status: int = 0

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
    connect: Callable[[str, Timeout | None, Retry | None], Handler]
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


def chunk(data: bytes) -> bytes:
    """Frame a piece of a body, which is not empty, as a chunk (RFC 9112 §7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def read_whole(body: Body) -> bytes:
    """Read a body to its end."""
    if isinstance(body, bytes):
        return body
    return b"".join([chunk async for chunk in body])
