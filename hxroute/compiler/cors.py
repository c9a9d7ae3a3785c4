"""Lower `cors`: whose scripts may call an endpoint."""

from __future__ import annotations

import re
from typing import Final

from hxroute import nodes, units
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.nodes.cors import ANY

__all__ = ["cors"]

_OPAQUE: Final = "null"
"""The origin of a sandboxed frame, which any site can make."""

_WRITTEN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.~-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE | re.ASCII,
)
_PORTS: Final = {"http": "80", "https": "443"}


def cors(node: Mapping, report: Report) -> nodes.Cors:
    """Lower a mapping; what it does not state keeps its default."""
    origins = node.get("origins")
    items = origins.items if isinstance(origins, Sequence) else ()
    listed = [item for item in items if isinstance(item, Scalar)]
    for item in listed:
        _check_origin(item, len({other.value for other in listed}), report)
    stated = {
        key: tuple(str(value).lower() for value in plain(part))
        for key in ("headers", "expose")
        if isinstance(part := node.get(key), Sequence)
    }
    methods, age = node.get("methods"), node.get("max_age")
    credentials = node.get("credentials")
    allowed = isinstance(credentials, Scalar) and credentials.value is True
    if allowed:
        _check_credentials(node, listed, report)
    seconds = units.duration(str(plain(age))) if age is not None else None
    return nodes.Cors(
        origins=tuple(str(item.value) for item in listed),
        methods=tuple(plain(methods)) if isinstance(methods, Sequence) else (),
        **stated,
        credentials=allowed,
        max_age=None if seconds is None else int(seconds),
        at=node.span.line,
    )


def _check_origin(node: Scalar, listed: int, report: Report) -> None:
    """Report what no browser sends as an origin, byte for byte."""
    origin = str(node.value)
    if origin == ANY and listed > 1:
        message = "`*` is every origin, and the others say nothing beside it"
        report.add("HX107", message, node.span, help="state `*`, or the others")
    elif origin not in (ANY, _OPAQUE, _serialized(origin)):
        meant = _serialized(origin)
        cure = "name each origin as browsers do, such as `https://app.example`"
        help_text = f"write `{meant}`" if meant else cure
        message = f"`{origin}` is not an origin as browsers send it"
        report.add("HX114", message, node.span.head, help=help_text)


def _serialized(origin: str) -> str:
    """Return an origin as browsers send it: in lower case, without the usual port.

    Nothing where the text is none (Fetch standard, "serialized origin").
    """
    found = _WRITTEN.fullmatch(origin)
    if found is None:
        return ""
    scheme, host, port = found["scheme"].lower(), found["host"].lower(), found["port"]
    shown = f":{int(port)}" if port and port != _PORTS.get(scheme) else ""
    return f"{scheme}://{host}{shown}"


def _check_credentials(node: Mapping, origins: list[Scalar], report: Report) -> None:
    """Report where every site could act in the name of whoever visits it."""
    open_to_all: list[Node] = [o for o in origins if o.value in (ANY, _OPAQUE)]
    for key in ("headers", "expose"):
        part = node.get(key)
        items = part.items if isinstance(part, Sequence) else ()
        open_to_all += [i for i in items if isinstance(i, Scalar) and i.value == ANY]
    for item in open_to_all[:1]:
        message = f"`{plain(item)}` with `credentials` would let every site in"
        help_text = "name what is meant, or leave `credentials` out"
        report.add("HX330", message, item.span, help=help_text)
