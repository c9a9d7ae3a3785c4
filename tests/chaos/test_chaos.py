"""Whatever upstreams and clients do, each answer is right, mapped, or visibly cut."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.chaos import answers, gateways
from tests.chaos.engine import Sizes, chaos
from tests.chaos.mixes import CHAOS, FAULTS, LEAK, Mix
from tests.chaos.plan import Plan
from tests.runtime.serving import ask

SEED = 1


@pytest.mark.usefixtures("each_client")
def test_every_answer_is_the_right_one_or_the_error_of_its_fault() -> None:
    report = asyncio.run(chaos(Sizes(1500, seed=SEED)))
    print(report)
    assert report.complaints == []
    assert sum(report.ends.values()) == 1500
    assert set(report.ends) >= {
        "right",
        "cut",
        "aborted",
        "connect_failed",
        "disconnected",
        "bad_response",
        "read_timeout",
    }


@pytest.mark.usefixtures("each_client")
def test_no_user_sees_another_ones_bytes_or_cookies() -> None:
    report = asyncio.run(chaos(Sizes(2000, clients=50, seed=SEED), LEAK))
    print(report)
    assert report.complaints == []
    assert sum(report.ends.values()) == 2000


def test_a_plan_is_a_function_of_its_seed() -> None:
    once, again, other = Plan(7), Plan(7), Plan(8)
    shots = [once.shot(number) for number in range(300)]
    assert shots == [again.shot(number) for number in reversed(range(300))][::-1]
    assert shots != [other.shot(number) for number in range(300)]


@pytest.mark.parametrize("mix", [CHAOS, LEAK], ids=["chaos", "leak"])
def test_a_plan_has_every_fault_of_its_mix(mix: Mix) -> None:
    faults = {Plan(SEED, mix).shot(number).fault for number in range(1500)}
    assert faults == mix.faults & set(FAULTS)


@pytest.mark.usefixtures("each_client")
def test_bytes_that_come_late_behind_an_answer_reach_nobody() -> None:
    """They wait in a kept connection when the next user's request is made."""

    async def scenario() -> None:
        late, told = asyncio.Event(), asyncio.Event()

        async def answer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await reader.readuntil(b"\r\n\r\n"):
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    await late.wait()
                    late.clear()
                    writer.write(answers.EVIL)
                    told.set()
            writer.close()

        upstream = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{upstream.sockets[0].getsockname()[1]}"
        async with (
            upstream,
            gateways.in_loop(gateways.routes(), {"URL": url, "WAVE": url}) as place,
        ):
            for number in range(60):
                method = b"POST" if number % 2 else b"GET"
                head = b" /pass/0 HTTP/1.1\r\nhost: a\r\n\r\n"
                found = await ask(place.port, method + head)
                assert (found.status, found.body) == (200, b"ok")
                assert found.get("set-cookie") is None
                late.set()
                await told.wait()
                told.clear()

    asyncio.run(scenario())
