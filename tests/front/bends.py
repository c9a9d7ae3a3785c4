"""Requests as most are, and odd ones: what a glance may take, and what it must not."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from hxroute.ir import Limits

__all__ = [
    "HOSTS",
    "KEPT",
    "LAST",
    "LOADED_NAMES",
    "LOADED_VALUES",
    "METHODS",
    "NAMES",
    "ODD_HOSTS",
    "ODD_METHODS",
    "ODD_TARGETS",
    "ODD_VERSIONS",
    "bent",
    "common",
    "limits_at_edge_of",
]

KEPT: Final = b"GET /kept HTTP/1.1\r\nHost: a\r\n\r\n"
LAST: Final = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""Requests that are answered where a connection is kept; this one ends it."""

METHODS: Final = (b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT")
ODD_METHODS: Final = (b"get", b"CONNECT", b"QUERY", b"TRACE", b"PRI", b"G", b"")
ODD_VERSIONS: Final = (
    b"HTTP/1.0",
    b"HTTP/1.10",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"http/1.1",
    b"RTSP/1.1",
    b"HTTP/1.1 ",
    b"",
)
HOSTS: Final = (b"a", b"a:80", b"[::1]:8", b"A.b-c", b"%61", b"a:", b"1.2.3.4:65535")
ODD_HOSTS: Final = (
    b"",
    b"u@a",
    b"a b",
    b"a,b",
    b"a/",
    b"[::1",
    b"a:123456",
    b"\xe9",
    b"a:-1",
    b"%zz",
)
NAMES: Final = (
    b"x-a",
    b"X-B",
    b"accept",
    b"Cookie",
    b"~!#$%&'*+-.^_`|",
    b"Keep-Alive",
    b"TE",
    b"Trailer",
    b"Via",
    b"Content-Type",
    b"HTTP2-Settings",
)
LOADED_NAMES: Final = (
    b"Content-Length",
    b"Transfer-Encoding",
    b"Connection",
    b"Proxy-Connection",
    b"Expect",
    b"Upgrade",
    b"Host",
    b"Content-Length ",
    b"X Y",
    b"",
    b" x",
    b"x(",
    b"\xe9",
)
LOADED_VALUES: Final = (
    b"",
    b"0",
    b"3",
    b"+3",
    b"3, 3",
    b"0x3",
    b"03",
    b"3 ",
    b"\t3\t ",
    b"3 3",
    b"9" * 18,
    b"1" * 19,
    b"18446744073709551619",
    b"close",
    b"Close",
    b"keep-alive",
    b"KEEP-alive\t",
    b"keep-alive, x",
    b"keep-alive, close",
    b"upgrade",
    b"content-length",
    b"chunked",
    b"identity",
    b"100-continue",
    b"websocket",
    b"h2c",
    b"a\x00b",
    b"a\x0bb",
    b"a\rb",
    b"a\nb",
    b"a\r\n b",
    b"a\x7fb",
    b"a\x1f",
)
_BLANKS: Final = (b" ", b"", b"\t", b" \t ", b"   ")
_ENDS: Final = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\r\n\r\n")

_values = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"),
    max_size=12,
).map(lambda text: text.encode("latin-1"))
_targets = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"),
    max_size=12,
).map(lambda text: b"/" + text.encode())
ODD_TARGETS: Final = (
    b"*",
    b"",
    b"a",
    b"/#",
    b"/a#b",
    b"?a",
    b"/\xc3\xa9",
    b"/\x7f",
    b"/\x01",
    b"/a b",
    b"/\t",
    b"http://a/b",
    b"http://a",
    b"https://b/",
    b"//a/b",
    b"/?",
    b"/??a?#",
    b"/%",
    b"/%00",
    b"/%zz%2f%C3%A9",
)


@st.composite
def common(draw: st.DrawFn) -> bytes:
    """Return a request as most are: whole, with nothing in it that is rare."""
    target = draw(_targets)
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    fields = [(name, draw(_values)) for name in names]
    fields.append((b"Host", draw(st.sampled_from(HOSTS))))
    body = draw(st.binary(max_size=20))
    length = draw(st.sampled_from((len(body), len(body) + 3)))
    if length or draw(st.booleans()):
        fields.append((b"Content-Length", b"%d" % length))
    if draw(st.booleans()):
        fields.append((b"Connection", b"keep-alive"))
    lines = [_line(draw, *field) for field in draw(st.permutations(fields))]
    start = b"%b %b HTTP/1.1\r\n" % (draw(st.sampled_from(METHODS)), target)
    return start + b"".join(lines) + b"\r\n" + body


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """Return a request in which one thing or two are odd."""
    data = draw(common())
    for _ in range(draw(st.integers(1, 2))):
        head, end, body = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        at = draw(st.integers(0, len(lines)))
        bend = draw(st.integers(0, 5))
        if bend == 0:
            lines[0] = _odd_start(draw, lines[0])
        elif bend == 1:
            host = draw(st.sampled_from((*HOSTS, *ODD_HOSTS)))
            lines = [x for x in lines if not x.startswith(b"Host:")]
            lines.insert(max(at, 1), b"Host: " + host)
        elif bend == 2:
            value = draw(st.sampled_from(LOADED_VALUES))
            name = draw(st.sampled_from((*LOADED_NAMES, *NAMES)))
            lines.insert(max(at, 1), _line(draw, name, value)[:-2])
        elif bend == 3:
            lines.insert(at, draw(st.sampled_from(lines)))
        elif bend == 4:
            end = draw(st.sampled_from(_ENDS)) + draw(st.sampled_from(_ENDS))
        else:
            body += draw(st.sampled_from((b"x", b"\r\n", b"0\r\n\r\n", LAST)))
        data = b"\r\n".join(lines) + end + body
        if draw(st.integers(0, 5)) == 0:
            at = draw(st.integers(0, len(data)))
            data = data[:at] + draw(st.binary(min_size=1, max_size=1)) + data[at + 1 :]
    return data


def _line(draw: st.DrawFn, name: bytes, value: bytes) -> bytes:
    before, behind = draw(st.sampled_from(_BLANKS)), draw(st.sampled_from(_BLANKS))
    return name + b":" + before + value + behind + b"\r\n"


def _odd_start(draw: st.DrawFn, line: bytes) -> bytes:
    method, target, version = line.split(b" ") if line.count(b" ") == 2 else (line,) * 3
    bend = draw(st.integers(0, 3))
    if bend == 0:
        method = draw(st.sampled_from((*METHODS, *ODD_METHODS)))
    elif bend == 1:
        target = draw(st.sampled_from(ODD_TARGETS))
    elif bend == 2:
        version = draw(st.sampled_from(ODD_VERSIONS))
    blank = b"  " if bend == 3 else b" "
    return blank.join((method, target, version))


@st.composite
def limits_at_edge_of(draw: st.DrawFn, data: bytes) -> Limits:
    """Return limits of which a request just meets one, or just does not."""
    start, *fields = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    count, edge = len(fields), draw(st.integers(-1, 1))
    bend = draw(st.integers(0, 2))
    if bend == 0:
        return Limits(max_fields=max(1, count + edge))
    if bend == 1:
        return Limits(max_target=max(1, len(start.split(b" ")[1]) + edge))
    most = sum(len(line) + 2 for line in fields) + 4 * count
    blanks = sum(line.count(b" ") + line.count(b"\t") for line in fields)
    return Limits(max_head=draw(st.integers(most - blanks - 3 * count - 1, most)))
