"""The link: what a request can know of its connection, and do to it."""

from __future__ import annotations

from typing import Final

from hxroute.http import Gone
from hxroute.runtime.cycle import Cycle

__all__ = ["EXTENSION", "LINGER_BYTES", "LINGER_SECONDS", "Link"]

EXTENSION: Final = "hxroute.link"
"""The ASGI extension under which a request finds its link."""

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 8 << 20
"""How much a client may still send behind its answer before it is cut off: one that is
cut off while it sends may never see the answer (RFC 9112 §9.6)."""


class Link:
    """One request's view of its connection."""

    __slots__ = ("cycle", "gone")

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle
        self.gone = Gone()

    def has_whole_body(self) -> bool:
        """Tell whether nothing more of the request will come."""
        return not self.cycle.more_body

    def cut(self) -> None:
        """Close the connection in the middle of the response, and nothing else."""
        self.cycle.cut()
