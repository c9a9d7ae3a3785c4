"""Refusals: what the server says by itself to a request that nobody gets to see."""

from __future__ import annotations

import http
from typing import Final

from hxroute.http import Headers

__all__ = ["Refused", "refusal"]

_TEXTS: Final = {
    400: b"Invalid HTTP request received.",
    408: b"The request did not arrive in time.",
    414: b"The target is too long.",
    417: b"The expectation cannot be met.",
    431: b"The header fields are too large.",
    501: b"The request asks for what is not implemented.",
    503: b"The gateway is overloaded.",
    505: b"This version of HTTP is not supported.",
}


class Refused(Exception):
    """A request that is answered by a status of the server's own, and no more.

    `why` is a text of ours for the log: never a byte of the client's.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def refusal(status: int) -> tuple[Headers, bytes]:
    """Return the fields and the body of a refusal."""
    text = _TEXTS[status]
    fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"connection", b"close"),
    ]
    if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        fields.append((b"retry-after", b"1"))
    return fields, text
