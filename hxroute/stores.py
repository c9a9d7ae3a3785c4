"""Shared stores: buckets in a Valkey or Redis, for all who count there.

`limits` brings the connection to the store. Its own strategies count windows, fixed or
sliding, so that a limit would mean one thing in a process and another in a store; the
bucket is a script of ours, which the store runs as one step. It goes by the store's
clock: those of the hosts need not agree.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from hxroute.errors import HxrouteError, StartError
from hxroute.limiting import Rate, Store

__all__ = ["SCHEMES", "Shared", "StoreDown", "is_url"]

SCHEMES: Final = ("valkey", "valkeys", "redis", "rediss")
"""What the URL of a store begins with; those in `s` are over TLS."""

_LOG: Final = logging.getLogger("hxroute.store")
_AT_ONCE: Final = 256
"""Requests that are counted in one step; meanwhile the store does nothing else."""

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
"""Seconds for which a store that failed is not asked again; they double."""

_DIGEST_BYTES: Final = 16

_SCRIPT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local debts, key, at = {}, 0, 1
while at <= #ARGV do
  local count, allowed = tonumber(ARGV[at]), true
  for i = 1, count do
    local interval, size = tonumber(ARGV[at + 2 * i - 1]), tonumber(ARGV[at + 2 * i])
    local full_at = tonumber(redis.call('GET', KEYS[key + i]) or now)
    debts[key + i] = math.min(math.max(full_at - now, 0), size)
    allowed = allowed and debts[key + i] + interval <= size
  end
  for i = 1, allowed and count or 0 do
    local debt = debts[key + i] + tonumber(ARGV[at + 2 * i - 1])
    -- Lua would write a number of this size without its last digits.
    local full_at = string.format('%.0f', now + debt)
    redis.call('SET', KEYS[key + i], full_at, 'PX', math.ceil(debt / 1000))
  end
  key, at = key + count, at + 2 * count + 1
end
return debts
"""
"""Return the debt of each bucket; a request is added where all of its own allow it.

Of each request come how many buckets it has, and the interval and size of each. The
arithmetic is that of `hxroute.limiting`. A full bucket is as good as none: its key
expires.
"""

_Asked = tuple[Sequence[str], Sequence[Rate], "asyncio.Future[list[int]]"]


class StoreDown(HxrouteError):
    """The store does not answer; it is asked again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("the store does not answer")
        self.seconds = seconds


def is_url(text: str) -> bool:
    """Tell whether a text is the URL of a store."""
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        return False
    return url.scheme in SCHEMES and bool(host) and port != 0


class Shared:
    """What counts in a store: requests that come while it is asked are asked for together.

    So a burst takes few steps, and none of it waits long. Where the store fails, it is left
    alone for a moment, in which nobody waits for it; then one request tries.

    Args:
        store: as it is declared.
        url: of the store; it may hold a password.
        clock: seconds, from whenever on.

    Raises:
        StartError: where the URL is none, or what the store needs is not installed.
    """

    def __init__(
        self, store: Store, url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not is_url(url):
            starts = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise StartError(
                f"line {store.at}: store `{store.name}` has no URL that starts with one "
                f"of {starts} and names a host"
            )
        self._name = store.name
        self._timeout = store.timeout
        self._clock = clock
        self._pause = 0.0
        self._asked_again_at = -math.inf
        self._storage = _storage(store, url)
        connection = self._storage.bridge.get_connection()
        self._failures = (*self._storage.base_exceptions, OSError)
        self._pool = connection.connection_pool
        self._script = connection.register_script(_SCRIPT)
        self._waiting: list[_Asked] = []
        self._asking: asyncio.Task[None] | None = None

    def key(self, name: str, endpoint: str, value: str) -> str:
        """Return the key of a bucket: what it counts for cannot be read from it."""
        whole = f"{endpoint}\0{name}\0{value}".encode(errors="surrogatepass")
        digest = hashlib.blake2b(whole, digest_size=_DIGEST_BYTES).hexdigest()
        key: str = self._storage.bridge.prefixed_key(f"{name}:{digest}")
        return key

    async def take(self, keys: Sequence[str], rates: Sequence[Rate]) -> list[int]:
        """Return the debt of each bucket; where all allow it, add a request to them.

        Raises:
            StoreDown: where the store cannot tell, or not in time.
        """
        now = self._clock()
        if now < self._asked_again_at:
            raise StoreDown(self._asked_again_at - now)
        if self._pause:  # one tries, while the others need not wait
            self._asked_again_at = now + self._timeout
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[int]] = loop.create_future()
        self._waiting.append((keys, rates, answer))
        if self._asking is None:
            self._asking = loop.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        """Ask for all who wait, and for those who come meanwhile."""
        try:
            while self._waiting:
                batch = self._waiting[:_AT_ONCE]
                try:
                    debts = await self._debts(batch)
                except self._failures as exc:
                    self._leave_alone(exc)
                    return
                del self._waiting[: len(batch)]
                self._tell(batch, debts)
        finally:
            self._asking = None
            for _, _, answer in self._waiting:
                if not answer.done():  # the cause's text may name the password
                    answer.set_exception(StoreDown(self._pause))
            self._waiting.clear()

    async def _debts(self, batch: Sequence[_Asked]) -> list[int]:
        keys = [key for asked, _, _ in batch for key in asked]
        arguments: list[int] = []
        for asked, rates, _ in batch:
            arguments.append(len(asked))
            arguments += (part for r in rates for part in (r.interval, r.size))
        async with asyncio.timeout(self._timeout):
            debts: list[int] = await self._script(keys=keys, args=arguments)
        return debts

    def _tell(self, batch: Sequence[_Asked], debts: list[int]) -> None:
        if self._pause:
            _LOG.warning("store `%s` answers again", self._name)
        self._pause, self._asked_again_at = 0.0, -math.inf
        place = 0
        for keys, _, answer in batch:
            if not answer.done():
                answer.set_result(debts[place : place + len(keys)])
            place += len(keys)

    def _leave_alone(self, exc: BaseException) -> None:
        if not self._pause:
            _LOG.warning("store `%s` fails: %s", self._name, type(exc).__name__)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE) or _FIRST_PAUSE
        self._asked_again_at = self._clock() + self._pause

    async def open(self) -> None:
        """Keep the connections until this is cancelled; then close them."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._asking is not None:
                self._asking.cancel()
            with contextlib.suppress(*self._failures):
                await self._pool.disconnect()


def _storage(store: Store, url: str) -> Any:
    """Open nothing yet; what it takes is loaded only where a file has a store."""
    try:
        from limits.aio.storage import RedisStorage
        from valkey.asyncio import BlockingConnectionPool
    except ImportError as exc:
        raise StartError(
            f"line {store.at}: store `{store.name}` needs an extra; "
            "pip install 'hxroute[ratelimit]'"
        ) from exc
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=1,
            timeout=store.timeout,
            socket_timeout=store.timeout,
            socket_connect_timeout=store.timeout,
        )
        return RedisStorage(
            f"async+{url}",
            implementation="valkey",
            key_prefix=store.prefix,
            connection_pool=pool,  # type: ignore[arg-type]
        )
    except Exception:
        raise StartError(
            f"line {store.at}: the url of store `{store.name}` is not understood"
        ) from None  # the cause may quote it, and its password
