"""A recorded request, explained: whatever a client sends, it need be no request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hxroute import paths, rules
from hxroute.compiler import Compiled
from hxroute.explain import Explanation, Question, explain
from hxroute.explain.data import Answer, Step
from hxroute.ir import Server
from hxroute.nodes.execute import METHOD
from hxroute.proof.messages import Request
from hxroute.runtime.refusals import refusal

__all__ = ["explained"]

_PADDING: Final = " \t"


def explained(
    compiled: Compiled, request: Request, environ: Mapping[str, str]
) -> Explanation:
    """Explain what the gateway would do with a recorded request.

    What no parser takes for a request is refused by the server, and asks nothing.
    """
    assert compiled.gateway is not None
    asked = _question(request, compiled.gateway.server)
    if _is_request(asked):
        return explain(compiled, asked, environ)
    fields, body = refusal(400)
    shown = tuple((name.decode(), value.decode()) for name, value in fields)
    answer = Answer(400, shown, body.decode())
    step = Step("server", 0, "server: no valid HTTP/1.1 request (RFC 9112)", answer)
    file = compiled.report.file
    return Explanation(file, asked.method, asked.target, steps=(step,), answer=answer)


def _is_request(asked: Question) -> bool:
    return METHOD.fullmatch(asked.method.encode()) is not None and all(
        rules.FIELD_NAME.fullmatch(name) and not rules.FIELD_VALUE_REFUSED.search(value)
        for name, value in asked.headers
    )


def _question(request: Request, server: Server) -> Question:
    """Ask for it as it stands on the wire; the gateway is the host where none is given."""
    fields = request.fields(f"{server.host}:{server.port}")
    return Question(
        _raw(request.method).decode("latin-1"),
        paths.printable(_raw(request.target)).decode(),
        tuple((_raw(n.lower()), _raw(v.strip(_PADDING))) for n, v in fields),
        _body(request),
    )


def _body(request: Request) -> bytes:
    """Return the body without its framing; as it is sent where that is broken."""
    try:
        return _raw(request.content)
    except ValueError:
        return _raw(request.sent)


def _raw(text: str) -> bytes:
    return text.encode("latin-1", "replace")
