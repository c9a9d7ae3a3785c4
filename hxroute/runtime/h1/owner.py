"""The owner of connections, as they see it: what they tell of themselves, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hxroute.runtime.h1.connection import Connection

__all__ = ["Owner"]


class Owner(Protocol):
    """Whom a connection tells what becomes of it."""

    idle_timeout: float

    def release(self, connection: Connection) -> None:
        """Take back a connection that can serve another call."""

    def forget(self, connection: Connection) -> None:
        """Give no call to a connection that has come to its end."""

    def closed(self, connection: Connection) -> None:
        """Note that a connection is closed."""
