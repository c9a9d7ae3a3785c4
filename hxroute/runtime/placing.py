"""Placing: what goes wrong with a template at start, told by its line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hxroute.errors import ProxyError, StartError

__all__ = ["at_start"]


@contextlib.contextmanager
def at_start(at: int) -> Iterator[None]:
    """Turn what a request would be told into what the operator is told.

    Args:
        at: the line of the file.

    Raises:
        StartError: in the place of what a template cannot be.
    """
    try:
        yield
    except ProxyError as exc:
        message = f"line {at}: a template fits no request: {exc.detail}"
        raise StartError(message) from exc
    except KeyError as exc:
        raise StartError(f"line {at}: {exc} is not defined") from exc
