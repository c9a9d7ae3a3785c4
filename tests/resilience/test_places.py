"""Targets whose addresses come from settings: what becomes of equal and of wrong ones."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.errors import StartError
from hxroute.runtime import Running
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.resilience.upstreams import Sequenced, answer, cases, gateway, get
from tests.runtime.serving import ask, served

THREE = """\
u:
  targets:
    - {url: "{{ settings.a }}", weight: 2}
    - %s
    - "{{ settings.b }}"
  retry: {attempts: 2, backoff: 0s}
"""


def test_targets_of_one_address_are_one_with_both_weights(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with ScriptedUpstream() as same, ScriptedUpstream() as other:
            environ = {"A": same.url, "B": f"{same.url}/"}
            async with served(gateway(THREE % other.url), environ) as port:
                for _ in range(8):
                    assert (await ask(port, get())).status == 200
            assert cases([same, other]) == [6, 2]

    asyncio.run(scenario())
    (told,) = [it for it in caplog.records if it.name == "hxroute.upstream"]
    both = "targets {{ settings.a }} and {{ settings.b }}"
    assert told.getMessage() == f"upstream u: {both} are at one address: they are one"


def test_another_try_is_never_at_the_same_address() -> None:
    async def scenario() -> None:
        async with Sequenced(*[answer(503)] * 9) as same, Sequenced() as other:
            environ = {"A": same.url, "B": same.url}
            async with served(gateway(THREE % other.url), environ) as port:
                got = [await ask(port, get()) for _ in range(4)]
            assert [it.status for it in got] == [200] * 4
            assert cases([same, other]) == [3, 4]

    asyncio.run(scenario())


def test_a_target_whose_setting_holds_no_url_is_named_with_its_line() -> None:
    made = gateway(THREE % "http://127.0.0.1:9")
    (upstream,) = made.upstreams
    line = upstream.targets[2].at
    wrong = rf"line {line}: .*url {{{{ settings\.b }}}} must start with http://"
    with pytest.raises(StartError, match=wrong):
        Running(made, {"A": "http://127.0.0.1:9", "B": "ftp://b"})
