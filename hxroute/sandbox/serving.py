"""Serve an ASGI application from a background thread of this process."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeAlias

__all__ = ["App", "Message", "Receive", "Send", "serving"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


@contextmanager
def serving(app: App, port: int = 0) -> Iterator[int]:
    """Serve `app` on 127.0.0.1 from a background thread, and give the port.

    Where `port` is not free it is another one, and a warning is logged.
    """
    import uvicorn  # here, since applications need only the types above

    listener = _listen(port)
    # Neither logging nor lifespan is set up: the process belongs to the caller.
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        listener = socket.create_server(("127.0.0.1", 0))
    free = listener.getsockname()[1]
    logging.getLogger(__name__).warning("port %d is not free, using %d", port, free)
    return listener
