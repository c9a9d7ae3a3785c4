"""Notify: tell systemd what a service of `Type=notify` is doing (sd_notify(3))."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["SOCKET", "Notify", "notifier", "reloading"]

SOCKET: Final = "NOTIFY_SOCKET"
"""The variable that names systemd's socket."""

Notify = Callable[..., None]
"""Sends assignments, such as `READY=1`, in one message."""


def notifier(environ: Mapping[str, str]) -> Notify:
    """Return what sends assignments to systemd; without its socket, to nobody."""
    path = environ.get(SOCKET, "")
    if not path.startswith(("/", "@")):
        return lambda *_: None
    address = "\0" + path[1:] if path[0] == "@" else path

    def notify(*assignments: str) -> None:
        with (
            contextlib.suppress(OSError),  # nobody listens, which stops no gateway
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.sendto("\n".join(assignments).encode(), address)

    return notify


def reloading() -> tuple[str, str]:
    """Return what announces a reload; `READY=1` ends it."""
    return "RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"
