"""Where an answer's body ends: lengths, chunks, and what comes behind it."""

from __future__ import annotations

from typing import Final

from tests.upstream.cases import (
    ABC,
    EVIL,
    REFUSED,
    Case,
    Whole,
    chunked,
    head,
    sized,
)
from tests.upstream.script import Act, Drip

__all__ = ["BODIES"]

_PLAIN = Whole(b"abc", fields={"content-length": ["3"], "transfer-encoding": []})
_TUNED = Whole(b"abc", fields={"content-length": [], "transfer-encoding": ["chunked"]})
_MANY = bytes(range(256)) * 400

_CLEAN: Final = (
    Case("E0-length", (ABC,), _PLAIN),
    Case("E0-length-zero", (sized(b""),), Whole(fields={"content-length": ["0"]})),
    Case("E0-length-long", (sized(_MANY),), Whole(_MANY)),
    Case("E0-chunked", (chunked(b"a", b"bc"),), _TUNED),
    Case("E0-chunked-empty", (chunked(),), Whole()),
    Case("E0-chunked-long", (chunked(*[_MANY] * 5),), Whole(_MANY * 5)),
    Case("E0-dripped-length", (Drip(ABC),), _PLAIN),
    Case("E0-dripped-chunks", (Drip(chunked(b"a", b"bc")),), Whole(b"abc")),
    Case("E0-post", (ABC,), _PLAIN, method="POST"),
    Case("E0-error-status", (sized(b"no", status="503 Busy"),), Whole(b"no", 503)),
    Case("E0-404", (sized(b"no", status="404 Not Found"),), Whole(b"no", 404)),
    Case("E0-599", (sized(b"no", status="599 Odd"),), Whole(b"no", 599)),
)

_BEHIND: Final = (
    Case("E1-extra", (ABC + EVIL,), _PLAIN, reused=False),
    Case("E1-extra-longer-body", (ABC + b"def",), _PLAIN, reused=False),
    Case("E1-extra-one-byte", (ABC + b"x",), _PLAIN, reused=False),
    Case("E1-extra-crlf", (ABC + b"\r\n",), _PLAIN, reused=None),
    Case("E1-extra-chunked", (chunked(b"abc") + EVIL,), _TUNED, reused=False),
    Case("E1-extra-after-nothing", (sized(b"") + EVIL,), Whole(), reused=False),
    Case(
        "E1-extra-after-503",
        (sized(b"", status="503 x") + EVIL,),
        Whole(b"", 503),
        reused=False,
    ),
    Case(
        "E1-extra-100", (ABC + b"HTTP/1.1 100 Continue\r\n\r\n",), _PLAIN, reused=False
    ),
    Case(
        "E1-extra-with-the-last-byte",
        (ABC[:-1], Act.PAUSE, b"c" + EVIL),
        _PLAIN,
        reused=False,
    ),
    Case("E1-extra-dripped", (Drip(ABC + EVIL),), _PLAIN, reused=False),
    Case("E1-extra-megabyte", (ABC + EVIL * 20_000,), _PLAIN, reused=False),
    Case(
        "E1-extra-after-a-long-body", (sized(_MANY) + EVIL,), Whole(_MANY), reused=False
    ),
    Case("E1-extra-and-close", (ABC + EVIL, Act.CLOSE), _PLAIN, reused=False),
    Case("E1-idle-answer", (ABC,), _PLAIN, reused=False, later=EVIL),
    Case("E1-idle-half-an-answer", (ABC,), _PLAIN, reused=False, later=EVIL[:20]),
    Case(
        "E1-idle-408",
        (ABC,),
        _PLAIN,
        reused=False,
        later=sized(b"", status="408 Too Slow"),
    ),
    Case(
        "E1-idle-100", (ABC,), _PLAIN, reused=False, later=head(status="100 Continue")
    ),
    Case("E1-idle-one-byte", (ABC,), _PLAIN, reused=False, later=b"H"),
    Case("E1-idle-chunked", (chunked(b"abc"),), _TUNED, reused=False, later=EVIL),
    Case(
        "E1-204body",
        (sized(b"abc", status="204 None"),),
        Whole(b"", 204, {"content-length": []}),
        reused=False,
    ),
    Case(
        "E1-204body-evil",
        (head(status="204 None") + EVIL,),
        Whole(b"", 204),
        reused=False,
    ),
    Case(
        "E1-204chunks",
        (chunked(b"abc").replace(b"200 OK", b"204 No"),),
        (Whole(b"", 204, {"transfer-encoding": []}), REFUSED),
        reused=False,
    ),
    Case(
        "E1-205body",
        (sized(b"abc", status="205 Reset"),),
        (Whole(b"abc", 205), Whole(b"", 205), REFUSED),
        reused=None,
    ),
    Case(
        "E1-304body",
        (head(status="304 Not Modified") + b"abc",),
        Whole(b"", 304),
        reused=False,
    ),
    Case(
        "E1-304evil",
        (head(status="304 Not Modified") + EVIL,),
        Whole(b"", 304),
        reused=False,
    ),
    Case(
        "E1-head-with-body",
        (ABC,),
        Whole(fields={"content-length": ["3"]}),
        reused=False,
        method="HEAD",
    ),
    Case(
        "E1-head-with-evil",
        (head("content-length: 3") + EVIL,),
        Whole(fields={"content-length": ["3"]}),
        reused=False,
        method="HEAD",
    ),
    Case(
        "E1-head-with-chunks",
        (chunked(b"abc"),),
        (Whole(), REFUSED),
        reused=False,
        method="HEAD",
    ),
)

BODIES: Final = (*_CLEAN, *_BEHIND)
