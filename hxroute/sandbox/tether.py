"""A process that answers its starter's words, and ends when the starter does.

Words come on standard input, one a line, and are answered on standard output, one a
line. The end of the input is the end of the starter, however it came.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping

__all__ = ["tether"]

_INPUT = 0


def tether(
    answer: Callable[[str], Mapping[str, float]], end: Callable[[], object]
) -> None:
    """Answer words from a thread of this process, and end it after the last of them.

    Args:
        answer: what a word is answered with.
        end: what ends the process.
    """
    thread = threading.Thread(target=_serve, args=(answer, end), daemon=True)
    thread.start()


def _serve(
    answer: Callable[[str], Mapping[str, float]], end: Callable[[], object]
) -> None:
    for word in _words():
        os.write(1, json.dumps(answer(word)).encode() + b"\n")
    end()


def _words() -> Iterator[str]:
    # Not by `sys.stdin`: a thread that waits in it keeps the interpreter from ending.
    kept = b""
    while data := os.read(_INPUT, 4096):
        *lines, kept = (kept + data).split(b"\n")
        yield from (line.decode() for line in lines)
