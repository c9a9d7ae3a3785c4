"""The target `front`: any bytes of a client, in any packets.

What the application sees is held against a strict reader's view of the same bytes.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.front.reader import Message, Reading, read
from tests.fuzz.wire import EARLY, LIMITS_OF_A_WIRE, Asked, Wire, connected

__all__ = ["front"]

_REFUSALS: Final = frozenset({400, 408, 414, 417, 431, 501, 505})
_TOO_LARGE: Final = frozenset({414, 431})
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_FRAMING_LINE: Final = re.compile(
    rb"\r\n(?:content-length|transfer-encoding|expect):[^\r\n]*", re.IGNORECASE
)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE)
_STRICTER: Final = re.compile(
    rb"chunked[ \t]*\t|\n[0-9a-f]+(?:[ \t]+;|;[^\r\n]*[ \t])", re.IGNORECASE
)
"""What the parser refuses, though it need not."""

_LAXER: Final = re.compile(rb"\n[0-9a-f]+;(?:[^\r\n]*[;=])?[;=\r]", re.IGNORECASE)
"""What the parser takes, though it is none: a chunk extension without name or value."""

_BLANKS: Final = re.compile(rb"[!-~]+ +[!-~]+ +HTTP/1\.[01]\r\n")
_LONG_PORT: Final = re.compile(rb":[0-9]{6,}$")

_START: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]*\r\n")
_DIGITS: Final = 18
"""Digits of a length that are no attempt at anything."""

_ALL_BYTES: Final = 300
"""Bytes up to which an input is also sent one by one."""

_METHODS: Final = frozenset(
    b"ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY"
    b" MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT"
    b" QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK"
    b" UNSUBSCRIBE".split()
)
"""The methods that the parser knows."""

_LIMITS: Final = LIMITS_OF_A_WIRE


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What must not depend on the packets: whole requests, and the refusal."""

    requests: tuple[tuple[object, ...], ...]
    refusal: int | None


