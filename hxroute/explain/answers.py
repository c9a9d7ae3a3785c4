"""What the gateway itself answers to one request, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn

from hxroute.errors import (
    KINDS,
    OTHER,
    UPSTREAM_STATUS,
    PayloadTooLarge,
    ProxyError,
    TotalTimeout,
    lineage,
)
from hxroute.explain.data import Answer, Failure
from hxroute.explain.values import shown
from hxroute.http import BODILESS, Handler, Request, Response, Start, Timeout
from hxroute.ir import Node, StatusRule
from hxroute.nodes import Cors, Execute, MapErrors
from hxroute.resilience import Retry
from hxroute.responses import Replacement
from hxroute.runtime import calls

__all__ = ["Answers", "Upstream"]

_STATUSES: Final = tuple(n for n in range(300, 600) if n not in BODILESS)
"""What an upstream may answer that a mapping replaces."""


class Upstream:
    """Stands for every upstream: notes the call, and answers with a bare status."""

    def __init__(self, status: int = 200) -> None:
        self.called: Request | None = None
        self._status = status

    def connect(
        self, name: str, timeout: Timeout | None, retry: Retry | None
    ) -> Upstream:
        """Return itself, as the handler of the call."""
        return self

    async def __call__(self, request: Request) -> Response:
        """Take a call."""
        self.called = request
        return Response(self._status)


class Answers:
    """The answers of one pipeline to a request of some method and fields."""

    def __init__(
        self, pipeline: Iterable[Node], settings: Mapping[str, object], asked: Request
    ) -> None:
        self._pipeline = tuple(pipeline)
        found = (node for node in self._pipeline if isinstance(node, MapErrors))
        self._mapping = next(found, MapErrors())
        self._cors = [node for node in self._pipeline if isinstance(node, Cors)]
        self._settings = settings
        self._asked = asked
        self.start = Start(settings, Upstream().connect)  # prepares each answer once

    async def shown(self, response: Response) -> Answer:
        """Return a response whose body is at hand as the client sees it."""

        async def given(request: Request) -> Response:
            return response

        handler: Handler = given
        for node in self._cors:
            handler = node.wrap(handler, self.start)
        return self.preflight(await handler(self._asked))

    def preflight(self, response: Response) -> Answer:
        """Return an answer that no node comes around."""
        assert isinstance(response.body, bytes)
        headers = tuple((shown(name), shown(value)) for name, value in response.headers)
        body = "" if self._asked.method == "HEAD" else shown(response.body)
        return Answer(response.status, headers, body)

    async def to(self, error: ProxyError) -> Answer:
        """Return what the error mapping answers to an error."""

        async def fail(request: Request) -> NoReturn:
            raise error

        handler = self._mapping.wrap(fail, self.start)
        return await self.shown(await handler(self._asked))

    async def to_all(
        self,
        limits: Timeout | None,
        max_size: int | None,
        besides: Iterable[type[ProxyError]] = (),
    ) -> list[Failure]:
        """Return what each error that the pipeline can end in would answer.

        Args:
            limits: those of the upstream call.
            max_size: that of the body.
            besides: what the upstream's guards raise.
        """
        kinds = {error.kind for node in self._pipeline for error in node.raises()}
        kinds.update(error.kind for error in besides)
        if limits is None or limits.total is None:
            kinds.discard(TotalTimeout.kind)
        worded = {error.kind: error for error in _worded(limits, max_size)}
        found = []
        for kind, error in KINDS.items():
            if kind in kinds:
                answer = await self.to(worded.get(kind, error()))
                found.append(Failure(kind, answer, *self._stated(kind)))
        return found

    def _stated(self, kind: str) -> tuple[int, str]:
        """Return the line of a kind's answer, and under which name it is stated."""
        table = self._mapping.table
        lines = {answer.kind: answer.at for answer in table.answers}
        for name in (*lineage(kind), OTHER):
            if name in lines:
                return lines[name], f"`{table.name}` answers `{name}`"
        return 0, "problem details (RFC 9457)"

    async def to_statuses(self, call: Execute, request: Request) -> list[Failure]:
        """Return what becomes of the upstream statuses that the mapping replaces.

        Args:
            call: the execution node.
            request: what has got there.
        """
        found = []
        for rule, status in _samples(call.errors.upstream_status, self._settings):
            upstream = Upstream(status)
            handler = call.wrap(upstream, Start(self._settings, upstream.connect))
            try:
                answer = await self.shown(await handler(request))
            except ProxyError as exc:
                answer = await self.to(exc)
            called = upstream.called
            if called is None or "HEAD" in (request.method, called.method):
                break  # there is no call, or an answer without a body, which passes
            reason = f"the upstream answered {_statuses(rule, status)}"
            found.append(Failure(UPSTREAM_STATUS, answer, rule.at, reason))
        return found


def _worded(limits: Timeout | None, max_size: int | None) -> Iterator[ProxyError]:
    """Yield the errors whose texts depend on the endpoint."""
    yield PayloadTooLarge(max_size=max_size)
    if limits is not None:
        yield from calls.failures(limits)


def _samples(
    rules: tuple[StatusRule, ...], settings: Mapping[str, object]
) -> Iterator[tuple[StatusRule, int]]:
    """Yield each rule with the first status that it is the first to match."""
    prepared = [Replacement(rule, settings) for rule in rules]
    samples: dict[int, int] = {}
    for status in _STATUSES:
        places = (n for n, item in enumerate(prepared) if item.matches(status))
        place = next(places, None)
        if place is not None:
            samples.setdefault(place, status)
    yield from ((rules[place], samples[place]) for place in sorted(samples))


def _statuses(rule: StatusRule, sample: int) -> str:
    """Name what a rule matches, and which of it is shown."""
    here = "" if rule.match == (str(sample),) else f", here {sample}"
    unless = ", unless its body is a JSON error" if rule.unless else ""
    return f"{' or '.join(rule.match)}{here}{unless}"
