"""How an answer begins: status lines, and what is no HTTP at all."""

from __future__ import annotations

from typing import Final

from tests.upstream.cases import ABC, REFUSED, Case, Expected, Refused, Whole, sized
from tests.upstream.script import Act

__all__ = ["STARTS"]

_ABC: Final = Whole(b"abc")
_BAD: Final = Refused(("bad_response",))

_STATUS: Final = tuple(
    Case(
        f"E10-{name}", (sized(b"abc", status=status), Act.CLOSE), expected, reused=None
    )
    for name, status, expected in (
        ("s999", "999 Odd", _BAD),
        ("s600", "600 Odd", _BAD),
        ("s099", "099 Odd", _BAD),
        ("s000", "000 Odd", _BAD),
        ("four-digits", "1000 Odd", _BAD),
        ("two-digits", "20 OK", _BAD),
        ("minus", "-200 OK", _BAD),
        ("plus", "+200 OK", _BAD),
        ("word", "OK 200", _BAD),
        ("arabic-digits", "\xd9\xa2\xd9\xa0\xd9\xa0 OK", _BAD),
        ("superscript", "20\xb2 OK", _BAD),
        ("space-within", "2 00 OK", _BAD),
        ("without-reason", "200", (_ABC, _BAD)),
        ("with-empty-reason", "200 ", _ABC),
        ("8bit-reason", "200 caf\xe9", _ABC),
        ("long-reason", "200 " + "x" * 8000, (_ABC, _BAD)),
        ("nul-in-reason", "200 O\0K", (_ABC, _BAD)),
        ("cr-in-reason", "200 O\rK", _BAD),
        ("299", "299 x", Whole(b"abc", 299)),
        ("418", "418 x", Whole(b"abc", 418)),
    )
)

_FIRST: Final[dict[str, tuple[bytes, Expected | tuple[Expected, ...]]]] = {
    "ssh": (b"SSH-2.0-OpenSSH_9.6\r\n", REFUSED),
    "smtp": (b"220 mail ESMTP\r\n", REFUSED),
    "binary": (bytes(range(256)), REFUSED),
    "tls-alert": (b"\x15\x03\x01\x00\x02\x02\x46", REFUSED),
    "http-0.9": (b"<html>hello</html>", REFUSED),
    "http-0.9-text": (b"hello\r\n\r\n", REFUSED),
    "json": (b'{"ok":true}\n', REFUSED),
    "a-request": (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", REFUSED),
    "icy": (b"ICY 200 OK\r\n\r\n", REFUSED),
    "lower-case": (b"http/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "version-2.0": (b"HTTP/2.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "version-2": (b"HTTP/2 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "version-0.9": (b"HTTP/0.9 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "version-1.2": (
        b"HTTP/1.2 200 OK\r\ncontent-length: 3\r\n\r\nabc",
        (_ABC, REFUSED),
    ),
    "version-1.10": (b"HTTP/1.10 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "version-01.1": (b"HTTP/01.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "no-version": (b"HTTP 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "two-spaces": (b"HTTP/1.1  200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "tab": (b"HTTP/1.1\t200\tOK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "space-before": (b" HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", REFUSED),
    "bom": (b"\xef\xbb\xbf" + ABC, REFUSED),
    "nul-before": (b"\0" + ABC, REFUSED),
    "crlf-before": (b"\r\n\r\n" + ABC, (_ABC, REFUSED)),
    "lf-only": (b"HTTP/1.1 200 OK\ncontent-length: 3\n\nabc", (_ABC, REFUSED)),
    "cr-only": (b"HTTP/1.1 200 OK\rcontent-length: 3\r\rabc", REFUSED),
    "1.0": (b"HTTP/1.0 200 OK\r\n\r\nabc", _ABC),
    "1.0-with-length": (b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", _ABC),
    "1.0-cut": (b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nabc", REFUSED),
}

STARTS: Final = (
    *_STATUS,
    *(
        Case(f"E13-{name}", (raw, Act.PAUSE, Act.CLOSE), expected, reused=False)
        for name, (raw, expected) in _FIRST.items()
    ),
)
