"""Listeners that never answer."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

__all__ = ["full_backlog", "silent"]


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port that answers no SYN: nobody accepts, and its queue is full."""
    with socket.socket() as deaf, contextlib.ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(deaf.getsockname())
        yield deaf.getsockname()[1]


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """Yield a port that takes connections, and nothing more happens."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as deaf:
        yield deaf.getsockname()[1]
