"""Whatever an upstream says, both clients come to a safe end of it, and are good for more."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.ir import Client
from tests.clients import CLIENTS
from tests.runtime.serving import compiled
from tests.strategies import examples
from tests.upstream.cases import Case, Whole
from tests.upstream.drawn import Drawn, drawn
from tests.upstream.gateway import HEAD, Bench, shared, tell
from tests.upstream.wire import Answer, connected

UPSTREAMS: Final = "\n".join(
    f'  {client}: {{url: "{{{{ settings.url }}}}", client: {client}, max_connections: 1}}'
    for client in CLIENTS
)
GATEWAY = compiled(
    "\n".join(
        f'- {{path: "/{client}/{{rest:path}}", upstream: {client}}}'
        for client in CLIENTS
    ),
    f"{HEAD}upstreams:\n{UPSTREAMS}\n",
)
NUMBERS = itertools.count()
SECONDS: Final = 20


@pytest.fixture(scope="module")
def each_client() -> None:
    """None: here they stand side by side."""


@pytest.fixture(scope="module")
def served(runner: asyncio.Runner) -> Iterator[Bench]:
    with shared(runner, GATEWAY) as served:
        yield served


async def play(served: Bench, client: Client, answer: Drawn, method: str) -> Answer:
    """Play an answer; then see that its place in the pool is free, and nothing is in it."""
    place = f"/{client}/{next(NUMBERS)}"
    served.upstream.scripts[place] = answer.script
    async with asyncio.timeout(SECONDS), connected(served.port) as asking:
        got = await asking.ask(method, place)
        tell(Case(client, (), answer.expected), got)
        await served.upstream.played_out(place)
        for again in ("GET", "POST"):
            await served.canary(f"{place}/{again}", again)
    del served.upstream.scripts[place]
    if not any(isinstance(one, Whole) for one in answer.expected):
        links = [link for link in served.upstream.links if place in link.targets]
        assert all(link.targets[-1] == place for link in links), "used again"
    return got


@examples(200)
@given(data=st.data(), method=st.sampled_from(["GET", "POST"]))
def test_drawn_answer_has_a_safe_end_on_both(
    data: st.DataObject, method: str, served: Bench, runner: asyncio.Runner
) -> None:
    """Where it can be read in one way only, both read it so."""
    answer = data.draw(drawn(method))

    async def both() -> list[Answer]:
        plays = (play(served, client, answer, method) for client in CLIENTS)
        return await asyncio.gather(*plays)

    one, other = runner.run(both())
    if answer.is_strict:
        assert fields(one) == fields(other)


def fields(answer: Answer) -> list[tuple[str, str]]:
    return [item for item in answer.headers if item[0] != "date"]
