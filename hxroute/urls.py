"""URLs of upstreams: the one law that the compiler and a starting gateway hold them to."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from hxroute import paths
from hxroute.errors import BadPath

__all__ = ["Base", "base", "mistake"]

_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_NAME: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}\.?"
)
_NUMBERS: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
"""What resolvers take for an IPv4 address: its last label is a number."""
_PORTS: Final = {"http": 80, "https": 443}


class Base(NamedTuple):
    """A scheme, a place to connect to, and what a path there begins with.

    `host` is a name or an address without brackets; `authority` is what `Host` says.
    """

    scheme: str
    host: str
    port: int
    authority: bytes
    path: bytes


def base(text: str) -> Base:
    """Return what a URL without a mistake means: equal for two that mean the same."""
    url = urlsplit(text)
    host = url.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    default = _PORTS[url.scheme]
    port = url.port or default
    authority = shown if port == default else f"{shown}:{port}"
    path = url.path.rstrip("/").encode()
    return Base(url.scheme, host, port, authority.encode(), path)


def mistake(text: str) -> str:
    """Return what is wrong with an upstream's URL, or nothing (RFC 3986, RFC 9110 §4.2)."""
    if not _PRINTABLE.fullmatch(text) or "\\" in text:
        return "holds a character that no URL holds"
    try:
        url = urlsplit(text)
        port, host = url.port, url.hostname
    except ValueError:
        return "names a host or a port that is none"
    if url.scheme not in ("http", "https") or not host:
        return "must start with http:// or https:// and name a host"
    if port == 0:
        return "names a port that is none"
    if "@" in url.netloc or "?" in text or "#" in text:
        return "may hold no user, no query and no fragment"
    if not _is_host(host, bracketed="[" in url.netloc):
        return "names a host that is none"
    try:
        paths.check((url.path or "/").encode(), "as_sent")
    except BadPath as exc:
        return f"has a path that is refused: {exc.detail}"
    return ""


def _is_host(host: str, *, bracketed: bool) -> bool:
    if not bracketed and not _NUMBERS.fullmatch(host):
        return len(host) <= 253 and _NAME.fullmatch(host) is not None
    try:
        return ipaddress.ip_address(host).version == (6 if bracketed else 4)
    except ValueError:
        return False
