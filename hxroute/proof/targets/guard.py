"""Keep an application to the upstreams of a recording: a part of the script `served`.

It calls nothing but ours, so that no recording asks, and pays, a real upstream; what it
tried to is told. So is a file of secrets that it reads, for they may reach ours.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, Callable  # noqa: UP035  as old Pythons know it

__all__ = ["guard"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def guard(ports: list[int], allowed: list[str], note: Callable[[str], None]) -> None:
    """Refuse connections to other ports than ours, and to other places than allowed.

    Args:
        ports: those of 127.0.0.1 where our upstreams listen.
        allowed: other places, each HOST:PORT.
        note: gets what was refused or read, once.
    """
    noted: set[str] = set()

    def once(text: str) -> None:
        if text not in noted:
            noted.add(text)
            note(text)

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(args[1], tuple):
            host, port = args[1][:2]
            ours = port in ports and host in LOOPBACK
            place = f"{host}:{port}"
            if place in allowed or (ours and host != "::1"):
                return
            if not ours:  # one of ours by IPv6 is tried again by IPv4
                once(f"called {place}")
            raise ConnectionRefusedError(
                errno.ECONNREFUSED, "no upstream of the recording"
            )
        if event == "open" and _is_secret(args[0]):
            once(f"read {os.fspath(args[0])}")

    sys.addaudithook(heard)


def _is_secret(path: Any) -> bool:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return False
    name = os.path.basename(os.fsdecode(path))  # noqa: PTH119  by any Python
    return name.startswith(".env") or name == ".netrc"
