"""A process that ends with this one, as the one that started it sees it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hxroute.errors import StartError

__all__ = ["Child", "python"]

_PATIENCE: Final = 5.0
"""Seconds that a process has to end by itself."""

_ERROR: Final = "error: "


def python(*arguments: str) -> list[str]:
    """Return the command that runs Python as this process does.

    The current folder is searched for modules only where it is here: a file of the
    user's may be called as a module is.
    """
    here = {"", str(Path.cwd())} & set(sys.path)
    return [sys.executable, *(() if here else ("-P",)), *arguments]


class Child:
    """A tethered process.

    Args:
        name: what it is called where it fails.
        command: what it runs.
        environ: its environment.
        log: where it writes its errors.
    """

    def __init__(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> None:
        self._name = name
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603  our own modules
                command,
                env=dict(environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                # Ctrl-C is for the one that started it, which then ends it.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
                self._process.communicate(timeout=_PATIENCE)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()

    def line(self) -> str:
        """Return the next line that it prints.

        Raises:
            StartError: where it ended instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise StartError(self._why())
        return line.rstrip("\n")

    def ask(self, word: str) -> dict[str, float]:
        """Say a word, and return the answer.

        Raises:
            StartError: where it has ended.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self.line())
        return answer

    def _why(self) -> str:
        """Say why it ended: in its own words where it found some."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [
            line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)
        ]
        return "\n".join(errors) or f"the {self._name} ended without a word"
