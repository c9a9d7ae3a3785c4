"""Playing: which gateways are started for cases, how often, and that all of them end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hxroute.errors import StartError
from hxroute.proof.exchange import Case, Facts
from hxroute.proof.messages import Request
from hxroute.proof.play import Way, lane, pause, play
from hxroute.proof.targets import Address, NotStarted

HOST = "gateway.example"
GET = Request("GET", "/")
ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "other": {"A": "1"},
    "broken": {"BROKEN": "1"},
}


class Counting:
    """Gateways of this process, which say what they remember.

    Each answers with the number of requests that it got before.
    """

    says = "counting"
    invents = False
    hosts = frozenset[str]()

    def __init__(self, ports: Mapping[str, int] | None = None) -> None:
        self.ports = ports or {"u": 0}
        self.starts: list[Mapping[str, str]] = []
        self.running = 0
        self.most = 0
        self.asked: list[str] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def started(
        self, environment: Mapping[str, str], ports: Mapping[str, int], turn: int = 0
    ) -> Iterator[Address]:
        if "BROKEN" in environment:
            raise NotStarted("BROKEN is set")
        with self._lock:
            self.starts.append(environment)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            with self._served() as port:
                yield "127.0.0.1", port
        finally:
            with self._lock:
                self.running -= 1

    @contextlib.contextmanager
    def _served(self) -> Iterator[int]:
        asked, before = self.asked, Counter[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = str(before.total()).encode()
                before[self.path] += 1
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield server.server_port
            server.shutdown()
            thread.join()


def cases(count: int, environment: str = "default", prefix: str = "c") -> list[Case]:
    return [
        Case(f"{prefix}{n}", Request("GET", f"/{prefix}{n}"), environment=environment)
        for n in range(count)
    ]


def played(
    target: Counting, wanted: Sequence[Case], *, times: int = 1, jobs: int = 1
) -> dict[str, list[Facts]]:
    """Play cases; return what came of each."""
    found: dict[str, list[Facts]] = {}

    def take(case: Case, facts: Sequence[Facts]) -> None:
        assert case.name not in found
        found[case.name] = list(facts)

    way = Way(ENVIRONMENTS, HOST, times=times, jobs=jobs)
    asyncio.run(play(wanted, target, way, take))
    assert target.running == 0
    return found


def bodies(found: Mapping[str, Sequence[Facts]]) -> dict[str, list[str]]:
    return {name: [f["client.body"][0] for f in facts] for name, facts in found.items()}


def test_environment_has_a_gateway_of_its_own() -> None:
    target = Counting()

    found = played(target, [*cases(2), *cases(2, "other", "o")])

    assert sorted(map(len, target.starts)) == [0, 1]
    assert bodies(found) == {"c0": ["0"], "c1": ["1"], "o0": ["0"], "o1": ["1"]}


def test_second_time_is_on_a_new_gateway_in_the_other_order() -> None:
    target = Counting()

    found = played(target, cases(3), times=2)

    assert len(target.starts) == 2
    assert target.asked == ["/c0", "/c1", "/c2", "/c2", "/c1", "/c0"]
    assert bodies(found) == {"c0": ["0", "2"], "c1": ["1", "1"], "c2": ["2", "0"]}


def test_many_cases_are_divided_among_gateways() -> None:
    target = Counting()

    found = played(target, cases(200), jobs=3)

    assert len(target.starts) == 3
    assert target.most <= 3
    assert len(found) == 200


def test_few_cases_are_not_worth_a_second_gateway() -> None:
    target = Counting()

    played(target, cases(20), jobs=8)

    assert len(target.starts) == 1


def test_ports_that_are_given_are_for_one_gateway_at_a_time() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_port
    target = Counting({"u": port})

    played(target, [*cases(200), *cases(9, "other", "o")], jobs=8)

    assert (target.most, len(target.starts)) == (1, 2)


def test_gateway_that_does_not_start_shows_that_in_each_case() -> None:
    target = Counting()

    found = played(target, [*cases(2), *cases(2, "broken", "b")])

    error = [{"start.error": ("BROKEN is set",)}]
    assert (found["b0"], found["b1"]) == (error, error)
    assert bodies({n: found[n] for n in ("c0", "c1")}) == {"c0": ["0"], "c1": ["1"]}


def test_nobody_waits_for_a_long_case_twice() -> None:
    target = Counting()
    long = Case("long", Request("GET", "/long"), ({"sleep": 1.5}, "x"))

    found = played(target, [*cases(1), long], times=2)

    assert {name: len(facts) for name, facts in found.items()} == {"c0": 2, "long": 1}
    assert target.asked.count("/long") == 1


def test_pauses_are_added_up() -> None:
    script = ("a", {"sleep": 1}, {"repeat": ["b", 2]}, {"sleep": 0.5}, {"close": True})

    assert pause(Case("x", GET, script)) == 1.5
    assert pause(Case("x", GET)) == 0


def test_upstream_that_cannot_listen_ends_everything() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as taken:
        target = Counting({"u": taken.server_port})
        with pytest.raises(StartError, match="cannot listen"):
            played(target, cases(2))
    assert (target.starts, target.running) == ([], 0)


@pytest.mark.parametrize("jobs", [1, 4])
def test_one_that_has_enough_ends_everything(jobs: int) -> None:
    class Enough(Exception):
        pass

    def take(case: Case, facts: Sequence[Facts]) -> None:
        raise Enough

    target, way = Counting(), Way(ENVIRONMENTS, HOST, jobs=jobs)
    with pytest.raises(Enough):
        asyncio.run(play([*cases(200), *cases(9, "other", "o")], target, way, take))

    assert target.running == 0
    assert len(target.asked) < 209


def test_cancelled_play_ends_its_gateways() -> None:
    target, way = Counting(), Way(ENVIRONMENTS, HOST, jobs=4)

    async def cancelled() -> None:
        first = asyncio.Event()
        wanted = [*cases(200), *cases(9, "other", "o")]
        work = play(wanted, target, way, lambda *_: first.set())
        playing = asyncio.ensure_future(work)
        await first.wait()
        playing.cancel()
        await asyncio.wait([playing])
        assert playing.cancelled()

    asyncio.run(cancelled())
    assert target.starts
    assert target.running == 0


def test_cancelled_start_is_waited_for_and_ended() -> None:
    class Slow(Counting):
        begun = threading.Event()
        go_on = threading.Event()

        @contextlib.contextmanager
        def started(
            self,
            environment: Mapping[str, str],
            ports: Mapping[str, int],
            turn: int = 0,
        ) -> Iterator[Address]:
            self.begun.set()
            self.go_on.wait()
            with super().started(environment, ports) as address:
                yield address

    target, way = Slow(), Way(ENVIRONMENTS, HOST)

    async def cancelled() -> None:
        playing = asyncio.ensure_future(play(cases(1), target, way, lambda *_: None))
        await asyncio.to_thread(target.begun.wait)
        playing.cancel()
        await asyncio.sleep(0)
        target.go_on.set()
        await asyncio.wait([playing])
        assert playing.cancelled()

    asyncio.run(cancelled())
    assert len(target.starts) == 1
    assert target.running == 0


def test_lane_ends_with_its_block() -> None:
    target = Counting()

    async def raised() -> None:
        async with lane(target, {}, Way(ENVIRONMENTS, HOST)):
            assert target.running == 1
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(raised())
    assert target.running == 0


def test_lane_plays_one_case_at_a_time() -> None:
    target = Counting()

    async def at_once() -> list[Facts]:
        async with lane(target, {}, Way(ENVIRONMENTS, HOST)) as running:
            return await asyncio.gather(*map(running.play, cases(20)))

    found = asyncio.run(at_once())
    assert [facts["client.body"][0] for facts in found] == [str(n) for n in range(20)]


def test_gateway_that_is_gone_is_a_failure() -> None:
    target = Counting()

    async def refused() -> Facts:
        async with lane(target, {}, Way(ENVIRONMENTS, HOST)) as running:
            with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
                running.address = ("127.0.0.1", free.server_port)
            return await running.play(cases(1)[0])

    assert asyncio.run(refused()) == {
        "client.failure": ("the gateway does not listen",),
        "upstream.requests": ("0",),
    }
