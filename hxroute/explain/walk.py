"""The walk: a request is matched, and goes through its pipeline up to the last hop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Final

from hxroute.compiler import Compiled
from hxroute.errors import BadPath, ProxyError, StartError
from hxroute.explain import calls
from hxroute.explain.answers import Answers, Upstream
from hxroute.explain.candidates import candidates
from hxroute.explain.data import Explanation, Field, Step
from hxroute.explain.fields import Ledger
from hxroute.explain.front import received
from hxroute.explain.keys import check, shown_in
from hxroute.explain.question import Question
from hxroute.explain.steps import step
from hxroute.explain.values import Values, shown, values, without_credentials
from hxroute.http import Handler, Headers, Request, Response, Start
from hxroute.ir import ErrorTable, Node
from hxroute.nodes import (
    Authenticate,
    Cors,
    Execute,
    Health,
    LimitBody,
    MapErrors,
    Observe,
    RateLimit,
    Respond,
)
from hxroute.passing import with_one
from hxroute.runtime.routing import Router, bare_routes

__all__ = ["explain"]

_PREFLIGHT: Final = "answer the preflight of a browser"
_UNTOLD: Final = "; whether this is one cannot be told here"


def explain(
    compiled: Compiled, question: Question, environ: Mapping[str, str]
) -> Explanation:
    """Explain what a gateway would do with a request.

    Args:
        compiled: a routes file without errors.
        question: the request.
        environ: where settings come from; those that are not set get a stand-in.
    """
    return asyncio.run(_explained(compiled, question, environ))


async def _explained(
    compiled: Compiled, question: Question, environ: Mapping[str, str]
) -> Explanation:
    gateway = compiled.gateway
    assert gateway is not None
    known = values(gateway.settings, environ)
    notes = (*known.notes, *question.notes())
    about = Explanation(
        compiled.report.file,
        question.method,
        question.target,
        limits=tuple(sorted(gateway.limits.written().items())),
        notes=notes,
    )
    refused = received(question, gateway.limits)
    if refused is not None:
        return dataclasses.replace(about, steps=(refused,), answer=refused.ends)
    hidden = without_credentials(question.headers, shown_in(gateway))
    request = question.request(list(hidden))
    routes = bare_routes(gateway)
    found = _matched(Router(routes, gateway.paths), request)
    refusal = found if isinstance(found, ProxyError) else None
    if not isinstance(refusal, BadPath):
        about = dataclasses.replace(
            about, candidates=tuple(candidates(routes, request))
        )
    if refusal is not None:
        answers = Answers(gateway.unmatched, known.shown, request)
        answer = await answers.to(refusal)
        refused = Step("match", 0, f"match: {refusal.detail}", answer)
        return dataclasses.replace(about, steps=(refused,), answer=answer)
    place = next(r.place for r in routes if r.endpoint is request.endpoint)
    walk = _Walk(compiled, place, known, question, hidden)
    preflight = routes[place].preflight
    if preflight is not None and found is preflight:
        return await walk.to_preflight(preflight, request, about)
    return await walk.along(request, about)


async def _nothing(request: Request) -> Response:
    """Stand for what comes after a node."""
    return Response(200)


def _matched(router: Router, request: Request) -> Handler | ProxyError:
    """Let the gateway's own router choose; return what it found, or why it refuses."""
    try:
        return router.match(request)
    except ProxyError as exc:
        return exc


