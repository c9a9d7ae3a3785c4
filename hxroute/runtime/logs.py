"""Where a served gateway writes its lines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time

__all__ = ["to_stderr"]


def to_stderr() -> None:
    """Write our lines, and the server's warnings, to standard error."""
    handler = _Lines()
    handler.setFormatter(_Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("hxroute").setLevel(logging.INFO)
    # A line names none of these; to find them out takes as long as to write it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class _Lines(logging.Handler):
    """Writes what one turn of the event loop has to say at once, at its end."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line."""
        try:
            self._waiting.append(self.format(record))
            if len(self._waiting) > 1:
                return  # it goes with the one before
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # there is no loop
            self.flush()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits."""
        with self.lock or contextlib.nullcontext():
            lines, self._waiting = self._waiting, []
            if lines:
                with contextlib.suppress(OSError, ValueError):  # nobody reads it
                    sys.stderr.write("\n".join(lines) + "\n")
                    sys.stderr.flush()


class _Formatter(logging.Formatter):
    """Writes the time of day anew once a second."""

    _second = -1
    _shown = ""

    def formatTime(  # noqa: N802  logging's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return the local time, with milliseconds."""
        second = int(record.created)
        if second != self._second:
            local = time.localtime(second)
            self._second, self._shown = (
                second,
                time.strftime("%Y-%m-%d %H:%M:%S", local),
            )
        return f"{self._shown},{int(record.msecs):03d}"
