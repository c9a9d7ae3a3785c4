"""Cluster: several targets behind one name; each call goes to one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hxroute.errors import PoolTimeout, ProxyError
from hxroute.http import Handler, Request, Response, Timeout
from hxroute.runtime.upstreams.balance import Pick
from hxroute.runtime.upstreams.members import Member
from hxroute.runtime.upstreams.outliers import Outliers

__all__ = ["Cluster"]

_UPSTREAM: Final = "upstream"


class Cluster:
    """The members of an upstream, as a connector.

    Args:
        members: at least one.
        pick: chooses among them.
        key: what is hashed of a client's request, None where nothing is.
        outliers: is told of every answer, None where nobody is to be.
    """

    def __init__(
        self,
        members: Sequence[Member],
        pick: Pick,
        key: Callable[[Request], bytes | None] | None,
        outliers: Outliers | None,
    ) -> None:
        self._members = members
        self._pick = pick
        self._key = key
        self._outliers = outliers

    def handler(self, timeout: Timeout | None, per_try: float | None = None) -> Handler:
        """Return the call of one of the members with those limits."""
        handlers = {m: m.connector.handler(timeout, per_try) for m in self._members}
        outliers = self._outliers

        async def call(request: Request) -> Response:
            member = self._chosen(request)
            state = member.state
            state.active += 1
            try:
                response = await handlers[member](request)
            except BaseException as exc:
                state.active -= 1
                if outliers is not None and _is_theirs(exc):
                    outliers.failed(state)
                raise
            if outliers is not None:
                outliers.answered(state, response.status)
            response.on_close = _released(member, response.on_close)
            return response

        return call

    async def close(self) -> None:
        """Close every connection."""
        for member in self._members:
            await member.close()

    def _chosen(self, request: Request) -> Member:
        """Choose among those that are well and were not tried yet, else among all."""
        now = asyncio.get_running_loop().time()
        fit = [m for m in self._members if m.state.is_available(now)] or self._members
        tried = request.tried
        if tried is not None:
            fit = [m for m in fit if m not in tried] or fit
        key = None if self._key is None else self._key(request.origin or request)
        member = self._pick(fit, key)
        if tried is not None:
            tried.append(member)
        return member


def _is_theirs(exc: BaseException) -> bool:
    """Tell whether a target failed; that its connections are all in use is our doing."""
    return (
        isinstance(exc, ProxyError)
        and exc.side == _UPSTREAM
        and not isinstance(exc, PoolTimeout)
    )


def _released(
    member: Member, on_close: Callable[[], Awaitable[None]] | None
) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        member.state.active -= 1
        if on_close is not None:
            await on_close()

    return close
