"""Lower `server`: where it listens, what stands before it, what it holds, how it ends."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from hxroute import units
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.ir import Server
from hxroute.nodes import LimitMemory

__all__ = ["max_memory", "server"]

_LEAST_MEMORY: Final = 64 << 20
"""Bytes that a process may take before it has done anything."""

_DURATIONS: Final = {"grace", "drain_delay"}


def server(node: Node | None, report: Report) -> Server:
    """Lower a mapping; what it does not state keeps its default."""
    if not isinstance(node, Mapping):
        return Server()
    stated = plain(node)
    stated.pop("max_memory", None)  # a node of the endpoints
    for key in _DURATIONS & stated.keys():
        stated[key] = units.duration(str(stated[key])) or 0.0
    proxies = node.get("trusted_proxies")
    if isinstance(proxies, Sequence):
        for item in proxies.items:
            _check_network(item, report)
        stated["trusted_proxies"] = tuple(map(str, stated["trusted_proxies"]))
    elif proxies is None:
        _check_field(node, report)
    return Server(**stated, at=node.span.line)


def max_memory(node: Node | None, report: Report) -> LimitMemory | None:
    """Lower what one process may hold; None where nothing is stated."""
    stated = node.get("max_memory") if isinstance(node, Mapping) else None
    size = None if stated is None else units.size(str(plain(stated)))
    if stated is None or size is None:
        return None
    if size < _LEAST_MEMORY:
        message = "`max_memory` must be at least 64MiB"
        help_text = "a process that has answered nothing yet takes about 40MiB"
        report.add("HX106", message, stated.span.head, help=help_text)
    return LimitMemory(size, at=stated.span.line)


def _check_network(node: Node, report: Report) -> None:
    """Report what is neither an address nor a network."""
    if not isinstance(node, Scalar):
        return
    text = str(node.value)
    help_text = "write an address such as `10.0.0.1`, or a network such as `10.0.0.0/8`"
    try:
        network = ip_network(text.replace("%", " "), strict=False)
    except ValueError:
        wrong = True
    else:
        wrong = text not in (str(network), str(network.network_address))
        help_text = f"write `{network}`"
    if wrong:
        message = f"`{text}` is not an address or a network as it is written"
        report.add("HX105", message, node.span.head, help=help_text)


def _check_field(node: Mapping, report: Report) -> None:
    """Report a field that nobody is trusted to send."""
    key = node.key("client_address")
    if key is not None:
        message = "`client_address` says nothing without `trusted_proxies`"
        help_text = "add `trusted_proxies: [ADDRESS, …]`, or remove this"
        report.add("HX107", message, key.span, help=help_text)
