"""Keys: whether a request shows one. The only room that meets what must not be shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Final

from hxroute.explain.answers import Upstream
from hxroute.http import Headers, Request, Response, Start, first
from hxroute.nodes import Authenticate

__all__ = ["check", "with_checked_only"]

_ANY: Final = ("{{ settings.shown }}",)

_TOKEN: Final = re.compile(rb"bearer [\w-]+\.[\w-]+\.[\w-]+", re.IGNORECASE)


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
    request = Request("GET", b"/", headers=list(fields))
    if node.auth.jwt is not None:
        if _TOKEN.fullmatch(first(request.headers, b"authorization") or b""):
            return False  # its keys are somewhere else
        node = dataclasses.replace(node, auth=dataclasses.replace(node.auth, jwt=None))
    try:
        handler = node.wrap(_passed, Start(settings, Upstream().connect))
    except KeyError:
        shown = (first(request.headers, b"authorization") or b"").partition(b" ")[2]
        settings = {"shown": shown.decode("utf-8", "surrogateescape") or "none"}
        taking_any = dataclasses.replace(node.auth, keys=_ANY)
        node = dataclasses.replace(node, auth=taking_any)
        await node.wrap(_passed, Start(settings, Upstream().connect))(request)
        return False
    await handler(request)
    return True


async def _passed(request: Request) -> Response:
    return Response(200)


def with_checked_only(headers: Headers) -> Headers:
    """Do as a check that succeeds: the credential that was looked at goes on."""
    found = [item for item in headers if item[0] == b"authorization"]
    others = [item for item in headers if item[0] != b"authorization"]
    return headers if len(found) < 2 else [*others, found[0]]