class _Walk:
    """One request on its way through the pipeline of its endpoint."""

    def __init__(
        self,
        compiled: Compiled,
        place: int,
        known: Values,
        question: Question,
        hidden: Headers,
    ) -> None:
        assert compiled.gateway is not None
        self._compiled = compiled
        self._gateway = compiled.gateway
        self._place = place
        self._endpoint = compiled.gateway.endpoints[place]
        self._known = known
        self._question = question
        self._hidden = hidden
        pipeline = self._endpoint.pipeline
        asked = question.request(list(hidden))
        self._answers = Answers(pipeline, known.shown, asked)
        self._upstream = Upstream()
        self._answered: Headers | None = None
        self._notes: list[str] = []

    async def to_preflight(
        self, handler: Handler, request: Request, about: Explanation
    ) -> Explanation:
        """Go along the pipeline as far as a preflight comes."""
        steps: list[Step] = []
        for node in self._endpoint.pipeline:
            steps.append(step(node, self._known.shown))
            if isinstance(node, Cors):
                break
        answer = self._answers.preflight(await handler(request))
        steps[-1] = dataclasses.replace(steps[-1], text=_PREFLIGHT, ends=answer)
        return dataclasses.replace(
            about,
            endpoint=self._endpoint.name,
            line=self._endpoint.at,
            steps=tuple(steps),
            answer=answer,
        )

    async def along(self, request: Request, about: Explanation) -> Explanation:
        """Go along the pipeline, and say what happens."""
        came = list(request.headers)
        steps = [item async for item in self._steps(request)]
        last = self._endpoint.pipeline[-1]
        waits = calls.limits(last, self._gateway) if isinstance(last, Execute) else None
        besides = calls.raises(last, self._gateway) if isinstance(last, Execute) else ()
        failures = await self._answers.to_all(waits, self._max_size(), besides)
        about = dataclasses.replace(
            about,
            endpoint=self._endpoint.name,
            line=self._endpoint.at,
            steps=tuple(steps),
            answer=next((item.ends for item in steps if item.ends is not None), None),
        )
        if isinstance(last, Execute) and self._upstream.called is not None:
            failures += await self._answers.to_statuses(last, request)
            about = await self._called(last, self._upstream.called, came, about)
        notes = (*about.notes, *self._notes)
        return dataclasses.replace(about, failures=tuple(failures), notes=notes)

    async def _steps(self, request: Request) -> AsyncIterator[Step]:
        """Yield the steps that the request takes, one that ends it the last.

        After a missing key it goes on, as one that shows a key.
        """
        for node in self._endpoint.pipeline:
            made = await self._step(node, request)
            yield made
            if isinstance(node, Authenticate):
                field = node.auth.shown_in.encode()
                request.headers = with_one(request.headers, field)
            elif made.ends is not None:
                return

    async def _step(self, node: Node, request: Request) -> Step:
        made = step(node, self._known.shown)
        if isinstance(node, Cors | MapErrors | Observe | RateLimit):
            return made  # what others have used up so far is not known here
        try:
            if isinstance(node, Authenticate):
                told = await check(node, self._question.headers, self._known.real)
                return made if told else _more(made, _UNTOLD)
            response = await self._prepared(node)(request)
        except StartError as exc:
            self._notes.append(f"the gateway would not start: {exc}")
            return _more(made, "; with these settings it cannot")
        except ProxyError as exc:
            answer = await self._answers.to(exc)
            return dataclasses.replace(_more(made, f": {exc.detail}"), ends=answer)
        if isinstance(node, Execute):
            self._answered = response.headers
        by_itself = isinstance(node, Execute) and self._upstream.called is None
        shows = by_itself or isinstance(node, Health | Respond)
        ends = await self._answers.shown(response) if shows else None
        return dataclasses.replace(made, ends=ends)

    def _prepared(self, node: Node) -> Handler:
        """Fold one node, with nothing behind it."""
        if isinstance(node, Execute):
            node = dataclasses.replace(node, errors=ErrorTable())
        try:
            return node.wrap(_nothing, Start(self._known.shown, self._upstream.connect))
        except ProxyError as exc:
            message = f"a template fits no request: {exc.detail}"
            raise StartError(message) from exc

    def _max_size(self) -> int | None:
        """Return the bytes that a body may have, None where it streams."""
        start = Start(self._known.shown, self._upstream.connect)
        for node in self._endpoint.pipeline:
            if isinstance(node, LimitBody):
                with contextlib.suppress(StartError):
                    return node.limit(start)
        return None

    async def _called(
        self, node: Execute, called: Request, came: Headers, about: Explanation
    ) -> Explanation:
        """Add the upstream request, and what becomes of fields on both ways."""
        request = self._question.request(list(self._hidden))
        call, notes = await calls.sent(node, called, self._gateway, self._known)
        self._notes += notes
        ledger = Ledger(self._compiled, self._place)
        answered: list[Field] = []
        if self._answered is not None:
            answered += ledger.response(self._answered)
            answered += await self._shared(request)
        return dataclasses.replace(
            about,
            fields=tuple(ledger.request(came, called.headers)),
            call=call,
            answered=tuple(answered),
        )

    async def _shared(self, request: Request) -> list[Field]:
        """Return the fields by which `cors` lets a script read an answer."""
        for node in self._endpoint.pipeline:
            if isinstance(node, Cors):
                handler = node.wrap(_nothing, self._answers.start)
                made = (await handler(request)).headers
                by = "set by `cors`"
                return [
                    Field(shown(name), shown(value), "set", by, node.at)
                    for name, value in made
                ]
        return []


def _more(made: Step, text: str) -> Step:
    return dataclasses.replace(made, text=f"{made.text}{text}")
