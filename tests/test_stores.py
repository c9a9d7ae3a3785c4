"""Buckets in a real Valkey: exact, and never waited for while it is down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import pytest

from hxroute.limiting import Buckets, Limit, Rate, Store
from hxroute.stores import Shared, StoreDown
from tests.processes import free_port
from tests.valkeys import server

PATIENT = 30.0  # never waited for: how long an answer may take on a busy machine
HOURLY = Limit("hourly", 50, 3600.0, "client").rate


@pytest.fixture(scope="module")
def valkey() -> Iterator[Any]:
    with server() as running:
        yield running


@pytest.fixture(autouse=True)
def emptied(valkey: Any) -> None:
    with valkey.client() as client:
        client.flushall()


@contextlib.asynccontextmanager
async def shared(
    url: str, timeout: float = PATIENT, **options: Any
) -> AsyncIterator[Shared]:
    """Use a store, and close its connections in the end."""
    store = Shared(Store("shared", url, timeout), url, **options)
    task = asyncio.create_task(store.open())
    try:
        yield store
    finally:
        await asyncio.sleep(0)  # so that it has begun
        task.cancel()
        await asyncio.wait([task])


async def passes(store: Shared, *keys: str, rate: Rate = HOURLY) -> bool:
    debts = await store.take(keys, [rate] * len(keys))
    return all(map(rate.allows, debts))


def url_of(valkey: Any) -> str:
    return f"valkey://127.0.0.1:{valkey.port}"


def test_store_lets_exactly_as_many_through_at_once(valkey: Any) -> None:
    async def scenario() -> list[bool]:
        async with (
            shared(url_of(valkey)) as one,
            shared(f"redis://127.0.0.1:{valkey.port}/0") as other,
        ):
            stores = [one, other] * 100
            return await asyncio.gather(*(passes(store, "k") for store in stores))

    assert sum(asyncio.run(scenario())) == 50


def test_burst_takes_few_steps_and_one_connection(valkey: Any) -> None:
    async def scenario() -> list[bool]:
        async with shared(url_of(valkey)) as store:
            return await asyncio.gather(
                *(passes(store, f"k{n % 10}", f"l{n % 4}") for n in range(1000))
            )

    with valkey.client() as client:
        client.config_resetstat()
        assert sum(asyncio.run(scenario())) == 4 * 50
        calls = client.info("commandstats")["cmdstat_evalsha"]["calls"]

    assert calls <= 10


def test_store_counts_as_a_process_does(valkey: Any) -> None:
    rate = Limit("a", 7, 24 * 3600.0, "client", 3).rate

    async def scenario() -> list[int]:
        async with shared(url_of(valkey)) as store:
            return [(await store.take(["k"], [rate]))[0] for _ in range(5)]

    buckets, expected = Buckets(), []
    for _ in range(5):
        expected.append(buckets.debt("k", rate, 0))
        if rate.allows(expected[-1]):
            buckets.owe("k", expected[-1] + rate.interval, 0)

    for debt, other in zip(asyncio.run(scenario()), expected, strict=True):
        assert 0 <= other - debt < 3600 * 1_000_000  # the store's clock goes on
        assert rate.left(debt)[0] == rate.left(other)[0]


def test_store_takes_of_every_bucket_or_of_none(valkey: Any) -> None:
    once = Limit("once", 1, 3600.0, "client").rate

    async def scenario() -> None:
        async with shared(url_of(valkey)) as store:
            assert await passes(store, "full", rate=once)
            debts = await store.take(["full", "other"], [once, HOURLY])
            assert [once.allows(debts[0]), HOURLY.allows(debts[1])] == [False, True]
            assert await store.take(["other"], [HOURLY]) == [0]

    asyncio.run(scenario())


def test_store_forgives_what_is_over_a_smaller_bucket(valkey: Any) -> None:
    small = Limit("small", 1, 1.0, "client").rate

    async def scenario() -> list[int]:
        async with shared(url_of(valkey)) as store:
            for _ in range(50):
                assert await passes(store, "k")
            return await store.take(["k"], [small])

    assert asyncio.run(scenario()) == [small.size]


def test_store_forgets_a_bucket_once_it_is_full(valkey: Any) -> None:
    async def scenario() -> None:
        async with shared(url_of(valkey)) as store:
            await passes(store, store.key("hourly", "", "someone"))

    asyncio.run(scenario())

    with valkey.client() as client:
        (key,) = client.keys()
        assert 0 < client.pttl(key) <= HOURLY.interval // 1000
        assert key.startswith(b"hxroute:hourly:")
        assert b"someone" not in key


def test_store_without_what_it_needs_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['limits'] = None\n"
        "from hxroute.limiting import Store\n"
        "from hxroute.stores import Shared\n"
        "Shared(Store('shared', '', at=7), 'valkey://:hush@127.0.0.1:1')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    last = done.stderr.splitlines()[-1]
    assert last.endswith(
        "line 7: store `shared` needs an extra; pip install 'hxroute[ratelimit]'"
    )
    assert "hush" not in last


def test_gateway_without_a_store_loads_nothing_of_it() -> None:
    code = (
        "import sys, hxroute.runtime, hxroute.nodes, hxroute.stores\n"
        "print({'limits', 'valkey', 'redis'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"


def test_store_tells_keys_apart() -> None:
    store = Shared(Store("s", ""), "valkey://127.0.0.1:1")
    keys = [
        store.key("a", "e", "v"),
        store.key("a", "f", "v"),
        store.key("b", "e", "v"),
        store.key("a", "e", "w"),
        store.key("a", "e", "\udcff"),
    ]

    assert len(set(keys)) == len(keys)


def test_store_that_has_forgotten_the_script_is_told_it_again(valkey: Any) -> None:
    async def scenario() -> None:
        async with shared(url_of(valkey)) as store:
            assert await passes(store, "k")
            with valkey.client() as client:
                client.script_flush()
            assert await passes(store, "k")

    asyncio.run(scenario())


def test_request_that_is_cancelled_spoils_no_answer_of_another(valkey: Any) -> None:
    async def scenario() -> None:
        async with shared(url_of(valkey)) as store:
            for turns in range(60):
                task = asyncio.create_task(store.take(["left"], [HOURLY]))
                for _ in range(turns % 12):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                debts = await store.take([f"k{turns}", "x"], [HOURLY, HOURLY])
                assert debts[0] == 0
                assert len(debts) == 2

    asyncio.run(scenario())


def test_connections_are_closed_in_the_end(valkey: Any) -> None:
    def count() -> int:
        with valkey.client() as client:
            return len(client.client_list())

    async def scenario() -> None:
        async with shared(url_of(valkey)) as store:
            await asyncio.gather(*(passes(store, "k") for _ in range(100)))
            assert count() == before + 1

    before = count()
    asyncio.run(scenario())
    while count() > before:
        pass  # the server notices in its own time; the suite's limit ends this


@contextlib.contextmanager
def locked(password: str) -> Iterator[Any]:
    """Run a Valkey that asks for a password."""
    with server() as running:
        with running.client() as client:
            client.config_set("requirepass", password)
        yield running


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Silent:
    """A server that takes connections and says nothing."""

    def __init__(self) -> None:
        self.came = 0

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._hold, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.server.close()

    async def _hold(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.came += 1
        await reader.read()
        writer.close()


async def seconds_down(store: Shared) -> float:
    with pytest.raises(StoreDown) as caught:
        await store.take(["k"], [HOURLY])
    return caught.value.seconds


def test_store_that_says_nothing_is_left_alone_for_a_moment() -> None:
    async def scenario() -> None:
        clock = Clock()
        async with (
            Silent() as silent,
            shared(
                f"valkey://127.0.0.1:{silent.port}", timeout=0.05, clock=clock
            ) as store,
        ):
            assert await seconds_down(store) == 0.1
            came = silent.came
            clock.now += 0.04
            for _ in range(100):
                assert await seconds_down(store) == pytest.approx(0.06)
            assert silent.came == came

            waits = []
            for _ in range(6):
                clock.now += 2.0
                waits.append(await seconds_down(store))
            assert waits == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]

    asyncio.run(scenario())


def test_one_request_tries_again_while_the_others_do_not_wait() -> None:
    async def scenario() -> None:
        clock = Clock()
        async with (
            Silent() as silent,
            shared(
                f"valkey://127.0.0.1:{silent.port}", timeout=0.05, clock=clock
            ) as store,
        ):
            await seconds_down(store)
            came = silent.came
            clock.now += 1.0
            await asyncio.gather(*(seconds_down(store) for _ in range(50)))
            assert silent.came == came + 1

    asyncio.run(scenario())


def test_failures_at_once_count_as_one() -> None:
    async def scenario() -> list[float]:
        url = f"valkey://127.0.0.1:{free_port()}"
        async with shared(url, clock=Clock()) as store:
            return await asyncio.gather(*(seconds_down(store) for _ in range(20)))

    assert asyncio.run(scenario()) == [0.1] * 20


def test_store_comes_back(valkey: Any, caplog: pytest.LogCaptureFixture) -> None:
    port, clock = free_port(), Clock()

    async def scenario() -> None:
        async with shared(f"valkey://127.0.0.1:{port}", clock=clock) as store:
            await seconds_down(store)
            with server(port=port):
                await seconds_down(store)
                clock.now += 1.0
                assert await passes(store, "k")
                assert await passes(store, "k")

    with caplog.at_level(logging.WARNING, "hxroute.store"):
        asyncio.run(scenario())

    assert caplog.messages == [
        "store `shared` fails: ConnectionError",
        "store `shared` answers again",
    ]


def test_wrong_password_is_a_failure_and_shown_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario(port: int) -> StoreDown:
        async with shared(f"valkey://:hush@127.0.0.1:{port}") as store:
            with pytest.raises(StoreDown) as caught:
                await store.take(["k"], [HOURLY])
            return caught.value

    with locked("right") as running:
        exc = asyncio.run(scenario(running._port))

    told = [*caplog.messages, str(exc), repr(exc), repr(exc.__cause__)]
    assert not [text for text in told if "hush" in text]


def test_right_password_opens(valkey: Any) -> None:
    async def scenario(port: int) -> bool:
        async with shared(f"valkey://:right@127.0.0.1:{port}/3") as store:
            return await passes(store, "k")

    with locked("right") as running:
        assert asyncio.run(scenario(running._port))
