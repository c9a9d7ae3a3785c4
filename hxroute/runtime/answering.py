"""Answering: how far the head of an upstream's answer has come, as far as bytes tell."""

from __future__ import annotations

from typing import Final

__all__ = ["Answering", "TooMuch"]

_MAX_INTERIM: Final = 100
_MAX_HEADS: Final = 256 * 1024
"""Interim responses, and the bytes of all heads, that a call waits through."""

_STATUS: Final = slice(9, 12)
"""Where the status stands: behind `HTTP/1.1 `."""

_GRACE_SECONDS: Final = 1.0


class TooMuch(Exception):
    """There are more interim responses, or larger heads, than anyone needs."""


class Answering:
    """Follows an answer from its first byte to the status that counts.

    `begun` tells whether a byte has come. `grace` is how many seconds more of the
    request may be offered to the upstream, None while it has not answered: it may still
    want the rest where it answers with success, and refuses it where it does not.
    """

    def __init__(self) -> None:
        self.begun = False
        self.grace: float | None = None
        self._head = bytearray()
        self._size = self._interim = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they come.

        Raises:
            TooMuch: where the heads take too much.
        """
        self.begun = True
        if self.grace is not None:
            return
        self._head += data
        self._size += len(data)
        while len(self._head) >= _STATUS.stop and self.grace is None:
            status = bytes(self._head[_STATUS])
            if not status.startswith(b"1") or status == b"101":
                self.grace = _GRACE_SECONDS if status.startswith(b"2") else 0.0
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
