"""Requests generated from permutations of the two framing fields, and their oracle.

A permutation changes how `Transfer-Encoding: chunked` or `Content-Length` is written,
in the ways that have made servers disagree (the names are those of the trade), or puts
one byte, each of 256, in one of four places. Nobody has judged these by hand: the
strict reader says what such a request means.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.front.cases import Case, Outcome, Seen, post, raw, refused, served
from tests.front.reader import HOP_BY_HOP, Message, read

__all__ = ["DESYNC", "oracle"]

NAME, VALUE = b"Transfer-Encoding", b"chunked"
BODY = b"5\r\nhello\r\n0\r\n\r\n"
LENGTH = b"%d" % len(BODY)

PLACES = {
    "before-name": b"%cTransfer-Encoding: chunked",
    "behind-name": b"Transfer-Encoding%c: chunked",
    "before-value": b"Transfer-Encoding:%cchunked",
    "behind-value": b"Transfer-Encoding: chunked%c",
}

CODINGS = {
    "vanilla": b"Transfer-Encoding: chunked",
    "underjoin1": b"Transfer_Encoding: chunked",
    "spacejoin1": b"Transfer Encoding: chunked",
    "space1": b"Transfer-Encoding : chunked",
    "nameprefix1": b"Foo: bar\r\n Transfer-Encoding: chunked",
    "nameprefix2": b"Foo: bar\r\n\tTransfer-Encoding: chunked",
    "valueprefix1": b"Transfer-Encoding:  chunked",
    "nospace1": b"Transfer-Encoding:chunked",
    "linewrapped1": b"Transfer-Encoding:\n chunked",
    "doublewrapped": b"Transfer-Encoding:\r\n \r\n chunked",
    "crlfwrapped": b"Transfer-Encoding:\r\n chunked",
    "gareth1": b"Transfer-Encoding\n : chunked",
    "badsetupCR": b"Foo: bar\rTransfer-Encoding: chunked",
    "badsetupLF": b"Foo: bar\nTransfer-Encoding: chunked",
    "vertwrap": b"Transfer-Encoding: \n\x0bchunked",
    "tabwrap": b"Transfer-Encoding: chunked\r\n\t",
    "spacewrap": b"Transfer-Encoding: chunked\r\n ",
    "multiCase": b"tRANSFER-eNCODING: chunked",
    "UPPERCASE": b"TRANSFER-ENCODING: CHUNKED",
    "0dwrap": b"Foo: bar\r\n\rTransfer-Encoding: chunked",
    "0dspam": b"Tra\rnsfer-Encoding: chunked",
    "0dsuffix": b"Transfer-Encoding: chunked\r",
    "tabsuffix": b"Transfer-Encoding: chunked\t",
    "spjunk": b"Transfer-Encoding x: chunked",
    "backslash": b"Transfer\\Encoding: chunked",
    "nel": "Transfer-Encoding\u0085: chunked".encode(),
    "nbsp": "Transfer-Encoding\u00a0: chunked".encode(),
    "shy": "Transfer\u00adEncoding: chunked".encode(),
    "shy2": "Transfer-Encoding\u00ad: chunked".encode(),
    "spaceFF": b"Transfer-Encoding:\xffchunked",
    "unispace": b"Transfer-Encoding:\xa0chunked",
    "accentTE": "Transf\u00e9r-Encoding: chunked".encode(),
    "accentCH": "Transfer-Encoding: ch\u00fcnked".encode(),
    "commaCow": b"Transfer-Encoding: chunked, cow",
    "cowComma": b"Transfer-Encoding: cow, chunked",
    "contentEnc": b"Content-Encoding: chunked",
    "connection": b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    "quoted": b'Transfer-Encoding: "chunked"',
    "aposed": b"Transfer-Encoding: 'chunked'",
    "dualchunk": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
    "revdualchunk": b"Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
    "lazygrep": b"Transfer-Encoding: chunk",
    "nested": b"Transfer-Encoding: cow chunked bar",
    "encode": b"Transfer-%45ncoding: chunked",
    "qencode": b"Transfer-Encoding: =?iso-8859-1?B?Y2h1bmtlZA==?=",
    "bodysplit": b"Foo: bar\r\n\r\nTransfer-Encoding: chunked",
}

LENGTHS = {
    "CL-plus": b"Content-Length: +" + LENGTH,
    "CL-minus": b"Content-Length: -" + LENGTH,
    "CL-pad": b"Content-Length: 0" + LENGTH,
    "CL-bigpad": b"Content-Length: " + b"0" * 18 + LENGTH,
    "CL-spacepad": b"Content-Length: 0 " + LENGTH,
    "CL-e": b"Content-Length: " + LENGTH + b"e0",
    "CL-dec": b"Content-Length: " + LENGTH + b".0",
    "CL-commaprefix": b"Content-Length: 0, " + LENGTH,
    "CL-commasuffix": b"Content-Length: " + LENGTH + b", 0",
    "CL-commasame": b"Content-Length: " + LENGTH + b", " + LENGTH,
    "CL-dual": b"Content-Length: " + LENGTH + b"\r\nContent-Length: 0",
    "CL-dualsame": b"Content-Length: " + LENGTH + b"\r\nContent-Length: " + LENGTH,
    "CL-expect": b"Expect: 100-continue\r\nContent-Length: " + LENGTH,
    "CL-expect-obfs": b"Expect: y 100-continue\r\nContent-Length: " + LENGTH,
}

CL = b"Content-Length: " + LENGTH


def oracle(name: str, data: bytes) -> Case:
    """Return the case that the strict reader makes of bytes.

    Whatever is well-formed may be refused as well; the rest must be. Of requests in a
    row, those before the refused one are served.
    """
    reading = read(data)
    requests = tuple(_seen(message) for message in reading.messages)
    refusals = tuple(
        refused(400, 417, 501, 505, after=requests[:place])
        for place in range(len(requests) + (reading.end != "whole"))
    )
    ends = reading.end == "incomplete"
    if reading.end == "whole":
        outcomes = (*served(*requests, continues=True), *refusals)
    elif ends:
        outcomes = (*refusals, Outcome(requests, _ok(requests), closes=True))
    else:
        outcomes = refusals
    return Case(f"desync-{name}", data, outcomes, "RFC 9112 §2-7", ends)


def _ok(requests: tuple[Seen, ...]) -> tuple[frozenset[int], ...]:
    return tuple(frozenset({200}) for _ in requests)


def _seen(message: Message) -> Seen:
    """Return what must arrive: no field of one hop (RFC 9110 §7.6.1)."""
    options = b",".join(message.values(b"connection")).lower().split(b",")
    dropped = {*HOP_BY_HOP, *(option.strip(b" \t") for option in options)}
    dropped |= {b"host", b"content-length", b"expect"}
    fields = tuple(
        (name, value)
        for name, value in message.fields
        if name.replace(b"_", b"-") not in dropped
    )
    return Seen(message.method, message.target, fields, message.body)


def _generate() -> Iterator[Case]:
    for name, line in CODINGS.items():
        yield oracle(f"{name}-cl", post(CL, line, body=BODY))
        yield oracle(f"{name}-te", post(line, body=BODY))
    for name, line in LENGTHS.items():
        yield oracle(name, post(line, body=BODY))
    old = b"POST /p HTTP/1.0"
    yield oracle("http1.0-cl", raw(old, b"Host: a", CL, CODINGS["vanilla"], body=BODY))
    yield oracle("http1.0-te", raw(old, b"Host: a", CODINGS["vanilla"], body=BODY))
    for place, line in PLACES.items():
        for byte in range(256):
            data = post(CL, line.replace(b"%c", bytes((byte,))), body=BODY)
            yield oracle(f"{place}-{byte:02x}", data)


DESYNC: list[Case] = list(_generate())
"""Every permutation, with what may come of it."""
