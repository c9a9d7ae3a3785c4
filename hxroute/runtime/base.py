"""The base of an upstream: what every URL of a call to it begins with."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from hxroute import urls
from hxroute.errors import StartError
from hxroute.ir import Upstream

__all__ = ["Base", "base_of"]

_PORTS = {"http": 80, "https": 443}


class Base(NamedTuple):
    """A scheme, a place to connect to, and what a path there begins with.

    `host` is a name or an address without brackets; `authority` is what `Host` says.
    """

    scheme: str
    host: str
    port: int
    authority: bytes
    path: bytes


def base_of(upstream: Upstream, text: str) -> Base:
    """Return the base of an upstream whose URL is that text.

    Raises:
        StartError: where that is no URL of an upstream.
    """
    wrong = urls.mistake(text)
    if wrong:
        raise StartError(
            f"line {upstream.at}: upstream `{upstream.name}`: url {upstream.url} {wrong}"
        )
    url = urlsplit(text)
    host = url.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    default = _PORTS[url.scheme]
    port = url.port or default
    authority = shown if port == default else f"{shown}:{port}"
    return Base(
        url.scheme, host, port, authority.encode(), url.path.rstrip("/").encode()
    )
