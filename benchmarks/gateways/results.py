"""What was measured, round by round, and what follows from it: medians, ratios, noise."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Final, TypeAlias

__all__ = ["FIGURES", "UPSTREAM", "Figure", "Results", "Row"]

UPSTREAM: Final = "upstream"
"""The name of the bare upstream among the gateways."""

Row: TypeAlias = dict[str, float]
"""The figures of one gateway in one round, by their keys."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that is measured."""

    key: str
    title: str
    unit: str
    measure: str
    digits: int = 0
    more_is_better: bool = False

    def shown(self, value: float | None) -> str:
        """Return a value as the tables have it."""
        return "–" if value is None else f"{value:,.{self.digits}f}"


FIGURES: Final = (
    Figure("throughput", "throughput", "req/s", "throughput", 0, more_is_better=True),
    Figure("cpu", "CPU time", "µs/req", "throughput"),
    Figure("p50", "added p50", "ms", "latency", 2),
    Figure("p99", "added p99", "ms", "latency", 2),
    Figure("first", "added to first event", "ms", "first", 2),
    Figure("flowing", "streams without a stall", "", "streams", 0, more_is_better=True),
    Figure("worst", "worst gap", "ms", "streams", 0),
    Figure("p999", "p99.9 gap", "ms", "streams", 1),
    Figure("streaming", "CPU, streams", "% of a core", "streams"),
    Figure("stream_memory", "idle stream", "KiB", "idle", 1),
    Figure("resident", "memory at rest", "MB RSS", "memory", 0),
    Figure("proportional", "memory at rest", "MB PSS", "memory", 0),
    Figure("start", "start", "s", "start", 2),
)


@dataclass(slots=True)
class Results:
    """All that a run found."""

    settings: dict[str, float | int | str]
    versions: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Gateways that could not be built or started, and why."""
    failed: dict[str, dict[str, str]] = field(default_factory=dict)
    """By gateway and measure: why there is no figure in some round."""
    rounds: list[dict[str, Row]] = field(default_factory=list)
    workers: list[dict[str, Row]] = field(default_factory=list)
    """By number of workers, round by round."""

    @classmethod
    def read(cls, text: str) -> Results:
        """Return what was written."""
        data = json.loads(text)
        return cls(**{name: data[name] for name in cls.__slots__})

    def written(self) -> str:
        """Return all of it as JSON, with the medians for those who read only them."""
        medians = {
            peer: {
                figure.key: _rounded(self.median(peer, figure.key))
                for figure in FIGURES
                if self.values(peer, figure.key)
            }
            for peer in self.peers()
        }
        data = {"medians": medians, **asdict(self)}
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    def peers(self) -> list[str]:
        """Return the gateways that were measured, in their order."""
        return list(dict.fromkeys(peer for row in self.rounds for peer in row))

    def values(self, peer: str, key: str) -> list[float]:
        """Return a figure of every round that has it."""
        rows = (each.get(peer, {}) for each in self.rounds)
        return [row[key] for row in rows if key in row]

    def median(self, peer: str, key: str) -> float | None:
        """Return the median of a figure."""
        return _median(self.values(peer, key))

    def ratio(self, key: str, of: str, to: str) -> float | None:
        """Return the median of a figure's ratios round by round."""
        pairs = ((each.get(of, {}), each.get(to, {})) for each in self.rounds)
        return _median(a[key] / b[key] for a, b in pairs if key in a and b.get(key))

    def spread(self, peer: str, key: str) -> float | None:
        """Return the distance of the extreme rounds, as a share of the median."""
        values = self.values(peer, key)
        middle = _median(values)
        if len(values) < 2 or not middle:
            return None
        return (max(values) - min(values)) / abs(middle)

    def scaling(self) -> float | None:
        """Return the throughput of two workers over that of one, round by round."""
        return _median(
            each["2"]["throughput"] / each["1"]["throughput"]
            for each in self.workers
            if {"1", "2"} <= each.keys()
        )


def _median(values: Iterable[float]) -> float | None:
    listed = list(values)
    return statistics.median(listed) if listed else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
