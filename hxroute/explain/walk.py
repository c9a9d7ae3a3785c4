"""The walk: a request goes through its pipeline, node by node, up to the last hop."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import urlsplit

from hxroute import paths, rules, templates
from hxroute.compiler import Compiled
from hxroute.compiler.resolve import Program, Unit
from hxroute.errors import ProxyError, StartError
from hxroute.explain.answers import answer_to, failures, shown_answer, size_limit
from hxroute.explain.candidates import candidates
from hxroute.explain.data import Answer, Call, Explanation, Step
from hxroute.explain.fields import Ledger, shown
from hxroute.explain.question import Question
from hxroute.explain.steps import describe
from hxroute.explain.values import Values, values
from hxroute.http import Handler, Headers, Request, Start, Timeout
from hxroute.ir import Endpoint, Gateway, Node
from hxroute.nodes import Authenticate, Execute, MapErrors, Observe
from hxroute.runtime.connectors import framing
from hxroute.runtime.routing import Route, Router

__all__ = ["explain"]


def explain(
    compiled: Compiled, question: Question, environ: Mapping[str, str]
) -> Explanation:
    """Explain what a gateway would do with a request.

    Args:
        compiled: a routes file without errors.
        question: the request.
        environ: where settings come from; those that are not set get a stand-in.
    """
    gateway, program = compiled.gateway, compiled.program
    assert gateway is not None
    assert program is not None
    known = values(gateway.settings, environ)
    request = question.request()
    start = Start(known.shown, _connect_to_nothing)
    refusal = _route(gateway, request)
    about = Explanation(
        file=compiled.report.file,
        method=question.method,
        target=question.target,
        endpoint="",
        line=0,
        candidates=tuple(candidates(gateway, request)),
        notes=known.notes,
    )
    if refusal is not None:
        answer = asyncio.run(answer_to(refusal, gateway.unmatched, start))
        step = Step("match", 0, refusal.detail, answer)
        return dataclasses.replace(about, steps=(step,), answer=answer)
    endpoint = request.endpoint
    assert isinstance(endpoint, Endpoint)
    place = next(n for n, item in enumerate(gateway.endpoints) if item is endpoint)
    walk = _Walk(gateway, program, program.endpoints[place], known, question)
    return asyncio.run(walk.along(endpoint, request, about))


def _route(gateway: Gateway, request: Request) -> ProxyError | None:
    """Let the gateway's own router choose; return why it refuses."""
    routes = [
        Route(place, endpoint, paths.parse_pattern(endpoint.path), _reached)
        for place, endpoint in enumerate(gateway.endpoints)
    ]
    try:
        Router(routes, gateway.paths).match(request)
    except ProxyError as exc:
        return exc
    return None


class _Reached(Exception):
    """A request got as far as it was let."""


async def _reached(request: Request) -> NoReturn:
    raise _Reached


def _connect_to_nothing(upstream: str, timeout: Timeout | None) -> Handler:
    return _reached


@dataclass
class _Walk:
    """One request on its way, and what has been said of it."""

    gateway: Gateway
    program: Program
    unit: Unit
    known: Values
    question: Question
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    called: Request | None = None
    answer: Answer | None = None

    async def along(
        self, endpoint: Endpoint, request: Request, about: Explanation
    ) -> Explanation:
        """Go through a pipeline."""
        start = Start(self.known.shown, self._connect)
        came = list(request.headers)
        for node in endpoint.pipeline:
            came = list(request.headers)
            step = await self._step(node, request, endpoint.pipeline, start)
            self.steps.append(step)
            if step.ends is not None and not isinstance(node, Authenticate):
                self.answer = step.ends
                break
        last = endpoint.pipeline[-1]
        found = await failures(
            endpoint.pipeline, start, size_limit(endpoint.pipeline, start)
        )
        about = dataclasses.replace(
            about,
            endpoint=endpoint.name,
            line=endpoint.at,
            steps=tuple(self.steps),
            answer=self.answer,
            failures=tuple(found),
            notes=(*about.notes, *self.notes),
        )
        if not isinstance(last, Execute) or self.called is None:
            return about
        ledger = Ledger(self.program, self.unit, last)
        called = self.called
        return dataclasses.replace(
            about,
            fields=tuple(ledger.request(self.question.headers, came, called.headers)),
            call=self._call(last, called),
            answered=tuple(ledger.response(self._answered(last, request))),
        )

    async def _step(
        self, node: Node, request: Request, pipeline: tuple[Node, ...], start: Start
    ) -> Step:
        """Let a node handle the request, with nothing behind it."""
        made = Step(type(node).__name__, getattr(node, "at", 0), describe(node))
        if isinstance(node, Observe | MapErrors):
            return made
        if isinstance(node, Authenticate):
            start = Start(self.known.real, self._connect)
        try:
            response = await node.wrap(_reached, start)(request)
        except _Reached:
            return made
        except (StartError, KeyError):
            text = f"{made.text}; whether this is one cannot be told here"
            return dataclasses.replace(made, text=text)
        except ProxyError as exc:
            answer = await answer_to(exc, pipeline, start)
            text = f"{made.text}: {exc.detail}"
            return dataclasses.replace(made, text=text, ends=answer)
        self.answer = shown_answer(response)
        return made

    def _connect(self, upstream: str, timeout: Timeout | None) -> Handler:
        async def call(request: Request) -> NoReturn:
            self.called = request
            raise _Reached

        return call

    def _call(self, last: Execute, called: Request) -> Call:
        """Return the upstream request as the connector would send it."""
        upstream = next(u for u in self.gateway.upstreams if u.name == last.upstream)
        base = templates.decided(upstream.url, self.known.shown) or upstream.url
        target = called.path + (b"?" + called.query if called.query else b"")
        host = (b"host", urlsplit(base).netloc.encode() or b"?")
        body = called.body if isinstance(called.body, bytes) else b""
        return Call(
            upstream.name,
            last.at,
            called.method,
            base.rstrip("/") + target.decode("latin-1"),
            tuple(
                (name.decode("latin-1"), shown(name, value))
                for name, value in (host, *called.headers, *framing(called))
            ),
            body.decode("utf-8", "backslashreplace"),
            tuple(dataclasses.asdict(last.timeout or upstream.timeout).items()),
        )

    def _answered(self, last: Execute, request: Request) -> Headers:
        """Return the fields that an answer without any ends up with."""
        read = templates.roots(last.sources())
        apply = rules.prepare(last.response_headers, self.known.shown)
        return apply([], templates.values(request, read))
