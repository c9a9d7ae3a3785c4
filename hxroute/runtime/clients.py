"""Client addresses: who a request is from, where trusted proxies stand in front.

Each proxy adds, on the right, who has connected to it. Read from there, the first address
that is no trusted proxy's is the client; what stands left of it, anyone can have written.
Where an entry is no address, nobody knows what stands left of it: then it is the last
proxy that is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from hxroute.http import Headers
from hxroute.ir import ClientAddress, Server

__all__ = ["Clients", "clients_of"]

_HOPS: Final = 32
"""Entries that are looked at; nobody stands behind so many proxies."""

_NODE: Final = re.compile(
    r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5}|:_[A-Za-z0-9._-]+)?"
)
"""An address with a port or without (RFC 7239 §6)."""

_BARE_V6: Final = re.compile(r"[0-9a-fA-F:.]+")
_OF_A_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_WORD: Final = rf"{_OF_A_WORD}+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_PAIR: Final = rf"(?:{_WORD})=(?:{_WORD}|{_QUOTED})"
_ELEMENT: Final = re.compile(rf"[ \t]*{_PAIR}(?:[ \t]*;[ \t]*{_PAIR})*[ \t]*")
_PAIRS: Final = re.compile(rf"(?<!{_OF_A_WORD})({_WORD})=({_WORD}|{_QUOTED})")
_LONGEST: Final = 1024
"""Characters of an element of Forwarded that are looked at."""

_Address = IPv4Address | IPv6Address


class Clients:
    """Tells clients from the proxies in front of them.

    Args:
        trusted: addresses and networks of proxies.
        field: the one field in which they say who has connected to them.
    """

    def __init__(self, trusted: Iterable[str], field: ClientAddress) -> None:
        self._trusted = [ip_network(item) for item in trusted]
        self._field = field.encode()
        self._entries = _READERS[field]

    def of(self, peer: str, headers: Headers) -> str:
        """Return the address that a request of a peer is from.

        The field of a peer that is no trusted proxy says nothing.
        """
        hop = _address(peer.partition("%")[0])
        if hop is None or not self._trusts(hop):
            return peer
        values = [value for name, value in headers if name == self._field]
        for _, entry in zip(range(_HOPS), self._read(values), strict=False):
            found = _address(entry)
            if found is None:
                break
            hop = found
            if not self._trusts(hop):
                break
        return str(hop)

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)

    def _read(self, values: list[bytes]) -> Iterator[str]:
        """Yield the entries of all fields, from the last on."""
        for value in reversed(values):
            yield from self._entries(value.decode("latin-1"))


def clients_of(server: Server) -> Clients | None:
    """Return who tells clients apart; None where the peer is the client."""
    if not server.trusted_proxies:
        return None
    return Clients(server.trusted_proxies, server.client_address)


def _listed(value: str) -> Iterator[str]:
    """Yield the addresses of an X-Forwarded-For, "" for what is none."""
    while True:
        value, comma, entry = value.rpartition(",")
        entry = entry.strip(" \t")
        node = _NODE.fullmatch(entry)
        if node is not None:
            yield node["v6"] or node["v4"]
        else:
            yield entry if _BARE_V6.fullmatch(entry) else ""
        if not comma:
            return


def _elements(value: str) -> Iterator[str]:
    """Yield the addresses of a Forwarded (RFC 7239 §4), "" for what is none.

    Read from the right, an element begins behind the first comma that leaves something
    whole: no quote that stands further left can reach into it.
    """
    end = len(value)
    while end >= 0:
        start = _start(value, end)
        if start is None:
            yield ""
            return
        yield _node(value[start:end])
        end = start - 1


def _start(value: str, end: int) -> int | None:
    """Return where the element that ends there begins; None where none does."""
    comma = end
    while comma > 0:
        comma = value.rfind(",", max(0, end - _LONGEST), comma)
        if comma < 0 and end > _LONGEST:
            return None
        if _ELEMENT.fullmatch(value, comma + 1, end):
            return comma + 1
    return None


def _node(element: str) -> str:
    """Return the one address that an element names."""
    pairs = _PAIRS.findall(element)  # a quoted value is taken whole, whatever is in it
    named = [value for name, value in pairs if name.lower() == "for"]
    if len(named) != 1:
        return ""
    quoted = named[0].startswith('"')
    text = re.sub(r"\\(.)", r"\1", named[0][1:-1]) if quoted else named[0]
    node = _NODE.fullmatch(text)
    return "" if node is None else node["v6"] or node["v4"]


def _address(text: str) -> _Address | None:
    """Return an address; one of IPv4 also where it is written as one of IPv6."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


_READERS: Final[dict[ClientAddress, Callable[[str], Iterator[str]]]] = {
    "x-forwarded-for": _listed,
    "forwarded": _elements,
}
