"""Keys: whether a request shows one. The only room that meets what must not be shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Final

from hxroute.errors import Unauthorized
from hxroute.explain.answers import Upstream
from hxroute.http import Request, Response, Start, first
from hxroute.ir import Gateway
from hxroute.nodes import Authenticate
from hxroute.nodes.authenticate import refusal
from hxroute.passing import meant

__all__ = ["check", "shown_in"]

_ANY: Final = ("{{ settings.shown }}",)

_TOKEN: Final = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")


async def check(
    node: Authenticate,
    fields: Iterable[tuple[bytes, bytes]],
    settings: Mapping[str, object],
) -> bool:
    """Let a request show its key; tell whether it could be compared with every key.

    Args:
        node: which asks for a key.
        fields: the request's own.
        settings: the real ones; those that cannot be read here are missing.

    Raises:
        Unauthorized: where it shows none.
        StartError: where a key is empty.
    """
    request, auth = Request("GET", b"/", headers=list(fields)), node.auth
    field = auth.shown_in.encode()
    value = first(request.headers, field) or b""
    scheme, _, token = value.partition(b" ")
    if auth.header:
        token = value
    elif scheme.lower() != b"bearer":
        token = b""
    if auth.jwt is not None:
        if _TOKEN.fullmatch(token):
            return False  # its keys are somewhere else
        node = dataclasses.replace(node, auth=dataclasses.replace(auth, jwt=None))
    try:
        handler = node.wrap(_passed, Start(settings, Upstream().connect))
    except KeyError:
        settings = {"shown": token.decode("utf-8", "surrogateescape") or "none"}
        taking_any = dataclasses.replace(node.auth, keys=_ANY)
        node = dataclasses.replace(node, auth=taking_any)
        await node.wrap(_passed, Start(settings, Upstream().connect))(request)
        return False
    try:
        await handler(request)
    except Unauthorized as exc:
        raise (refusal(auth) if token else exc) from None
    return True


async def _passed(request: Request) -> Response:
    return Response(200)


def shown_in(gateway: Gateway) -> frozenset[bytes]:
    """Return the fields in which a gateway has clients show keys, as all would read them."""
    return frozenset(
        meant(node.auth.shown_in.encode())
        for endpoint in gateway.endpoints
        for node in endpoint.pipeline
        if isinstance(node, Authenticate)
    )
