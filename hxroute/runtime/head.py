"""Heads of answers, as they go to clients."""

from __future__ import annotations

import email.utils
import functools
import http
import time

from hxroute.http import Headers

__all__ = ["head", "now"]


def head(status: int, headers: Headers) -> bytes:
    """Return the head of an answer.

    Raises:
        RuntimeError: where a field would begin another one, or the body.
    """
    lines = [b"%b: %b\r\n" % field for field in headers]
    made = b"".join([_status_line(status), *lines, b"\r\n"])
    ends = len(lines) + 2
    if made.count(b"\n") != ends or made.count(b"\r") != ends or b"\0" in made:
        raise RuntimeError("a field of the answer holds a line break")
    return made


@functools.cache
def _status_line(status: int) -> bytes:
    known = {item.value: item.phrase for item in http.HTTPStatus}
    return f"HTTP/1.1 {status} {known.get(status, '')}\r\n".encode()


def now() -> bytes:
    """Return the time as `Date` shows it (RFC 9110 §5.6.7)."""
    return _date(int(time.time()))


@functools.lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return email.utils.formatdate(second, usegmt=True).encode()