def front(data: bytes) -> None:
    """Send bytes whole and in pieces; judge each, and compare them."""
    reading = _until_last(_read(data))
    random = Random(zlib.crc32(data))
    most = max(random.choice((5, 40, 200)), len(data) // 12)
    ways = [[data], _cut(data, random, most)]
    if len(data) <= _ALL_BYTES and random.random() < 0.2:
        ways.append([data[at : at + 1] for at in range(len(data))])
    outcomes = [_judged(connected(packets), data, reading) for packets in ways]
    if EARLY in data:  # what becomes of the rest of such a request is a matter of time
        fewest = min(len(outcome.requests) for outcome in outcomes)
        outcomes = [_Outcome(o.requests[:fewest], None) for o in outcomes]
    if _is_squeezed(reading):
        return
    assert all(_are_alike(outcome, outcomes[0]) for outcome in outcomes), outcomes


def _is_squeezed(reading: Reading) -> bool:
    """Tell whether a start line with too many blanks stands behind a body.

    Nobody tells the front where it began; it is refused unless the body holds the line
    as it should be.
    """
    follows_body = bool(reading.messages and reading.messages[-1].body)
    return follows_body and _BLANKS.match(reading.rest) is not None


def _are_alike(one: _Outcome, other: _Outcome) -> bool:
    """Tell whether two are equal; what is malformed may have been too large before."""
    if one.requests != other.requests:
        return False
    refusals = {one.refusal, other.refusal}
    return len(refusals) == 1 or (None not in refusals and bool(refusals & _TOO_LARGE))


def _cut(data: bytes, random: Random, most: int) -> list[bytes]:
    packets = []
    at = 0
    while at < len(data):
        size = random.randint(1, most)
        packets.append(data[at : at + size])
        at += size
    return packets


def _read(data: bytes) -> Reading:
    """Read strictly, but for line ends before a request, which need not be whole."""
    messages: tuple[Message, ...] = ()
    while True:
        reading = read(data)
        messages += reading.messages
        data = reading.rest.lstrip(b"\r\n")
        if not data or data == reading.rest:
            end = reading.end if data else "whole"
            return Reading(messages, end, data, reading.why)


def _until_last(reading: Reading) -> Reading:
    """Leave out what comes behind a request that is the last of its connection."""
    for count, message in enumerate(reading.messages, 1):
        options = b",".join(message.values(b"connection")).lower().split(b",")
        if message.version == b"1.0" or b"close" in [o.strip(b" \t") for o in options]:
            return Reading(reading.messages[:count], "whole")
    return reading


def _judged(wire: Wire, data: bytes, reading: Reading) -> _Outcome:
    whole = [asked for asked in wire.asked if asked.body is not None]
    early = [asked for asked in wire.asked if asked.is_early]
    assert all(a.gone.is_set() for a in wire.asked if a not in (*whole, *early))
    statuses = _answers(wire)
    refusal = statuses[-1] if statuses and statuses[-1] in _REFUSALS else None
    answered = len(statuses) - (refusal is not None)
    assert statuses[:answered] == [203] * answered
    assert early or answered == len(whole)
    if not _LAXER.search(data) and not _is_squeezed(reading):
        _are_what_was_sent(wire.asked, reading)
        assert early or _is_deserved(refusal, data, answered, reading)
    heads = [_head(asked) for asked in wire.asked if asked in (*whole, *early)]
    return _Outcome(tuple(heads), refusal)


def _are_what_was_sent(requests: list[Asked], reading: Reading) -> None:
    for asked, message in zip(requests, reading.messages, strict=False):
        _is_what_was_sent(asked, message)
    beyond = requests[len(reading.messages) :]
    assert len(beyond) <= 1, "more requests than were sent"
    for asked in beyond:
        assert asked.body is None, "a request that is none"
        _is_begun(asked, reading.rest)


def _head(asked: Asked) -> tuple[object, ...]:
    names = ("method", "raw_path", "query_string", "headers", "http_version")
    return (*(asked.scope[name] for name in names), asked.body)


def _is_what_was_sent(asked: Asked, message: Message) -> None:
    scope = asked.scope
    assert scope["method"].encode() == message.method
    assert scope["http_version"].encode() == message.version
    fields = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
    assert fields == list(message.fields)
    absolute = _ABSOLUTE.fullmatch(message.target)
    target = message.target
    if absolute is not None:
        assert [absolute[1].lower()] == [
            host.lower() for host in message.values(b"host")
        ] or message.version == b"1.0"
        target = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
    path, _, query = target.partition(b"?")
    assert (scope["raw_path"], scope["query_string"]) == (path, query)
    assert path.startswith(b"/") or (path, message.method) == (b"*", b"OPTIONS")
    assert len(target) <= _LIMITS.max_target
    assert len(fields) <= _LIMITS.max_fields
    assert sum(len(name) + len(value) for name, value in fields) <= _LIMITS.max_head
    if asked.body is not None and not asked.is_early:
        assert asked.body == message.body


def _is_begun(asked: Asked, rest: bytes) -> None:
    """Hold a request whose body never came against its head."""
    head, end, _ = rest.partition(b"\r\n\r\n")
    assert end, "a request without an end of its head"
    alone = read(_FRAMING_LINE.sub(b"", head) + end).messages
    assert len(alone) == 1
    fields = [(name, value.strip(b" \t")) for name, value in asked.scope["headers"]]
    unframed = [f for f in fields if f[0] not in _FRAMING | {b"expect"}]
    asked.scope["headers"] = unframed
    _is_what_was_sent(asked, alone[0])


def _answers(wire: Wire) -> list[int]:
    """Read what the client gets; answers come in order, and nothing behind the last."""
    statuses: list[int] = []
    left = bytes(wire.sent)
    while left:
        start = _START.match(left)
        head, end, left = left.partition(b"\r\n\r\n")
        assert start is not None
        assert end
        status = int(start[1])
        if status == 100:
            continue
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if status in _REFUSALS:
            assert fields[b"connection"] == b"close"
            left = left[int(fields[b"content-length"]) :]
            assert not left, "bytes behind a refusal"
        else:
            asked = wire.asked[len(statuses)]
            body, left = _own_body(asked, fields, left)
            text = b"answer %d" % len(statuses)
            assert body == (b"" if asked.scope["method"] == "HEAD" else text)
        statuses.append(status)
    return statuses


def _own_body(
    asked: Asked, fields: dict[bytes, bytes], left: bytes
) -> tuple[bytes, bytes]:
    if asked.scope["method"] == "HEAD":
        return b"", left
    if b"content-length" in fields:
        size = int(fields[b"content-length"])
        return left[:size], left[size:]
    if b"transfer-encoding" not in fields:
        assert asked.scope["http_version"] == "1.0"
        return left, b""
    body, left = b"", left
    while True:
        line, _, left = left.partition(b"\r\n")
        size = int(line, 16)
        body += left[:size]
        assert left[size : size + 2] == b"\r\n"
        left = left[size + 2 :]
        if not size:
            return body, left


def _is_deserved(
    refusal: int | None, data: bytes, answered: int, reading: Reading
) -> bool:
    """Hold a refusal, or that there is none, against what was sent."""
    if refusal is None:
        return answered == len(reading.messages) and reading.end == "whole"
    if answered < len(reading.messages):
        return _may_be_refused(reading.messages[answered], data, refusal)
    return answered == len(reading.messages) and reading.end != "whole"


def _may_be_refused(message: Message, data: bytes, status: int) -> bool:
    """Tell whether a well-formed request is one that the front does not serve."""
    host = b",".join(message.values(b"host")).lower()
    absolute = _ABSOLUTE.fullmatch(message.target)
    options = {
        option.strip(b" \t").lower()
        for value in message.values(b"connection")
        for option in value.split(b",")
    }
    expected = {value.lower() for value in message.values(b"expect")}
    reasons = {
        400: message.method not in _METHODS
        or _STRICTER.search(data) is not None
        or _LONG_PORT.search(host) is not None
        or any(len(v) > _DIGITS for v in message.values(b"content-length"))
        or bool(options & _FRAMING)
        or (absolute is not None and absolute[1].lower() != host),
        414: len(message.target) > _LIMITS.max_target,
        417: bool(expected - {b"100-continue"}),
        501: message.method == b"CONNECT",
        431: len(data) > _LIMITS.max_head or data.count(b":") > _LIMITS.max_fields,
    }
    return reasons.get(status, False)
