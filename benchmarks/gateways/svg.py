"""The figures as bars: throughput, CPU time and added latency of each gateway.

The scales are logarithmic, for a thousand lies between the first and the last; the
numbers stand beside the bars. Colours follow the reader's dark or light page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.gateways.results import FIGURES, UPSTREAM, Figure, Results

__all__ = ["draw"]

_KEYS: Final = ("throughput", "cpu", "p99")
_NOTES: Final = {
    "throughput": "requests a second on one core, more is better",
    "cpu": "CPU time of a request in µs, less is better",
    "p99": "added latency at 200 requests a second, p99 in ms, less is better",
}
_WIDTH, _LABEL, _NUMBER, _BAR, _LINE = 720, 96, 72, 15, 21
_SUBJECT: Final = "hxroute"

_STYLE: Final = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.bar { fill: #8c959f }
.own { fill: #0969da }
.number { font-size: 12px }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #6e7681 }
  .own { fill: #4493f8 }
}"""


def draw(results: Results) -> str:
    """Return the plot."""
    peers = [peer for peer in results.peers() if peer != UPSTREAM]
    lines: list[str] = []
    top = 8
    for figure in (f for f in FIGURES if f.key in _KEYS):
        found = {p: results.median(p, figure.key) for p in peers}
        values = {peer: value for peer, value in found.items() if value is not None}
        if values:
            lines += _panel(figure, values, top)
            top += _LINE * (len(values) + 1) + 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" '
        f'role="img" aria-label="hxroute beside other gateways">'
    )
    return "\n".join([head, f"<style>\n{_STYLE}\n</style>", *lines, "</svg>", ""])


def _panel(figure: Figure, values: dict[str, float], top: int) -> Iterable[str]:
    title = f"{_NOTES[figure.key]} (logarithmic)"
    yield f'<text class="title" x="0" y="{top + 13}">{escape(title)}</text>'
    scale = _scale(values.values(), figure)
    order = sorted(values, key=values.__getitem__, reverse=figure.more_is_better)
    for place, peer in enumerate(order, start=1):
        y, length = top + _LINE * place + 4, scale(values[peer])
        kind = "own" if peer == _SUBJECT else "bar"
        number = figure.shown(values[peer])
        yield (
            f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(peer)}</text>'
            f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{length:.1f}" '
            f'height="{_BAR}" rx="2"/>'
            f'<text class="number" x="{_LABEL + length + 6:.1f}" y="{y + 12}">'
            f"{number}</text>"
        )


def _scale(values: Iterable[float], figure: Figure) -> Callable[[float], float]:
    """Return what makes a length of a value; the least still has a short bar."""
    least = 10.0**-figure.digits
    logs = [math.log10(max(value, least)) for value in values]
    low = min(logs) - 0.25
    high = max(*logs, low + 1)

    def length(value: float) -> float:
        share = (math.log10(max(value, least)) - low) / (high - low)
        return (_WIDTH - _LABEL - _NUMBER) * share

    return length
