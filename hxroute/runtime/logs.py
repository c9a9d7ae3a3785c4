"""Where a served gateway writes its lines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections import deque

__all__ = ["to_stderr"]


def to_stderr() -> None:
    """Write our lines, and the server's warnings, to standard error."""
    handler = _Lines()
    logging.basicConfig(handlers=[handler])
    ours = logging.getLogger("hxroute")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    ours.propagate = False
    # A line names none of these; to find them out takes as long as to write it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class _Lines(logging.Handler):
    """Writes what one turn of the event loop has to say at once, at its end.

    A line has its time, its logger and its level before it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[str] = deque()
        self._second = -1
        self._shown = ""

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a line, from whichever thread: a deque needs no lock."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line."""
        try:
            self._waiting.append(self._line(record))
            if len(self._waiting) > 1:
                return  # it goes with the one before
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # there is no loop
            self.flush()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits."""
        lines = []
        while self._waiting:  # others may add to it meanwhile
            lines.append(self._waiting.popleft())
        if lines:
            with contextlib.suppress(OSError, ValueError):  # nobody reads it
                sys.stderr.write("\n".join(lines) + "\n")
                sys.stderr.flush()

    def _line(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info or record.exc_text or record.stack_info:
            text = self.format(record)  # the message, and what follows it
        second = int(record.created)
        if second != self._second:
            local = time.localtime(second)
            self._second, self._shown = (
                second,
                time.strftime("%Y-%m-%d %H:%M:%S", local),
            )
        when = f"{self._shown},{int(record.msecs):03d}"
        return f"{when} {record.name} {record.levelname} {text}"
