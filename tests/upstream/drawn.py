"""Answers drawn by chance: well-formed ones, then bent; and what a client may see of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from tests.fuzz.answers import read_answer
from tests.upstream.cases import Cut, Expected, Refused, Whole, chunked, head, sized
from tests.upstream.script import Act, Drip, Script, Step

__all__ = ["Drawn", "drawn"]

_STATUSES: Final = ("200 OK", "200 OK", "200 OK", "204 x", "304 x", "404 x", "503 x")
_INTERIM: Final = ("100 Continue", "102 x", "103 Early Hints", "199 x")
_FIELDS: Final = (
    *("content-type: text/plain", "x-a: 1", "x-a: 2", "Set-Cookie: a=b", "x-empty:"),
    *("connection: keep-alive", "connection: close", "connection: x-a", "x-b: \xe9 \t"),
)
_TOKENS: Final = (
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\0",
        b"\t",
        b" ",
        b":",
        b",",
        b";",
        b"\xff",
    ),
    *(
        b"0",
        b"1",
        b"-",
        b"+",
        b"9" * 20,
        b"f" * 17,
        b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ),
    *(b"content-length: 3\r\n", b"Content-Length: 4\r\n", b"transfer-encoding: x\r\n"),
    *(b"transfer-encoding: chunked\r\n", b" folded\r\n", b"chunked", b"x" * 300),
)
_ENDS: Final = (Act.CLOSE, Act.CLOSE, Act.FIN, Act.RESET)
_DRIPPED: Final = 300
"""Bytes up to which an answer may come one by one."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An answer as it goes over the wire, and everything that may become of it.

    `is_strict` tells that there is one right outcome, behind which the connection stays.
    """

    script: Script
    expected: tuple[Expected, ...]
    is_strict: bool


@st.composite
def drawn(draw: st.DrawFn, method: str) -> Drawn:
    """Draw an answer, whole or bent, in any packets, and how its connection ends."""
    data = draw(_well_formed())
    for _ in range(draw(st.integers(0, 3))):
        data = draw(_bent(data))
    found = read_answer(data, method)
    is_strict = found is not None and found.end == "whole" and not found.lenient
    steps = draw(_packets(data))
    if not is_strict:
        steps.append(_end(data, method, draw(st.sampled_from(_ENDS))))
    return Drawn(steps, _allowed(data, method), is_strict)


@st.composite
def _well_formed(draw: st.DrawFn) -> bytes:
    before = draw(st.lists(st.sampled_from(_INTERIM), max_size=3))
    data = b"".join(head("link: a", status=status) for status in before)
    status = draw(st.sampled_from(_STATUSES))
    fields = tuple(draw(st.lists(st.sampled_from(_FIELDS), max_size=3)))
    body = draw(st.binary(max_size=40))
    if status.startswith(("204", "304")):
        return data + head(*fields, status=status)
    match draw(st.sampled_from(("sized", "chunked", "chunked", "closed"))):
        case "sized":
            return data + sized(body, *fields, status=status)
        case "chunked":
            pieces = [body[:7], body[7:]] if len(body) > 7 else [body] if body else []
            end = draw(
                st.sampled_from((b"0\r\n\r\n", b"0\r\nx-t: 1\r\n\r\n", b"00\r\n\r\n"))
            )
            return data + chunked(*pieces, fields=fields, end=end)
        case _:
            return data + head(*fields, status=status) + body


@st.composite
def _bent(draw: st.DrawFn, data: bytes) -> bytes:
    """Change some bytes: put others in, leave some out, say some twice, or cut the rest."""
    place = draw(st.integers(0, len(data)))
    end = min(len(data), place + draw(st.integers(1, 30)))
    token = draw(st.sampled_from(_TOKENS))
    match draw(st.sampled_from(("put", "put", "replace", "omit", "repeat", "cut"))):
        case "put":
            return data[:place] + token + data[place:]
        case "replace":
            return data[:place] + token + data[place + len(token) :]
        case "omit":
            return data[:place] + data[end:]
        case "repeat":
            return data[:end] + data[place:]
        case _:
            return data[:place]


@st.composite
def _packets(draw: st.DrawFn, data: bytes) -> list[Step]:
    if len(data) < _DRIPPED and draw(st.integers(0, 9)) == 0:
        return [Drip(data)]
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=4)))
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    steps: list[Step] = []
    for part in parts:
        steps += [part, Act.PAUSE]
    return steps


def _end(data: bytes, method: str, act: Act) -> Act:
    """Return how a connection ends; where its end is the body's, it is an orderly one."""
    found = read_answer(data, method)
    whole = found is not None and found.end in ("whole", "closed")
    return Act.CLOSE if whole else act


def _allowed(data: bytes, method: str) -> tuple[Expected, ...]:
    """Return what a client may see: what the bytes mean, an error, or a visible cut."""
    found = read_answer(data, method)
    if found is None:
        return (Refused(),)
    whole = Whole(found.body, found.status)
    cut = Cut(found.body, status=found.status)
    if found.end not in ("whole", "closed"):
        return (Refused(), cut)
    return (whole, Refused(), cut) if found.lenient else (whole,)
