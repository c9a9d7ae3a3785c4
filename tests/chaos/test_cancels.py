"""Clients that leave take their upstream calls with them and leave the pool whole."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.cancels import gone, storm
from tests.chaos.engine import Sizes

pytestmark = pytest.mark.usefixtures("each_client")


@pytest.mark.parametrize("reading", [False, True], ids=["before-a-byte", "in-a-stream"])
def test_no_upstream_call_is_left_when_two_hundred_leave(*, reading: bool) -> None:
    left, _ = asyncio.run(gone(Sizes(200), reading=reading))
    assert left == 0


def test_a_storm_of_cancellations_leaves_the_pool_whole() -> None:
    report = asyncio.run(storm(Sizes(400, clients=50)))
    print(report)
    assert report.complaints == []
    assert report.ends["aborted"] > 200
    assert report.ends["right when nobody leaves"] == 60
