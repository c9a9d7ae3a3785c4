"""Map errors: every failure becomes the answer that the error table states.

Wraps all that can fail. What the table does not name is answered by the nearest
parent kind that it names, and else as problem details (RFC 9457).
"""

from __future__ import annotations

import http
import logging
import traceback
from collections.abc import Callable, Container
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
        answers = start.once((MapErrors, self.table), lambda: self._answers(start))

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

    def _answers(self, start: Start) -> dict[str, _Answer]:
        """Prepare each answer that some kind comes down to, once."""
        stated = {answer.kind: answer for answer in self.table.answers}
        named = {kind: _nearest(kind, stated) for kind in KINDS}
        prepared: dict[str | None, _Answer] = {None: _problem}
        for name in dict.fromkeys(named.values()):
            if name is not None:
                prepared[name] = _stated_answer(stated[name], start)
        return {kind: prepared[name] for kind, name in named.items()}


def _nearest(kind: str, stated: Container[str]) -> str | None:
    """Return the nearest of a kind's parents, itself first, that is stated."""
    names = (*lineage(kind), OTHER)
    return next((name for name in names if name in stated), None)


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
    if exc.challenge:
        headers = _challenged(headers, exc.challenge, status)
    if exc.fields:
        stated = {name for name, _ in exc.fields}
        headers = [field for field in headers if field[0] not in stated]
    headers = [*headers, (b"content-length", b"%d" % len(body)), *exc.fields]
    if exc.allow:  # RFC 9110 §15.5.6: a 405 must say what is allowed
        headers.append((b"allow", ", ".join(exc.allow).encode()))
    return Response(status, headers, body)


def _challenged(headers: Headers, said: bytes, status: int) -> Headers:
    """Say in a Bearer challenge what is wrong, behind what the file has it say.

    One for another scheme has no place for it; without any a 401 gets one (RFC 9110
    §15.5.2).
    """
    default = b"Bearer" if status == http.HTTPStatus.UNAUTHORIZED else b""
    stated = next((v for name, v in headers if name == b"www-authenticate"), default)
    scheme, _, parameters = stated.partition(b" ")
    if scheme.lower() != b"bearer":
        return headers
    others = [item for item in headers if item[0] != b"www-authenticate"]
    said = b", ".join([parameters, said] if parameters else [said])
    return [*others, (b"www-authenticate", scheme + b" " + said)]


def _log_defect(exc: Exception, request: Request) -> None:
    """Log where a defect is, without the exception's text: it may hold a secret."""
    frames = "".join(traceback.format_tb(exc.__traceback__))
    path = request.path.decode("latin-1")
    _LOG.error("%s in %s %s\n%s", type(exc).__name__, request.method, path, frames)
