"""Where an issuer's keys come from: fetched beside the requests, and kept.

While they cannot be fetched the old ones serve on. They are fetched again when their
answer says that they are old (RFC 9111 §5.2.2.1), within bounds, and once in a while
when a token names a key that is not among them: then its issuer has a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from hxroute.errors import ProxyError
from hxroute.http import Handler, Headers, Request, first
from hxroute.tokens.keyset import KeySet

__all__ = ["PAUSE", "Known", "Source", "lifetime"]

_LOG: Final = logging.getLogger("hxroute.tokens")
_MAX_BODY: Final = 256 * 1024
_SHORTEST: Final = 60.0
_LONGEST: Final = 86400.0
_UNSTATED: Final = 600.0
"""Seconds for which keys are good that say nothing of it."""

_RETRY: Final = 1.0
_RETRY_AT_MOST: Final = 60.0
PAUSE: Final = 10.0
"""Seconds between fetches that tokens with unknown keys may cause."""

_MAX_AGE: Final = re.compile(rb"(?:^|[, ])max-age=\"?([0-9]{1,9})", re.IGNORECASE)


class Known:
    """The keys that are known; what a reload takes along."""

    __slots__ = ("keys", "tried")

    def __init__(self) -> None:
        self.keys: KeySet | None = None
        self.tried = float("-inf")


class Source:
    """Fetches keys through a handler.

    Args:
        known: where they are kept.
        name: what the log calls them.
        fetch: answers a request for the set.
        path: the path of that request.
        now: tells the time in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        known: Known,
        name: str,
        fetch: Handler,
        path: bytes,
        now: Callable[[], float],
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self.known = known
        self._name = name
        self._fetch = fetch
        self._path = path
        self._now = now
        self._sleep = sleep
        self._flight: asyncio.Task[float | None] | None = None

    async def run(self) -> None:
        """Fetch the keys again and again: the job that runs beside the requests."""
        retry = _RETRY
        try:
            while True:
                good_for = await self._fetched()
                retry = _RETRY if good_for else min(retry * 2, _RETRY_AT_MOST)
                await self._sleep(good_for or retry)
        finally:
            if self._flight is not None:
                self._flight.cancel()

    async def refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; join who does already."""
        since = self._now() - self.known.tried
        if (
            self._flight is not None or not 0 <= since < PAUSE
        ):  # clocks are set back, too
            await self._fetched()

    async def _fetched(self) -> float | None:
        """Fetch the keys, once for all who ask; how long they are good, None if not."""
        if self._flight is None:
            self._flight = asyncio.ensure_future(self._keys())
            self._flight.add_done_callback(self._land)
        flight = self._flight
        await asyncio.wait([flight])  # who stops waiting ends it for nobody else
        return None if flight.cancelled() else flight.result()

    def _land(self, flight: asyncio.Task[float | None]) -> None:
        self._flight = None

    async def _keys(self) -> float | None:
        self.known.tried = self._now()
        try:
            headers, body = await self._answer()
            self.known.keys = KeySet(body)
        except Exception as exc:
            known = isinstance(exc, ProxyError | ValueError)
            why = str(exc) if known else type(exc).__name__
            _LOG.warning("no keys from %s: %s", self._name, why)
            return None
        return lifetime(headers)

    async def _answer(self) -> tuple[Headers, bytes]:
        """Ask for the set.

        Raises:
            ProxyError: where there is no answer.
            ValueError: where the answer is not one that a set is in.
        """
        accept = (b"accept", b"application/jwk-set+json, application/json")
        response = await self._fetch(Request("GET", self._path, headers=[accept]))
        try:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            if isinstance(response.body, bytes):
                return response.headers, response.body
            body = b""
            async with contextlib.aclosing(response.body) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) > _MAX_BODY:
                        raise ValueError(f"more than {_MAX_BODY} bytes")
            return response.headers, body
        finally:
            await response.close()


def lifetime(headers: Headers) -> float:
    """Return for how many seconds an answer is good, within our bounds."""
    found = _MAX_AGE.search(first(headers, b"cache-control") or b"")
    stated = float(found[1]) if found else _UNSTATED
    return min(max(stated, _SHORTEST), _LONGEST)
