"""The gateways that a whole module talks to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

import pytest

from tests.front.harness import BUFFERED, STREAMED, Run, bench


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A gateway that streams and one that buffers, in a loop of their own."""
    yield from _running(None)


@pytest.fixture(scope="module")
def fast_run() -> Iterator[Run]:
    """The same in the loop that `hxroute run` takes where it is installed."""
    uvloop = pytest.importorskip("uvloop")
    yield from _running(uvloop.new_event_loop)


def _running(
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> Iterator[Run]:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        stack = contextlib.AsyncExitStack()
        streamed = runner.run(stack.enter_async_context(bench(STREAMED)))
        buffered = runner.run(stack.enter_async_context(bench(BUFFERED)))
        with _errors() as errors:
            yield Run(runner, streamed, buffered, errors)
        runner.run(stack.aclose())


@contextlib.contextmanager
def _errors() -> Iterator[list[logging.LogRecord]]:
    """Collect what is logged as an error while in here."""
    errors: list[logging.LogRecord] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(record)

    collector = Collector(logging.ERROR)
    logging.getLogger().addHandler(collector)
    try:
        yield errors
    finally:
        logging.getLogger().removeHandler(collector)
