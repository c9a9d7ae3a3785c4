"""Targets: the gateways that cases are played through, old and new.

asgi       an old gateway's application, served in a process of its own
url        a gateway that runs somewhere already
compiled   the gateway of a routes file, served by `hxroute run`
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

from hxroute.errors import StartError

__all__ = ["Address", "NotStarted", "Target", "bare_environment"]

Address = tuple[str, int]

_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
_KEPT_BEGINNINGS: Final = ("LC_", "PYTHON", "COVERAGE")


class NotStarted(StartError):
    """A gateway refused to start; the text is its own."""


class Target(Protocol):
    """A gateway that can be started."""

    @property
    def ports(self) -> Mapping[str, int]:
        """Where the upstreams that it calls must listen; 0 where that is open."""

    @property
    def says(self) -> str:
        """What it is, in a line."""

    @property
    def hosts(self) -> frozenset[str]:
        """What it may call an upstream of ours, besides the address."""

    @property
    def invents(self) -> bool:
        """Whether its client library adds fields of its own."""

    def started(
        self, environment: Mapping[str, str], ports: Mapping[str, int], turn: int = 0
    ) -> AbstractContextManager[Address]:
        """Start it, and give the address that it listens on.

        Args:
            environment: the variables that a case asks for.
            ports: where its upstreams listen.
            turn: how often the same cases were played before; what a program leaves to
                chance, such as the order of a set, is another in each turn.

        Raises:
            NotStarted: where it refuses.
        """


def bare_environment() -> dict[str, str]:
    """Return what a program needs of this process's environment.

    What else is set here is none of a recording's: it would differ elsewhere, and a
    key in it would be used.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
    }
