"""Jobs that run beside the requests, and what becomes of one that fails."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from hxroute.runtime.jobs import lasting

SECRET = "hunter2"


def test_job_that_fails_is_told_of_and_begins_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun: list[int] = []
    paused: list[float] = []

    async def job() -> None:
        begun.append(1)
        if len(begun) == 1:
            raise ValueError(SECRET)
        if len(begun) == 2:
            async with asyncio.TaskGroup() as group:
                group.create_task(broken())

    async def broken() -> None:
        raise KeyError(SECRET)

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    asyncio.run(lasting(job, sleep))
    assert len(begun) == 3
    assert len(paused) == 2
    assert "ValueError in a job" in caplog.text
    assert "KeyError in a job" in caplog.text
    assert "in broken" in caplog.text
    assert SECRET not in caplog.text


def test_job_that_is_cancelled_ends_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        begun = asyncio.Event()

        async def job() -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(lasting(job))
        await begun.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(scenario())
    assert not caplog.text
