"""A start makes what endpoints have in common once, and still finds every mistake."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from hxroute.errors import ProxyError, StartError
from hxroute.http import Handler, Request, Response, Start
from hxroute.ir import Endpoint, ErrorAnswer, ErrorTable, Gateway, Node, Setting
from hxroute.nodes import MapErrors, Observe, Respond
from hxroute.runtime import Running, application
from hxroute.runtime.app import prepare

TABLE = ErrorTable("t", (ErrorAnswer("other", json='{"k":"{{ error.kind }}"}'),))


@dataclass(slots=True)
class Own:
    """A node of somebody's own: it counts, and has no hash."""

    wrapped: int = 0

    def raises(self) -> tuple[type[ProxyError], ...]:
        return ()

    def wrap(self, next: Handler, start: Start) -> Handler:
        self.wrapped += 1
        served = 0

        async def count(request: Request) -> Response:
            nonlocal served
            served += 1
            response = await next(request)
            response.headers.append((b"served", b"%d" % served))
            return response

        return count


def gateway(*pipelines: tuple[Node, ...], **kwargs: str) -> Gateway:
    """Give each pipeline a path of its own, on a line of its own: /0 on 10, /1 on 11."""
    return Gateway(
        tuple(
            Endpoint(f"/{place}", pipeline, at=10 + place)
            for place, pipeline in enumerate(pipelines)
        ),
        settings=tuple(Setting(name, default=value) for name, value in kwargs.items()),
    )


def answers(
    made: Gateway, *targets: bytes, environ: Mapping[str, str] | None = None
) -> list[Response]:
    async def asked() -> list[Response]:
        running = Running(made, environ or {})
        asked = [Request("GET", target) for target in targets]
        return [await running.handler(request)(request) for request in asked]

    return asyncio.run(asked())


def test_endpoints_of_equal_pipelines_answer_alike_and_each_for_itself() -> None:
    alike = [(MapErrors(TABLE, at=n), Respond(text="{{ path.x }}")) for n in (1, 2)]
    other = (MapErrors(TABLE, at=3), Respond(text="other"))
    first, second, third = answers(gateway(*alike, other), b"/0", b"/1", b"/2")
    assert first.body == second.body == b'{"k":"bad_request"}'
    assert third.body == b"other"


def test_a_node_of_somebodys_own_is_wrapped_for_each_endpoint() -> None:
    own = Own()
    pipeline = (Observe(), own, Respond(text="x"))
    served = answers(gateway(pipeline, pipeline), b"/0", b"/0", b"/1")
    assert own.wrapped == 2
    assert [dict(r.headers)[b"served"] for r in served] == [b"1", b"2", b"1"]


@pytest.mark.parametrize("template", ["{{ [1][5] }}", "{{ [1][settings.a] }}"])
def test_a_mistake_that_endpoints_share_is_told_with_the_first_line(
    template: str,
) -> None:
    fine, wrong = (Respond(text="fine"),), (Respond(text=template),)
    with pytest.raises(StartError, match="line 11: a template fits no request"):
        Running(gateway(fine, wrong, wrong, a="text"), {})


def test_a_mistake_in_the_last_of_many_endpoints_is_found() -> None:
    pipelines: list[tuple[Node, ...]] = [(MapErrors(TABLE), Respond(text="fine"))] * 50
    table = ErrorTable("u", (ErrorAnswer("not_found", text="{{ [1][5] }}"),))
    with pytest.raises(StartError, match="line 60: a template fits no request"):
        Running(gateway(*pipelines, (MapErrors(table), Respond(text="fine"))), {})


def test_two_starts_share_nothing() -> None:
    made = Gateway(
        (Endpoint("/", (Respond(text="{{ settings.a }}"),)),),
        settings=(Setting("a", env=("A",)),),
    )
    for value in ("one", "two"):
        assert answers(made, b"/", environ={"A": value})[0].body == value.encode()


@pytest.fixture(params=[True, False], ids=["on", "off"])
def collects(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether garbage is looked for, whatever the tests before have left."""
    before, wanted = gc.isenabled(), bool(request.param)
    (gc.enable if wanted else gc.disable)()
    yield wanted
    (gc.enable if before else gc.disable)()


def test_a_start_leaves_the_collector_as_it_was(*, collects: bool) -> None:
    Running(gateway((Respond(text="x"),)), {})
    assert gc.isenabled() == collects
    with pytest.raises(StartError):
        Running(gateway((Respond(text="{{ [1][5] }}"),)), {})
    assert gc.isenabled() == collects


def lived(app: Any) -> object:
    """Start an app, and end it; return what it ran."""

    async def life() -> object:
        async with app.router.lifespan_context(app):
            return app.running

    return asyncio.run(life())


def test_an_app_starts_with_what_was_prepared_once() -> None:
    made = gateway((Respond(text="x"),))
    app, running = application(made, environ={}), Running(made, {})
    prepare(app, running)
    assert lived(app) is running
    assert lived(app) is not running  # its pools are closed by now


@dataclass(frozen=True, slots=True)
class Counted(Respond):
    """A node of somebody's own, made of one of ours; it is equal to its like."""

    def wrap(self, next: Handler, start: Start) -> Handler:
        counting = Own().wrap(Respond.wrap(self, next, start), start)

        async def count(request: Request) -> Response:
            return await counting(request)

        return count


def test_endpoints_do_not_share_a_node_that_only_derives_from_ours() -> None:
    made = gateway((Counted(text="x"),), (Counted(text="x"),))
    served = [a.headers[-1] for a in answers(made, b"/0", b"/0", b"/1")]
    assert served == [(b"served", b"1"), (b"served", b"2"), (b"served", b"1")]
