"""Outliers: members that answer worse than the others get no calls for a while.

The semantics are Envoy's outlier detection, with errors of our own side of the call (no
connection, a timeout, no valid answer) counted as gateway failures and 5xx. An ejection
ends when its time is over, not at the next sweep.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from typing import Final

from hxroute.resilience import OutlierDetection
from hxroute.runtime.upstreams.members import State

__all__ = ["Outliers"]

_GATEWAY: Final = frozenset({502, 503, 504})
_LOCAL: Final = 503
"""The status for which a call counts that had no answer."""


class Outliers:
    """Watches the members of one upstream.

    Args:
        declared: what the file says.
        states: of the members.
        clock: what tells the time in seconds, as the states have it.
    """

    def __init__(
        self,
        declared: OutlierDetection,
        states: Sequence[State],
        clock: Callable[[], float],
    ) -> None:
        self._declared = declared
        self._states = states
        self._clock = clock

    def failed(self, state: State) -> None:
        """Count a call that the upstream's side gave no answer to."""
        self.answered(state, _LOCAL)

    def answered(self, state: State, status: int) -> None:
        """Count an answer, and eject its member where it is one too many.

        Answers of who is ejected count for nothing: they were under way before, or
        everyone is. Who comes back begins anew.
        """
        if self._clock() < state.ejected_until:
            return
        state.requests += 1
        if status < 500:
            state.successes += 1
            state.failures = state.gateway_failures = 0
            return
        state.failures += 1
        state.gateway_failures = state.gateway_failures + 1 if status in _GATEWAY else 0
        declared = self._declared
        if _reached(state.failures, declared.consecutive_5xx) or _reached(
            state.gateway_failures, declared.consecutive_gateway_failure
        ):
            self._eject(state)

    async def run(self) -> None:
        """Sweep after each interval, until cancelled."""
        for state in self._states:
            state.swept_by = self
        while True:
            await asyncio.sleep(self._declared.interval)
            if all(state.swept_by is self for state in self._states):
                self.sweep()

    def sweep(self) -> None:
        """Compare the members over the last interval, and begin another."""
        now = self._clock()
        for state in self._outlying():
            self._eject(state)
        for state in self._states:
            state.requests = state.successes = 0
            if now >= state.ejected_until and state.ejections:
                # It has done well for an interval: its next ejection is shorter.
                state.ejections -= now - state.ejected_until >= self._declared.interval

    def _outlying(self) -> list[State]:
        """Return the members whose rate of success is too low, with enough to compare."""
        declared = self._declared
        least, now = declared.minimum_requests, self._clock()
        compared = [
            state
            for state in self._states
            if state.requests >= max(least, 1) and now >= state.ejected_until
        ]
        if len(compared) < declared.minimum_targets:
            return []
        floor, most = -1.0, declared.failure_percentage or 2.0
        if declared.success_rate_stdev:
            rates = [_success(state) for state in compared]
            # Not `fmean`: its rounding may put the mean of equal rates above them.
            mean, spread = statistics.mean(rates), statistics.pstdev(rates)
            floor = mean - declared.success_rate_stdev * spread
        return [s for s in compared if _success(s) < floor or _failure(s) >= most]

    def _eject(self, state: State) -> None:
        """Keep calls from a member, unless too many are ejected: one always may be."""
        declared, now = self._declared, self._clock()
        ejected = sum(now < other.ejected_until for other in self._states)
        if ejected and (ejected + 1) / len(self._states) > declared.max_ejected:
            return
        state.ejections += 1
        longest = max(declared.ejection_time, declared.max_ejection_time)
        state.ejected_until = now + min(
            declared.ejection_time * state.ejections, longest
        )
        state.failures = state.gateway_failures = 0


def _success(state: State) -> float:
    return state.successes / state.requests


def _failure(state: State) -> float:
    return (state.requests - state.successes) / state.requests


def _reached(count: int, limit: int) -> bool:
    return 0 < limit <= count
