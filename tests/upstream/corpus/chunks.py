"""How chunks are written: what may be read, what must be cut, never a false end."""

from __future__ import annotations

from typing import Final

from tests.upstream.cases import (
    REFUSED,
    STREAM,
    Case,
    Cut,
    Expected,
    Whole,
    chunked,
    head,
)
from tests.upstream.script import Act

__all__ = ["CHUNKS"]

_ABC: Final = Whole(b"abc")
_BROKEN: Final = (REFUSED, Cut(b"abc"))
_LAX: Final = (_ABC, *_BROKEN)
_END: Final = b"\r\n0\r\n\r\n"

_GOOD: Final = {
    "upper-case": (b"A\r\n0123456789" + _END, Whole(b"0123456789")),
    "lower-case": (b"a\r\n0123456789" + _END, Whole(b"0123456789")),
    "leading-zeros": (b"0003\r\nabc\r\n000\r\n\r\n", _ABC),
    "extension": (b"3;a=b\r\nabc\r\n0;c\r\n\r\n", _ABC),
    "extension-quoted": (b'3;a="b c"\r\nabc' + _END, _ABC),
    "one-byte-chunks": (b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n", Whole(b"x" * 5000)),
}
"""Chunks that every reader takes: the connection stays."""

_STRANGE: Final = {
    "forty-zeros": b"0" * 40 + b"3\r\nabc" + _END,
    "space-behind": b"3 \r\nabc" + _END,
    "extension-with-spaces": b"3 ; a = b\r\nabc" + _END,
    "extension-200k": b"3;" + b"x" * 200_000 + b"\r\nabc" + _END,
    "extension-16k-each": b"".join(
        b"1;%b\r\n%c\r\n" % (b"x" * 16000, c) for c in b"abc"
    )
    + b"0\r\n\r\n",
    "lf-behind-size": b"3\nabc" + _END,
    "lf-everywhere": b"3\nabc\n0\n\n",
    "lf-at-the-end": b"3\r\nabc\r\n0\r\n\n",
    "lf-in-extension": b"3;a\nb\r\nabc" + _END,
    "cr-in-extension": b"3;a\rb\r\nabc" + _END,
    "nul-in-extension": b"3;a\0b\r\nabc" + _END,
    "tab-behind": b"3\t\r\nabc" + _END,
}
"""Chunks that some readers take; where they are taken, the body is right."""

_BAD: Final = {
    "hex-prefix": b"0x3\r\nabc" + _END,
    "plus": b"+3\r\nabc" + _END,
    "minus": b"-3\r\nabc" + _END,
    "minus-zero": b"3\r\nabc\r\n-0\r\n\r\n",
    "space-before": b" 3\r\nabc" + _END,
    "underscore": b"0_3\r\nabc" + _END,
    "no-size": b"\r\nabc" + _END,
    "word": b"three\r\nabc" + _END,
    "arabic-digit": b"\xd9\xa3\r\nabc" + _END,
    "two-sizes": b"3 3\r\nabc" + _END,
    "no-crlf-behind-data": b"3\r\nabcXX0\r\n\r\n",
    "lf-behind-data": b"3\r\nabcX\n0\r\n\r\n",
    "data-too-long": b"3\r\nabcdef" + _END,
    "data-too-long-by-a-line": b"3\r\nabc\r\n\r\n0\r\n\r\n",
    "not-chunked-at-all": b"xyz\r\n\r\n",
    "decimal-point": b"3.0\r\nabc" + _END,
    "comma": b"3,3\r\nabc" + _END,
}
"""Chunks that no reader may take."""

_HUGE: Final = {
    "2e31": b"80000000",
    "2e63": b"8000000000000000",
    "2e64-and-3": b"10000000000000003",
    "twenty-digits": b"f" * 20,
    "ten-thousand-digits": b"f" * 10_000,
}
"""Sizes that no body fills: only three bytes come, then the end."""

_CODINGS: Final[dict[str, tuple[str, tuple[Expected, ...]]]] = {
    "upper-case": ("Chunked", (_ABC,)),
    "gzip-chunked": ("gzip, chunked", (REFUSED,)),
    "chunked-gzip": ("chunked, gzip", (REFUSED,)),
    "xchunked": ("xchunked", (REFUSED,)),
    "quoted": ('"chunked"', (REFUSED,)),
    "vertical-tab": ("\x0bchunked", (REFUSED,)),
    "twice": ("chunked, chunked", (REFUSED,)),
    "empty": ("", (REFUSED,)),
    "gzip": ("gzip", (REFUSED,)),
    "comma": ("chunked,", (_ABC, REFUSED)),
    "parameter": ("chunked;q=1", (REFUSED, _ABC)),
}

CHUNKS: Final = (
    Case(
        "chunk-data-too-short",
        (STREAM + b"4\r\nabc" + _END, Act.CLOSE),
        (REFUSED, Cut(b"abc\r")),
    ),
    *(
        Case(f"chunk-{name}", (STREAM + raw,), expected)
        for name, (raw, expected) in _GOOD.items()
    ),
    *(
        Case(f"chunk-{name}", (STREAM + raw, Act.CLOSE), _LAX, reused=None)
        for name, raw in _STRANGE.items()
    ),
    *(
        Case(f"chunk-{name}", (STREAM + raw, Act.CLOSE), _BROKEN)
        for name, raw in _BAD.items()
    ),
    *(
        Case(f"chunk-huge-{name}", (STREAM + size + b"\r\nabc", Act.CLOSE), _BROKEN)
        for name, size in _HUGE.items()
    ),
    *(
        Case(
            f"coding-{name}",
            (head(f"transfer-encoding: {coding}") + b"3\r\nabc" + _END, Act.CLOSE),
            expected,
            reused=None,
        )
        for name, (coding, expected) in _CODINGS.items()
    ),
    Case(
        "coding-two-lines",
        (
            head("transfer-encoding: chunked", "transfer-encoding: chunked")
            + b"3\r\nabc"
            + _END,
        ),
        (_ABC, REFUSED),
        reused=None,
    ),
    Case(
        "coding-two-lines-that-differ",
        (
            head("transfer-encoding: chunked", "transfer-encoding: identity")
            + b"3\r\nabc"
            + _END,
        ),
        REFUSED,
    ),
    Case(
        "coding-chunked-in-1.0",
        (chunked(b"abc").replace(b"1.1", b"1.0"), Act.CLOSE),
        (_ABC, REFUSED, Whole(b"3\r\nabc\r\n0\r\n\r\n")),
        reused=False,
    ),
)
