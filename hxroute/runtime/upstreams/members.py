"""Members: the targets of an upstream, and how each of them fares."""

from __future__ import annotations

from hxroute.runtime.connectors import Connector

__all__ = ["Member", "State"]


class State:
    """How a target fares, which a reload does not change.

    `active` calls are under way. `well` is what health checks say of it, None before
    the first; until `ejected_until`, outlier detection keeps calls from it. `checked_by`
    and `swept_by` are those whose word counts: after a reload the new gateway's, while
    the old one's last requests go on.
    """

    __slots__ = (
        "active",
        "checked_by",
        "ejected_until",
        "ejections",
        "failures",
        "gateway_failures",
        "requests",
        "run",
        "successes",
        "swept_by",
        "well",
    )

    def __init__(self) -> None:
        self.active = 0
        self.well: bool | None = None
        self.run = 0
        self.failures = 0
        self.gateway_failures = 0
        self.requests = 0
        self.successes = 0
        self.ejections = 0
        self.ejected_until = 0.0
        self.checked_by: object = None
        self.swept_by: object = None

    def is_available(self, now: float) -> bool:
        """Tell whether calls should go to it, at a time of the loop's clock."""
        return self.well is not False and now >= self.ejected_until


class Member:
    """A target: its connections, its weight and its state.

    Health checks go through `probe`, where there are any: they have a connection of
    their own, so that a target is judged also while streams hold all of the others.
    """

    __slots__ = ("connector", "current", "name", "probe", "seed", "state", "weight")

    def __init__(
        self,
        name: str,
        connector: Connector,
        weight: int,
        state: State,
        seed: int,
        probe: Connector | None = None,
    ) -> None:
        self.name = name
        self.connector = connector
        self.probe = probe or connector
        self.weight = weight
        self.state = state
        self.seed = seed
        self.current = 0

    async def close(self) -> None:
        """Close every connection."""
        for connector in {self.connector, self.probe}:
            await connector.close()
