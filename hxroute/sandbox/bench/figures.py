"""Figures: what a round gave, and what several of them say together."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hxroute.errors import StartError
from hxroute.sandbox.bench.client import Answer
from hxroute.sandbox.bench.phases import Load

__all__ = ["FIGURES", "OK", "Figures", "Spread", "others", "spread"]

OK: Final = 200
"""The status of the answers that count: the upstream's own."""

FIGURES: Final = {
    "requests_per_second": "1/s",
    "cpu_per_request": "us",
    "cores_used": "cores",
    "p50_gateway": "ms",
    "p50_direct": "ms",
    "p50_added": "ms",
    "p99_gateway": "ms",
    "p99_direct": "ms",
    "p99_added": "ms",
    "first_byte_gateway": "ms",
    "first_byte_direct": "ms",
    "first_byte_added": "ms",
    "memory_at_rest": "MiB",
    "start": "s",
}
"""Every figure with its unit."""

_PERCENT: Final = (50, 99)


class Figures:
    """The figures of one round; each phase adds its own."""

    def __init__(self, start: float, memory: float) -> None:
        self.values = {"start": start, "memory_at_rest": memory / (1 << 20)}

    def load(self, load: Load, cpu: float) -> None:
        """Add throughput, and what it cost the gateway in seconds of CPU time."""
        counted, answered = load.tally[OK], load.tally.total()
        if not counted:
            raise StartError(_nothing("under load", load.tally))
        self.values["requests_per_second"] = counted / load.seconds
        self.values["cpu_per_request"] = cpu / answered * 1e6
        self.values["cores_used"] = cpu / load.seconds

    def latency(self, gateway: Sequence[Answer], direct: Sequence[Answer]) -> None:
        """Add percentiles of the time to the end of an answer, both ways."""
        for percent in _PERCENT:
            self._add(
                f"p{percent}",
                _percentile([a.whole for a in _counted(gateway)], percent),
                _percentile([a.whole for a in _counted(direct)], percent),
            )

    def first_byte(self, gateway: Sequence[Answer], direct: Sequence[Answer]) -> None:
        """Add medians of the time to the first byte of a stream, both ways."""
        self._add(
            "first_byte",
            _percentile([a.first for a in _counted(gateway)], 50),
            _percentile([a.first for a in _counted(direct)], 50),
        )

    def _add(self, name: str, gateway: float, direct: float) -> None:
        self.values[f"{name}_gateway"] = gateway * 1e3
        self.values[f"{name}_direct"] = direct * 1e3
        self.values[f"{name}_added"] = (gateway - direct) * 1e3


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over all rounds."""

    median: float
    lowest: float
    highest: float
    unit: str


def spread(rounds: Sequence[Figures]) -> dict[str, Spread]:
    """Return each figure's median and how far the rounds lie apart."""
    found = {}
    for name, unit in FIGURES.items():
        values = [item.values[name] for item in rounds]
        median = statistics.median(values)
        found[name] = Spread(median, min(values), max(values), unit)
    return found


def _counted(answers: Sequence[Answer]) -> list[Answer]:
    counted = [answer for answer in answers if answer.status == OK]
    if not counted:
        tally = Counter(answer.status for answer in answers)
        raise StartError(_nothing("at a low rate", tally))
    return counted


def _nothing(when: str, tally: Counter[int]) -> str:
    return f"{when} no answer is the upstream's 200, but {others(tally)}"


def others(tally: Mapping[int, int]) -> str:
    """List how many answers there are of each status."""
    listed = sorted(tally.items())
    return ", ".join(f"{number:,} x {status or 'none'}" for status, number in listed)


def _percentile(values: Sequence[float], percent: int) -> float:
    """Return the least value that so many of all do not exceed."""
    place = -(-len(values) * percent // 100) - 1
    return sorted(values)[place]
