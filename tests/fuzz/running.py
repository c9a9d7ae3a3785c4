"""Running a coroutine that waits for nothing, without a loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

__all__ = ["finished", "pieces"]

_Result = TypeVar("_Result")


def finished(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end; it is a failure where it waits."""
    try:
        coroutine.send(None)
    except StopIteration as exc:
        result: _Result = exc.value
        return result
    coroutine.close()
    raise AssertionError("it waits for something")


async def pieces(data: bytes) -> AsyncGenerator[bytes, None]:
    """Give a body in pieces whose sizes follow from its own bytes."""
    start = 0
    while start < len(data):
        end = start + 1 + data[start] % 7
        yield data[start:end]
        start = end
