"""Reception: how far a client's request has come, and what it may still take.

No input and output, and no clock of its own: the front tells what happens and when.
"""

from __future__ import annotations

from typing import Final

from hxroute.ir import Limits
from hxroute.runtime.phase import Phase
from hxroute.runtime.refusals import Refused

__all__ = ["STEP", "Reception"]

STEP: Final = 16 * 1024
"""Bytes of a head or of a chunked body that are parsed before they are accounted."""

_FIELD_EXTRA: Final = 4
"""Bytes of a field line beside its name and its value."""

_CHUNK_LINE: Final = 32
_CHUNK_EXTRA: Final = 16 * 1024
"""Bytes that a chunked body may take beside its data: for each chunk, and in all."""


class Reception:
    """One connection's accounts."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.phase = Phase.IDLE
        self._since = 0.0
        self._message = 0
        self._target = self._head = self._fields = 0
        self._unparsed = self._extra = 0
        self._length: int | None = 0
        self._taken = self._counted = self._chunks = 0

    def begin(self, now: float) -> None:
        """Begin a request."""
        self.phase, self._since = Phase.HEAD, now
        self._message += 1
        self._target = self._head = self._fields = 0
        self._unparsed = self._extra = self._taken = self._counted = self._chunks = 0

    def target(self, size: int) -> None:
        """Count bytes of the target.

        Raises:
            Refused: where they are too many.
        """
        self._target += size
        if self._target > self._limits.max_target:
            raise Refused(414, "the target is too long")

    def field(self, size: int) -> None:
        """Count a field, of the head or behind the body.

        Raises:
            Refused: where the fields are too many, or too large together.
        """
        self._fields += 1
        self._head += size + _FIELD_EXTRA
        if self._fields > self._limits.max_fields:
            raise Refused(431, "too many fields")
        if self._head > self._limits.max_head:
            raise Refused(431, "fields too large")

    def end_head(self, now: float, length: int | None) -> None:
        """Begin the body, of which the length is declared unless it is chunked."""
        self.phase, self._since, self._length = Phase.BODY, now, length

    def body(self, size: int) -> None:
        """Count bytes of the body."""
        self._taken += size
        self._counted += size

    def chunk(self) -> None:
        """Count a chunk."""
        self._chunks += 1

    def end(self) -> None:
        """End the request."""
        self.phase = Phase.IDLE

    def restart_clock(self, now: float) -> None:
        """Count time and bytes anew: so far the gateway has held the client back."""
        self._since, self._counted = now, 0

    def due(self) -> float:
        """Return when what is under way must have come."""
        if self.phase is Phase.HEAD:
            return self._since + self._limits.head_timeout
        in_time = self._counted / self._limits.min_body_rate
        return self._since + self._limits.body_timeout + in_time

    def step(self, size: int) -> int:
        """Return how many of the next bytes can be parsed before they are accounted."""
        if self.phase is Phase.BODY and self._length is not None:
            return min(size, max(self._length - self._taken, 1))
        return min(size, STEP)

    def mark(self) -> tuple[int, Phase, int, int]:
        """Return where the accounts stand before bytes are parsed."""
        return self._message, self.phase, self._taken, self._chunks

    def account(self, mark: tuple[int, Phase, int, int], size: int) -> None:
        """Bound what bytes have taken without becoming a field or data.

        Raises:
            Refused: where a field does not end, or chunks bring little data.
        """
        message, phase, taken, chunks = mark
        if message != self._message or self.phase is not phase:
            return
        if phase is Phase.HEAD:
            self._unparsed += size
            if self._unparsed > self._limits.max_head + self._limits.max_target:
                raise Refused(431, "fields too large")
        elif phase is Phase.BODY and self._length is None:
            data = self._taken - taken + _CHUNK_LINE * (self._chunks - chunks)
            self._extra = max(0, self._extra + size - data)
            if self._extra > _CHUNK_EXTRA:
                raise Refused(400, "chunks with little data in them")
