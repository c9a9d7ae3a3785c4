"""The upstream request, as the connector would send it."""

from __future__ import annotations

from typing import Final

from hxroute import templates
from hxroute.errors import ProxyError, StartError
from hxroute.explain.data import Call
from hxroute.explain.values import Values, shown
from hxroute.http import Request, read_whole
from hxroute.ir import Gateway, Timeout, Upstream
from hxroute.nodes import Execute
from hxroute.runtime.base import base_of
from hxroute.runtime.calls import framing
from hxroute.written import survival

__all__ = ["limits", "raises", "sent"]

_UNKNOWN: Final = b"?"


def limits(node: Execute, gateway: Gateway) -> Timeout:
    """Return how long a call may wait."""
    return node.timeout or _upstream(node, gateway).timeout


def raises(node: Execute, gateway: Gateway) -> tuple[type[ProxyError], ...]:
    """Return the errors in which the upstream's guards can end a call."""
    return _upstream(node, gateway).raises()


async def sent(
    node: Execute, called: Request, gateway: Gateway, known: Values
) -> tuple[Call, tuple[str, ...]]:
    """Return a call, and what is to be noted of it.

    Args:
        node: the execution node.
        called: the request that it makes.
        gateway: which knows the upstream.
        known: the settings, of which its address is made.
    """
    upstream = _upstream(node, gateway)
    base, host, notes = _address(upstream, known)
    target = shown(called.path + (b"?" + called.query if called.query else b""))
    sources = (node.path or "", *(source for _, source in node.query or ()))
    fields = ((b"host", host), *called.headers, *framing(called))
    call = Call(
        upstream.name,
        node.at,
        called.method,
        base + known.unquoted(target, sources),
        tuple((shown(name), shown(value)) for name, value in fields),
        shown(await read_whole(called.body)),
        upstream.client,
        limits(node, gateway),
        tuple(survival(upstream, node.retry)),
    )
    return call, notes


def _upstream(node: Execute, gateway: Gateway) -> Upstream:
    return next(item for item in gateway.upstreams if item.name == node.upstream)


def _address(upstream: Upstream, known: Values) -> tuple[str, bytes, tuple[str, ...]]:
    """Return what a URL begins with, the host, and what is wrong with them."""
    notes = _mistakes(upstream, known)
    text = templates.decided(upstream.url, known.shown) or upstream.url
    try:
        base = base_of(upstream, text)
    except StartError:
        return text.rstrip("/"), _UNKNOWN, notes
    begins = f"{base.scheme}://{shown(base.authority + base.path)}"
    return known.unquoted(begins, [upstream.url]), base.authority, notes


def _mistakes(upstream: Upstream, known: Values) -> tuple[str, ...]:
    """Return why no gateway would start on the settings as they are."""
    for url in upstream.urls():
        try:
            text = templates.decided(url, known.real)
            base_of(upstream, text or "")
        except KeyError:
            continue  # a setting that cannot be read here is noted already
        except StartError as exc:
            return (f"the gateway would not start: {exc}",)
    return ()
