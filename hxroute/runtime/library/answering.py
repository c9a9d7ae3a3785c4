"""Answering: how far the head of an upstream's answer has come, as far as bytes tell."""

from __future__ import annotations

from typing import Final

__all__ = ["Answering", "TooMuch"]

_MAX_INTERIM: Final = 100
_MAX_HEADS: Final = 256 * 1024
"""Interim responses, and the bytes of all heads, that a call waits through."""

_STATUS: Final = slice(9, 12)
"""Where the status stands: behind `HTTP/1.1 `."""


class TooMuch(Exception):
    """There are more interim responses, or larger heads, than anyone needs."""


class Answering:
    """Follows an answer from its first byte to the status that counts.

    `begun` tells whether a byte has come, `status` is the final one once it is known.
    """

    def __init__(self) -> None:
        self.begun = False
        self.status = b""
        self._head = bytearray()
        self._size = self._interim = 0

    @property
    def succeeds(self) -> bool:
        """Whether the upstream answers with success: it may still want the rest."""
        return self.status.startswith(b"2")

    def feed(self, data: bytes) -> None:
        """Take bytes as they come.

        Raises:
            TooMuch: where the heads take too much.
        """
        self.begun = True
        if self.status:
            return
        self._head += data
        self._size += len(data)
        while len(self._head) >= _STATUS.stop:
            status = bytes(self._head[_STATUS])
            if not status.startswith(b"1") or status == b"101":
                self.status = status
                self._head.clear()
                return
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                break
            self._interim += 1
            del self._head[: end + 4]
            if self._interim > _MAX_INTERIM:
                raise TooMuch
        if self._size > _MAX_HEADS:
            raise TooMuch
