"""No slot is lost, none is given twice, and nobody overtakes: whatever happens when."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from hxroute.errors import Overloaded
from hxroute.http import Request, Response
from hxroute.resilience import Concurrency
from hxroute.slots import Slots, limited
from tests.strategies import examples

NEVER = 1000.0  # seconds: longer than any test


class SlotsAndWhoTheyAreOf(RuleBasedStateMachine):
    """Compares slots with a list of who is in and one of who waits.

    A step of the loop lies between two actions only where the machine takes one: calls
    are let in, cancelled and late within the same step, in any order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.slots = Slots()
        self.queue: deque[asyncio.Task[bool]] = deque()
        self.inside = 0

    def teardown(self) -> None:
        for task in self.queue:
            task.cancel()
        self.step()
        for _ in range(self.inside):
            self.slots.give_back()
        assert (self.slots.taken, self.slots.waiting) == (0, 0)
        self.loop.close()

    def step(self) -> None:
        """Let the loop do what is to be done, and see who has got in or was refused."""
        for _ in range(3):
            self.loop.run_until_complete(asyncio.sleep(0))
        for task in [task for task in self.queue if task.done()]:
            self.queue.remove(task)
            self.inside += not task.cancelled() and task.result()

    @rule(most=st.integers(1, 3), queue=st.integers(0, 3), late=st.booleans())
    def come(self, most: int, queue: int, late: bool) -> None:
        limit = Concurrency(most, queue, 0.0 if late else NEVER)
        if self.slots.take(most):
            self.inside += 1
        else:
            task = self.loop.create_task(self.slots.wait(limit))
            self.queue.append(task)
            self.loop.run_until_complete(asyncio.sleep(0))

    @precondition(lambda self: self.inside)
    @rule()
    def go(self) -> None:
        self.inside -= 1
        self.slots.give_back()

    @precondition(lambda self: self.queue)
    @rule(place=st.integers(0, 9))
    def leave(self, place: int) -> None:
        self.queue[place % len(self.queue)].cancel()

    @rule()
    def settle(self) -> None:
        self.step()
        assert self.slots.taken == self.inside
        assert self.slots.waiting == len(self.queue)

    @invariant()
    def never_more_than_any_limit(self) -> None:
        assert 0 <= self.slots.taken <= 3

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        if self.slots.waiting:
            assert self.slots.taken >= 1


TestSlots = SlotsAndWhoTheyAreOf.TestCase
TestSlots.settings = examples(150)


def test_those_who_wait_get_in_in_the_order_in_which_they_came() -> None:
    async def scenario() -> None:
        slots, order = Slots(), list[int]()
        limit = Concurrency(1, queue=5, queue_timeout=NEVER)

        async def call(number: int) -> None:
            assert slots.take(1) or await slots.wait(limit)
            order.append(number)
            await asyncio.sleep(0)
            slots.give_back()

        await asyncio.gather(*(call(number) for number in range(6)))
        assert order == [0, 1, 2, 3, 4, 5]

    asyncio.run(scenario())


def test_one_who_comes_does_not_overtake_one_whose_turn_has_come() -> None:
    async def scenario() -> None:
        slots, limit = Slots(), Concurrency(1, queue=1, queue_timeout=NEVER)
        assert slots.take(1)
        first = asyncio.create_task(slots.wait(limit))
        await asyncio.sleep(0)
        slots.give_back()
        assert not slots.take(1)
        assert await first

    asyncio.run(scenario())


def test_a_turn_that_comes_as_its_client_leaves_goes_to_the_next() -> None:
    async def scenario() -> None:
        slots, limit = Slots(), Concurrency(1, queue=2, queue_timeout=NEVER)
        assert slots.take(1)
        first, second = (asyncio.create_task(slots.wait(limit)) for _ in range(2))
        await asyncio.sleep(0)
        slots.give_back()
        first.cancel()
        assert await second
        assert first.cancelled()
        assert slots.taken == 1

    asyncio.run(scenario())


def test_a_higher_limit_holds_for_those_who_come_after_it() -> None:
    async def scenario() -> None:
        slots = Slots()
        old, new = (Concurrency(most, queue=9, queue_timeout=NEVER) for most in (1, 3))
        assert slots.take(old.max)
        waits = [asyncio.create_task(slots.wait(item)) for item in (old, new, new)]
        await asyncio.sleep(0)
        assert slots.waiting == 3
        slots.give_back()
        assert await asyncio.gather(*waits) == [True, True, True]
        assert slots.taken == 3
        assert not slots.take(old.max)

    asyncio.run(scenario())


async def nobody(request: Request) -> Response:
    raise AssertionError(request)


def test_what_is_refused_is_told_when_to_come_again() -> None:
    limit = Concurrency(1, retry_after=1.2)
    slots = Slots()
    assert slots.take(1)
    with pytest.raises(Overloaded) as caught:
        asyncio.run(limited(nobody, limit, slots)(Request("GET", b"/")))
    assert caught.value.fields == ((b"retry-after", b"2"),)


def test_a_call_that_fails_gives_its_slot_back() -> None:
    async def fail(request: Request) -> Response:
        assert slots.taken == 1
        raise Overloaded

    slots = Slots()
    with pytest.raises(Overloaded):
        asyncio.run(limited(fail, Concurrency(1), slots)(Request("GET", b"/")))
    assert slots.taken == 0


def test_an_answer_at_hand_holds_no_slot() -> None:
    async def answer(request: Request) -> Response:
        return Response(200, [], b"ok")

    slots = Slots()
    asyncio.run(limited(answer, Concurrency(1), slots)(Request("GET", b"/")))
    assert slots.taken == 0


@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_holds_its_slot_until_it_is_closed(fails: bool) -> None:
    closed = []

    async def close() -> None:
        closed.append(slots.taken)
        if fails:
            raise OSError

    async def answer(request: Request) -> Response:
        return Response(200, [], b"", close)

    async def scenario() -> None:
        response = await limited(answer, Concurrency(1), slots)(Request("GET", b"/"))
        assert slots.taken == 1
        try:
            await response.close()
        except OSError:
            assert fails
        await response.close()

    slots = Slots()
    asyncio.run(scenario())
    assert (closed, slots.taken) == ([1], 0)
