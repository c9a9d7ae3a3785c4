"""The start screen: what is served, at a glance."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from typing import Any

from hxroute import templates
from hxroute.ir import Endpoint, Gateway
from hxroute.runtime import settings

__all__ = ["screen"]


def screen(
    gateway: Gateway, bound: socket.socket, environ: Mapping[str, str]
) -> list[str]:
    """Return the one screen that says what is served: never a secret."""
    host, port = bound.getsockname()[:2]
    where = f"[{host}]" if ":" in host else host
    lines = [f"hxroute on http://{where}:{port}", "", "endpoints"]
    lines += _columns(
        (_methods(e), e.path, _target(e), _auth(e)) for e in gateway.endpoints
    )
    shown = _masked(gateway, environ)
    lines += ["", "upstreams"]
    lines += _columns(
        (u.name, ", ".join(str(templates.text(url, shown)) for url in u.urls()))
        for u in gateway.upstreams
    )
    lines.append("")
    lines += [
        f"warning: setting `{setting.name}` has its default, which everyone can read; "
        f"set {settings.origins(setting)}"
        for setting in settings.public_secrets(gateway.settings, environ)
    ]
    return [*lines, "Ctrl-C ends it."]


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  "
        + "  ".join(
            f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]


def _masked(gateway: Gateway, environ: Mapping[str, str]) -> dict[str, object]:
    values = settings.resolve(gateway.settings, environ)
    secret = {setting.name: "***" for setting in gateway.settings if setting.secret}
    return {**values, **secret}


def _methods(endpoint: Endpoint) -> str:
    return ",".join(endpoint.methods) or "ANY"


def _target(endpoint: Endpoint) -> str:
    last: Any = endpoint.pipeline[-1]
    return str(getattr(last, "upstream", "an answer of its own"))


def _auth(endpoint: Endpoint) -> str:
    names = [node.auth.name for node in endpoint.pipeline if hasattr(node, "auth")]
    return f"auth {names[0]}" if names else "open"
