"""Reached: which endpoints of a routes file no recorded case asks; they are unproven."""

from __future__ import annotations

from collections.abc import Iterable

from hxroute.errors import ProxyError
from hxroute.http import Request
from hxroute.ir import Endpoint, Gateway
from hxroute.proof.exchange import Exchange
from hxroute.runtime.routing import Router, bare_routes

__all__ = ["unreached"]


def unreached(gateway: Gateway, exchanges: Iterable[Exchange]) -> list[Endpoint]:
    """Return the endpoints that take none of the recorded requests, as the file has them.

    An endpoint that was added since the recording is one of them.
    """
    router = Router(bare_routes(gateway), gateway.paths)
    asked = {
        (exchange.case.request.method, exchange.case.request.path)
        for exchange in exchanges
    }
    reached = {id(_taker(router, *one)) for one in asked}
    return [item for item in gateway.endpoints if id(item) not in reached]


def _taker(router: Router, method: str, path: str) -> object:
    request = Request(method, path.encode("latin-1"))
    try:
        router.match(request)
    except ProxyError:
        return None
    return request.endpoint
