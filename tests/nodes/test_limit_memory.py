from __future__ import annotations

import asyncio

import pytest

from hxroute.errors import Overloaded
from hxroute.http import Request, Start
from hxroute.kept import Kept
from hxroute.memory import Memory
from hxroute.nodes import LimitMemory
from tests.nodes.fakes import echo, start, through

NODE = LimitMemory(1 << 30)


def with_memory(memory: Memory) -> Start:
    """Return a start that finds the memory of the gateway before it."""
    before = Kept()
    before.once((LimitMemory, NODE.max), lambda: memory)
    return Start({}, start().connect, kept=Kept(before))


def test_limit_memory_lets_a_request_through() -> None:
    assert through(NODE, Request("POST", b"/", body=b"ab")).body == b"ab"


def test_limit_memory_refuses_while_the_process_is_over() -> None:
    memory = Memory(NODE.max)
    handler = NODE.wrap(echo, with_memory(memory))
    memory.over = True
    with pytest.raises(Overloaded) as caught:
        asyncio.run(handler(Request("GET", b"/")))
    assert caught.value.fields == ((b"retry-after", b"1"),)
    memory.over = False
    assert asyncio.run(handler(Request("GET", b"/"))).status == 200


def test_limit_memory_is_looked_at_by_one_job_for_all_endpoints() -> None:
    begin = start()
    for _ in range(3):
        NODE.wrap(echo, begin)
    assert len(begin.jobs) == 1
