"""What was measured, as a table and as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hxroute.sandbox.bench.figures import OK, Spread, others
from hxroute.sandbox.bench.phases import RATE
from hxroute.sandbox.bench.rounds import Counts, Options
from hxroute.sandbox.bench.target import Target

__all__ = ["Result", "as_json", "lines"]

_ROWS: Final = (
    ("requests_per_second", "requests a second", "{:,.0f}"),
    ("cpu_per_request", "CPU time of a request", "{:,.0f} us"),
    ("p50_gateway", f"latency at {RATE}/s, p50: gateway", "{:.2f} ms"),
    ("p50_direct", "    direct", "{:.2f} ms"),
    ("p50_added", "    added", "{:.2f} ms"),
    ("p99_gateway", f"latency at {RATE}/s, p99: gateway", "{:.2f} ms"),
    ("p99_direct", "    direct", "{:.2f} ms"),
    ("p99_added", "    added", "{:.2f} ms"),
    ("first_byte_gateway", "first byte of a stream: gateway", "{:.2f} ms"),
    ("first_byte_direct", "    direct", "{:.2f} ms"),
    ("first_byte_added", "    added", "{:.2f} ms"),
    ("memory_at_rest", "memory at rest", "{:.1f} MiB"),
    ("start", "start to first answer", "{:.2f} s"),
)
_HEADS: Final = ("", "median", "lowest", "highest")
_BUSY: Final = 0.9
"""Below this share of a core, something else than the gateway was the limit."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured, and how.

    `made_up` names settings, `passed_over` says which endpoints gave no answer to count.
    """

    file: str
    target: Target
    options: Options
    figures: dict[str, Spread]
    counts: Counts
    made_up: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def lines(result: Result) -> Iterator[str]:
    """Yield the lines of a table."""
    target, options = result.target, result.options
    yield f"{result.file}: {target} (line {target.endpoint.at})"
    rounds, connections = options.rounds, options.connections
    yield (
        f"{rounds} round{'s' * (rounds != 1)} of {options.seconds:g} s, "
        f"{connections} connection{'s' * (connections != 1)}"
    )
    yield ""
    rows = [_HEADS, *(_row(result, *row) for row in _ROWS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        numbers = (
            f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True)
        )
        yield f"  {name:{widths[0]}}  {'  '.join(numbers)}"
    yield ""
    yield from _said(result)


def _row(result: Result, name: str, shown: str, form: str) -> tuple[str, ...]:
    item = result.figures[name]
    values = (item.median, item.lowest, item.highest)
    return shown, *(form.format(value) for value in values)


def _said(result: Result) -> Iterator[str]:
    counts = result.counts
    yield f"{counts.counted:,} answers counted, each with status 200."
    if counts.others:
        yield f"Not counted, save in CPU time: {others(counts.others)}."
    for refused in result.passed_over:
        yield f"Passed over: {refused}."
    if result.made_up:
        names = ", ".join(f"`{name}`" for name in result.made_up)
        yield f"Not set, so made up: {names}."
    used = result.figures["cores_used"].median
    if used < _BUSY:
        yield (
            f"Under load the gateway used {used:.0%} of a core: another process, or a "
            "limit of the file, held it back."
        )
    yield (
        f"Client and upstream share this machine's {os.cpu_count()} cores with the "
        "gateway; compare with figures from the same machine only. TLS is not part of it."
    )


def as_json(result: Result) -> str:
    """Render it for a program."""
    target, counts = result.target, result.counts
    document: dict[str, Any] = {
        "file": result.file,
        "endpoint": {
            "name": target.endpoint.name,
            "path": target.endpoint.path,
            "line": target.endpoint.at,
        },
        "request": {"method": target.method, "target": target.target},
        "upstream": target.call.upstream,
        "options": {**dataclasses.asdict(result.options), "rate": RATE},
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
            "shared_with": ["client", "upstream"],
        },
        "figures": {
            name: _rounded(dataclasses.asdict(item))
            for name, item in result.figures.items()
        },
        "answers": {
            "status": OK,
            "counted": counts.counted,
            "others": {
                str(status or "none"): number
                for status, number in sorted(counts.others.items())
            },
            "unmeasured": counts.unmeasured,
            "upstream_calls": counts.calls,
        },
        "made_up_settings": list(result.made_up),
        "passed_over": list(result.passed_over),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rounded(item: dict[str, Any]) -> dict[str, Any]:
    return {
        key: round(value, 6) if isinstance(value, float) else value
        for key, value in item.items()
    }
