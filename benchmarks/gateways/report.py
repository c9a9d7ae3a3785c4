"""The figures as tables in Markdown, with their ratios and their noise."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.gateways.results import FIGURES, UPSTREAM, Figure, Results

__all__ = ["table", "text"]

_SUBJECT: Final = "hxroute"
_FLOOR: Final = "floor"


def text(results: Results) -> str:
    """Return the whole report."""
    parts = [
        _medians(results),
        _ratios(results),
        _workers(results),
        _noise(results),
        _missing(results),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose columns but the first are set to the right."""
    listed = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*listed, strict=True)]
    lines = [
        " | ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in listed
    ]
    rule = "|".join(
        "-" * (width + 1) + ":" if place else "-" * (width + 2)
        for place, width in enumerate(widths)
    )
    body = [f"| {line} |" for line in lines]
    return "\n".join([body[0], f"|{rule}|", *body[1:]])


def _shown(results: Results) -> list[Figure]:
    peers = results.peers()
    return [f for f in FIGURES if any(results.values(peer, f.key) for peer in peers)]


def _medians(results: Results) -> str:
    shown = _shown(results)
    if not shown:
        return ""
    head = ["", *(f"{figure.title} {figure.unit}".strip() for figure in shown)]
    rows = (
        [
            f"{peer} {results.versions.get(peer, '')}".strip(),
            *(figure.shown(results.median(peer, figure.key)) for figure in shown),
        ]
        for peer in results.peers()
    )
    count = len(results.rounds)
    told = (
        f"Medians of {count} round{'s' * (count != 1)}. {UPSTREAM.capitalize()} is what "
        "the load gets without a gateway; its times are taken off the others'."
    )
    return f"{told}\n\n{table(head, rows)}"


def _ratios(results: Results) -> str:
    head = [
        "",
        "throughput to the floor",
        "CPU time to the floor",
        f"{_SUBJECT}, throughput",
        f"{_SUBJECT}, CPU time",
    ]
    rows = [
        [
            peer,
            _times(results.ratio("throughput", peer, _FLOOR)),
            # Less time is better: the floor's over the peer's grows as it should.
            _times(results.ratio("cpu", _FLOOR, peer)),
            _times(results.ratio("throughput", _SUBJECT, peer)),
            _times(results.ratio("cpu", peer, _SUBJECT)),
        ]
        for peer in results.peers()
        if results.values(peer, "throughput")
    ]
    if not rows:
        return ""
    told = (
        "Ratios, as medians of the ratios round by round; more is better. The last two "
        f"columns say how many times as fast as this peer {_SUBJECT} is."
    )
    return f"{told}\n\n{table(head, rows)}"


def _workers(results: Results) -> str:
    scaling = results.scaling()
    if scaling is None:
        return ""
    cost = {
        number: statistics.median(each[number]["cpu"] for each in results.workers)
        for number in ("1", "2")
    }
    shared = results.settings.get("workers share a core with the load")
    note = "; the load had to share their cores" if shared else ""
    return (
        f"Two workers of {_SUBJECT} answer {scaling:.2f} times as much as one on the "
        f"same cores ({cost['2']:.0f} and {cost['1']:.0f} µs of CPU time a request"
        f"{note})."
    )


def _noise(results: Results) -> str:
    rows = []
    for figure in _shown(results):
        spreads = {
            peer: spread
            for peer in results.peers()
            if (spread := results.spread(peer, figure.key)) is not None
        }
        if spreads:
            loud = max(spreads, key=spreads.__getitem__)
            middle = statistics.median(spreads.values())
            name = f"{figure.title} {figure.unit}".strip()
            rows.append([name, f"{middle:.0%}", f"{spreads[loud]:.0%}, {loud}"])
    if not rows:
        return "One round says nothing about the noise."
    told = "Noise: the distance of the extreme rounds, as a share of the median."
    return f"{told}\n\n{table(['', 'typical', 'worst'], rows)}"


def _missing(results: Results) -> str:
    out = [f"- {peer} is left out: {why}" for peer, why in results.left_out.items()]
    out += [
        f"- {peer}, {measure}: {why}"
        for peer, failed in results.failed.items()
        for measure, why in failed.items()
    ]
    return "\n".join(["Not measured:", "", *out]) if out else ""


def _times(value: float | None) -> str:
    if value is None:
        return "–"
    form = ".2g" if value < 0.1 else ".2f" if value < 10 else ",.0f"
    return f"{value:{form}}"
