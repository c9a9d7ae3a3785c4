"""Ledgers and exchanges as the tests write them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.ledger import Ledger, judge, read
from hxroute.proof.messages import Request
from hxroute.proof.verdict import Verdict

OLD: Facts = {
    "client.status": ("200",),
    "client.headers.content-length": ("2",),
    "client.headers.x-frame-options": ("DENY",),
    "client.body": ("ok",),
    "client.complete": ("true",),
    "upstream.requests": ("1",),
    "upstream.method": ("GET",),
    "upstream.target": ("/a/b",),
    "upstream.headers.expect": ("100-continue",),
    "upstream.body": ("",),
}
"""What was recorded of a case."""


def exchange(name: str = "x", facts: Facts | None = None) -> Exchange:
    """Return a recorded exchange."""
    return Exchange(Case(name, Request("GET", "/")), OLD if facts is None else facts)


def written(folder: Path, text: str) -> Path:
    """Write a ledger."""
    path = folder / "divergences.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def with_entries(folder: Path, text: str) -> Path:
    """Write a ledger of such entries, each with `reason: r` unless it says `code`."""
    lines = dedent(text).splitlines(keepends=True)
    body = "".join(
        f"  {line}    reason: r\n    owner: o\n"
        if line.startswith("- ")
        else f"  {line}"
        for line in lines
    )
    return written(folder, f"version: 1\ndivergences:\n{body}")


def judged(path: Path, got: Facts, recorded: Exchange | None = None) -> Verdict:
    """Judge a case by the ledger in a file."""
    return judge(exchange() if recorded is None else recorded, got, read(path))


def ledger(folder: Path, text: str) -> Ledger:
    """Read such entries."""
    return read(with_entries(folder, text))
