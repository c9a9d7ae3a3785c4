"""Rate limit: so many requests in a while, and no more.

Comes after authentication, which knows whose request it is, and before the body is
read: what is refused costs no upload and no upstream call.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from hxroute import templates
from hxroute.errors import Overloaded, ProxyError, RateLimited, StartError
from hxroute.http import Handler, Request, Response, Start
from hxroute.limiting import Buckets, Limit, Rate, Room, Store
from hxroute.stores import Shared, StoreDown

__all__ = ["RateLimit"]

_LONG: Final = 64
"""Characters of a value that are kept as they are; of a longer one its digest is."""

_IPV6_NETWORK: Final = 64
"""Bits that one client has for itself: it can have any address in them."""

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Let a request through where every limit has a token left, and take one of each.

    Answers have `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-
    headers-11), beside those that the upstream may have set.
    """

    limits: tuple[Limit, ...]
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        rendered = templates.raised(limit.by for limit in self.limits)
        closed = any(
            limit.store and limit.when_store_down == "closed" for limit in self.limits
        )
        return (RateLimited, *((Overloaded,) if closed else ()), *rendered)

    def sources(self) -> Iterator[str]:
        """Yield every template of the limits."""
        for limit in self.limits:
            yield limit.by
            if limit.store is not None:
                yield limit.store.url

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Count in this process first, as it costs nothing, then in the store."""
        local = _Local([limit for limit in self.limits if limit.store is None], start)
        stored = [limit for limit in self.limits if limit.store is not None]
        shared = _Stored(stored, start) if stored else None
        meters = [*local.meters, *(shared.meters if shared else ())]
        fields = _fields_of(meters)

        async def rate_limit(request: Request) -> Response:
            debts = local.take(request)
            refused = _refused(meters, debts)
            if shared is not None and not refused:
                try:
                    debts += await shared.take(request)
                except BaseException:
                    local.give_back(request)
                    raise
                refused = _refused(meters, debts)
                if refused:
                    local.give_back(request)
            if refused:
                raise RateLimited(fields=(_retry_after(refused), *fields(debts, 0)))
            told = fields(debts, 1)
            try:
                response = await next(request)
            except ProxyError as exc:
                exc.fields = (*exc.fields, *told)
                raise
            response.headers = [*response.headers, *told]
            return response

        return rate_limit


class _Meter:
    """A limit as it is counted: its rate, and for what a request counts."""

    __slots__ = ("limit", "rate", "value")

    def __init__(self, limit: Limit, start: Start) -> None:
        self.limit = limit
        self.rate: Rate = limit.rate
        self.value = _VALUES.get(limit.by) or _made(limit.by, start)


def _refused(meters: Sequence[_Meter], debts: Sequence[int]) -> int:
    """Return for how many seconds a request is refused; 0 where it is not."""
    seconds = 0
    for meter, debt in zip(meters, debts, strict=False):  # the store's may be missing
        if not meter.rate.allows(debt):
            seconds = max(seconds, meter.rate.left(debt)[1])
    return seconds


def _fields_of(meters: Sequence[_Meter]) -> Callable[[Sequence[int], int], Fields]:
    """Return what makes the fields of debts, after so many requests more."""
    listed = [
        (place, meter.rate, f'"{meter.limit.name}"'.encode())
        for place, meter in enumerate(meters)
        if meter.limit.fields
    ]
    policies = [meter.limit.policy for meter in meters if meter.limit.fields]
    policy = (b"ratelimit-policy", b", ".join(policies))

    def fields(debts: Sequence[int], more: int) -> Fields:
        told = [
            b"%b;r=%d;t=%d" % (name, *rate.left(debts[place] + more * rate.interval))
            for place, rate, name in listed
            if place < len(debts)
        ]
        return (policy, (b"ratelimit", b", ".join(told))) if told else ()

    return fields


class _Local:
    """The limits that this process counts by itself."""

    def __init__(self, limits: Sequence[Limit], start: Start) -> None:
        room = start.once((Room,), Room)
        self.meters = [_Meter(limit, start) for limit in limits]
        self._buckets = [_buckets(limit, start, room) for limit in limits]
        self._counted = list(zip(self.meters, self._buckets, strict=True))

    def take(self, request: Request) -> list[int]:
        """Return each debt; where all allow it, the request is added to them."""
        if not self._counted:
            return []
        now = self._buckets[0].clock()
        allowed, found = True, []
        for meter, buckets in self._counted:
            value = meter.value(request)
            debt = buckets.debt(value, meter.rate, now)
            allowed = allowed and meter.rate.allows(debt)
            found.append((buckets, value, debt, debt + meter.rate.interval))
        if allowed:
            for buckets, value, _, more in found:
                buckets.owe(value, more, now)
        return [debt for _, _, debt, _ in found]

    def give_back(self, request: Request) -> None:
        """Take a request off again that something else has refused."""
        for meter, buckets in self._counted:
            buckets.give_back(meter.value(request), meter.rate.interval)


class _Stored:
    """The limits that a store counts for several processes."""

    def __init__(self, limits: Sequence[Limit], start: Start) -> None:
        self.meters = [_Meter(limit, start) for limit in limits]
        self._rates = [meter.rate for meter in self.meters]
        self._closed = any(limit.when_store_down == "closed" for limit in limits)
        (store,) = {limit.store for limit in limits if limit.store is not None}
        self._store = start.once((Shared, store), lambda: _opened(store, start))

    async def take(self, request: Request) -> list[int]:
        """Return each debt; where all allow it, the request is added to them.

        Nothing is returned where the store is down and the limits are open then.

        Raises:
            Overloaded: where it is down and one of them is closed then.
        """
        keys = [
            self._store.key(m.limit.name, m.limit.endpoint, m.value(request))
            for m in self.meters
        ]
        try:
            return await self._store.take(keys, self._rates)
        except StoreDown as exc:
            if not self._closed:
                return []
            wait = _retry_after(max(1, math.ceil(exc.seconds)))
            raise Overloaded(fields=(wait,)) from exc


def _buckets(limit: Limit, start: Start, room: Room) -> Buckets:
    """Return the buckets of a limit: those of the gateway before, if it had any."""
    buckets = start.kept.once((RateLimit, limit.endpoint, limit.name), Buckets)
    if buckets.room is not room:
        buckets.room = room
        room.limits += 1
    return buckets


def _opened(store: Store, start: Start) -> Shared:
    url = templates.text(store.url, start.settings)
    if not isinstance(url, str):
        raise StartError(f"line {store.at}: store `{store.name}` has no fixed url")
    shared = Shared(store, url)
    start.jobs.append(shared.open)
    return shared


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % seconds


def _of_key(request: Request) -> str:
    return f"key {request.key}" if request.key else _of_client(request)


def _of_client(request: Request) -> str:
    """Return the client's address; of IPv6 the network, as it has all of that."""
    if ":" not in request.client:
        return request.client
    try:
        address = ipaddress.IPv6Address(request.client)
    except ValueError:
        return request.client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _IPV6_NETWORK), strict=False))


def _made(source: str, start: Start) -> Callable[[Request], str]:
    shown = templates.text(source, start.settings)
    roots = templates.roots([source])

    def value(request: Request) -> str:
        if isinstance(shown, str):
            return ""
        text = shown(templates.values(request, roots))
        if len(text) <= _LONG:
            return text
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

    return value


_VALUES: Final[dict[str, Callable[[Request], str]]] = {
    "key": _of_key,
    "client": _of_client,
    "endpoint": lambda _: "",
}
