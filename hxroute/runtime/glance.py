"""A glance: most requests leave no doubt, and need no parser to be read.

What is taken here is a part of what the parser and the laws of `strict` take, and is
read alike; all else is left to them.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hxroute.http import Headers
from hxroute.ir import Limits
from hxroute.runtime.strict import AUTHORITY, DIGITS, Head

__all__ = ["Glance", "glance"]

_START: Final = re.compile(
    rb"(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (/[!$-~\"]*) HTTP/1\.1\r\n"
)
"""A start line (RFC 9112 §3) with a path, which has no fragment."""

_FIELD: Final = re.compile(
    rb"(?<=\n)([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)\r\n"
)
"""One whole line of a head (RFC 9112 §5)."""

_END: Final = b"\r\n\r\n"
_DOUBTFUL: Final = frozenset(
    {b"expect", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
"""Fields that make more of a request than a head and a body of some length, or that
the parser takes for Connection."""

_FIELD_EXTRA: Final = 4


class Glance(NamedTuple):
    """A request: its method, its head, its fields, and where its body begins."""

    method: str
    head: Head
    headers: Headers
    body: int


def glance(data: bytes, limits: Limits) -> Glance | None:
    """Read the head of a request that is whole, common, and not too large.

    Nothing of another request may stand behind it.
    """
    start = _START.match(data)
    if start is None:
        return None
    begin, end = start.end(), data.find(_END)
    found = _FIELD.findall(data, begin - 1, end + 2)
    if (
        len(found) != data.count(b"\n", begin, end + 2)
        or len(found) > limits.max_fields
    ):
        return None
    headers = [(name.lower(), value.rstrip(b" \t")) for name, value in found]
    fields = dict(headers)
    target = start[2]
    if (
        len(fields) != len(headers)  # of a repeated field, who knows which counts
        or not _DOUBTFUL.isdisjoint(fields)
        or fields.get(b"connection", b"keep-alive").lower() != b"keep-alive"
        or len(target) > limits.max_target
        or end - begin + _FIELD_EXTRA * len(found) > limits.max_head
        or not AUTHORITY.fullmatch(fields.get(b"host", b""))
    ):
        return None
    declared = fields.get(b"content-length")
    if declared is None:
        length = 0
    elif DIGITS.fullmatch(declared):
        length = int(declared)
    else:
        return None
    body = end + len(_END)
    if len(data) - body > length:
        return None
    path, _, query = target.partition(b"?")
    head = Head(path, query, length, expects_continue=False)
    return Glance(start[1].decode(), head, headers, body)
