"""Map errors: every failure becomes the answer that the error table states.

Wraps all that can fail. What the table does not name is answered by the nearest
parent kind that it names, and else as problem details (RFC 9457).
"""

from __future__ import annotations

import http
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hxroute import jsontext, rules, templates
from hxroute.errors import KINDS, OTHER, ClientGone, Internal, ProxyError, lineage
from hxroute.http import Handler, Headers, Request, Response, Start
from hxroute.ir import ErrorAnswer, ErrorTable

__all__ = ["MapErrors"]

_LOG: Final = logging.getLogger("hxroute.error")
_Answer = Callable[[ProxyError], Response]


@dataclass(frozen=True, slots=True)
class MapErrors:
    """Answer errors by a table."""

    table: ErrorTable = ErrorTable()
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return (Internal,)

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Prepare the answer of every kind, then try what comes after."""
        stated = {answer.kind: answer for answer in self.table.answers}
        answers = {kind: _answer(kind, stated, start) for kind in KINDS}

        async def map_errors(request: Request) -> Response:
            try:
                return await next(request)
            except ClientGone:
                raise
            except ProxyError as exc:
                return answers[exc.kind](exc)
            except Exception as exc:
                _log_defect(exc, request)
                return answers[Internal.kind](Internal())

        return map_errors


def _answer(kind: str, stated: dict[str, ErrorAnswer], start: Start) -> _Answer:
    for name in (*lineage(kind), OTHER):
        if name in stated:
            return _stated_answer(stated[name], start)
    return _problem


def _stated_answer(answer: ErrorAnswer, start: Start) -> _Answer:
    content_type, content = templates.content(answer.json, answer.text, start.settings)
    headers = rules.stated(answer.headers, content_type if content != b"" else None)

    def stated(exc: ProxyError) -> Response:
        status = answer.status or exc.status
        try:
            body = (
                content if isinstance(content, bytes) else content(_values(exc, status))
            )
        except ProxyError:  # the template has no value for this error
            return _problem(exc)
        return _response(status, headers, body, exc)

    return stated


def _values(exc: ProxyError, status: int) -> templates.Values:
    error = {
        "kind": exc.kind,
        "status": status,
        "detail": exc.detail,
        "max_size": exc.max_size,
    }
    return {"error": error}


def _problem(exc: ProxyError) -> Response:
    """Answer with problem details (RFC 9457)."""
    body = jsontext.encode(
        {
            "type": "about:blank",
            "title": http.HTTPStatus(exc.status).phrase,
            "status": exc.status,
            "detail": exc.detail,
        }
    )
    headers = [(b"content-type", b"application/problem+json")]
    if exc.status == http.HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    return _response(exc.status, headers, body, exc)


def _response(status: int, headers: Headers, body: bytes, exc: ProxyError) -> Response:
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    if exc.allow:  # RFC 9110 §15.5.6: a 405 must say what is allowed
        headers.append((b"allow", ", ".join(exc.allow).encode()))
    return Response(status, headers, body)


def _log_defect(exc: Exception, request: Request) -> None:
    """Log where a defect is, without the exception's text: it may hold a secret."""
    frames = "".join(traceback.format_tb(exc.__traceback__))
    path = request.path.decode("latin-1")
    _LOG.error("%s in %s %s\n%s", type(exc).__name__, request.method, path, frames)
