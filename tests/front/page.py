"""docs/requests.md: each request of the corpus, and what three servers make of it.

`python -m tests.front.page` writes it; `scripts/peers` is the way to call that.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.front.cases import Case
from tests.front.corpus import CORPUS
from tests.front.desync import DESYNC
from tests.front.garden import GARDEN
from tests.front.harness import STREAMED, bench
from tests.front.judgements import JUDGEMENTS
from tests.front.peers import PEERS, Missing, serving
from tests.front.verdicts import Verdict, verdicts

__all__ = ["PAGE", "Column", "ask_ours", "ask_peers", "render"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "requests.md"
OURS: Final = "hxroute"
TABLED: Final = [*CORPUS, *GARDEN]
ASKED: Final = [case for case in [*TABLED, *DESYNC] if not case.alone]

TITLES: Final = {
    "A": "A. Message framing",
    "B": "B. Start line, Host, fields",
    "C": "C. Path and query",
    "D": "D. Fields of one hop, identity",
    "garden": "The garden: classes of mistakes found in other servers",
}

INTRO: Final = """\
# Requests: what is refused, what is served

<!-- Made by scripts/peers; a change belongs into tests/front. -->

Each line is a request of the corpus in `tests/front`, sent as raw bytes to hxroute, nginx
and Caddy, each a reverse proxy with the least configuration that serves
(`tests/front/peers.py`), in front of the same upstream, which records the bytes that
arrive. A number is a refusal: nothing whole has reached the upstream. `served`: it
arrived as it must (or arrived, where it must not); `changed`: something else arrived;
`sent on, malformed`: what arrived is no HTTP; `waits`: no answer, and the connection stays
open; `closed`: it ended without an answer. `502, then served`: what is behind a body that
was given up was read as a request. `–`: the request is about this gateway's own rules, and
nobody else can be asked. Behind each table stands every difference, and why.
"""


class Column(NamedTuple):
    """What one server made of the cases, by their names."""

    name: str
    version: str
    found: Mapping[str, Verdict]

    def word(self, case: Case) -> str:
        """Return what stands in the table."""
        return self.found[case.name].word if case.name in self.found else "–"


async def ask_ours(cases: Sequence[Case]) -> Column:
    """Return what this gateway makes of cases."""
    async with bench(STREAMED) as gateway:
        found = await verdicts([gateway], cases)
    return Column(OURS, "", _by_name(cases, found))


async def ask_peers() -> list[Column]:
    """Return what the others make of the cases that they can be asked.

    Raises:
        Missing: where one is not installed.
    """
    columns = []
    for peer in PEERS:
        version = peer.version()
        async with serving(peer) as benches:
            found = await verdicts(benches, ASKED)
        columns.append(Column(peer.name, version, _by_name(ASKED, found)))
    return columns


def _by_name(cases: Sequence[Case], found: Sequence[Verdict]) -> dict[str, Verdict]:
    return {case.name: one for case, one in zip(cases, found, strict=True)}


def render(columns: Sequence[Column]) -> str:
    """Return the page.

    Raises:
        KeyError: where a difference has no judgement.
    """
    parts = [INTRO, _summary(columns)]
    for title, cases in itertools.groupby(TABLED, key=lambda case: _title(case)):
        parts += [f"\n## {title}\n\n", *_table(list(cases), columns)]
    parts.append(_permutations(columns))
    return "".join(parts)


def _title(case: Case) -> str:
    return TITLES[case.row if case.row == "garden" else case.row[0]]


def _summary(columns: Sequence[Column]) -> str:
    versions = ", ".join(f"{one.name} {one.version}" for one in columns if one.version)
    lines = [
        f"\nVersions: {versions}. How many requests fared as the corpus asks, of those that",
        "every server was asked (where the RFCs leave a choice, the corpus mostly takes the",
        "stricter way, so that not each of the others is a fault: the judgements tell):\n",
        _row(["", "requests", *(column.name for column in columns)]),
        _rule(2 + len(columns), numbers=True),
    ]
    for title, group in itertools.groupby(ASKED, key=_heading):
        cases = list(group)
        counts = [
            str(sum(column.found[case.name].fits for case in cases))
            for column in columns
        ]
        lines.append(_row([title, str(len(cases)), *counts]))
    return "\n".join(lines) + "\n"


def _heading(case: Case) -> str:
    return "Permutations" if case.row == "desync" else _title(case).partition(":")[0]


def _table(cases: Sequence[Case], columns: Sequence[Column]) -> Iterator[str]:
    names = [column.name for column in columns]
    yield _row(["request", "clause", *names]) + "\n"
    yield _rule(2 + len(columns)) + "\n"
    for case in cases:
        words = [column.word(case) for column in columns]
        yield _row([_code(case.name), case.clause, *words]) + "\n"
    yield "\n"
    for key, group in itertools.groupby(cases, key=_judged_by):
        yield from _differences(key, list(group), columns)


def _judged_by(case: Case) -> str:
    return case.clause if case.row == "garden" else case.row


def _differences(
    key: str, cases: Sequence[Case], columns: Sequence[Column]
) -> Iterator[str]:
    """Yield what differs in a row, each kind of difference once, and why."""
    ours, *others = columns
    told = []
    for other in others:
        found: dict[str, list[str]] = collections.defaultdict(list)
        for case in cases:
            if case.name in other.found and _differs(ours, other, case):
                name = case.name.removeprefix(f"{case.row}-")
                found[other.word(case)].append(_code(name))
        told += [
            f"{other.name}, {word}: {', '.join(names)}"
            for word, names in sorted(found.items())
        ]
    if told:
        yield f"- **{key}** — {JUDGEMENTS[key]} ({'; '.join(told)})\n"


def _differs(ours: Column, other: Column, case: Case) -> bool:
    one, two = ours.found[case.name], other.found[case.name]
    return (one.kind, one.fits) != (two.kind, two.fits)


def _permutations(columns: Sequence[Column]) -> str:
    """Return the counts of what is generated."""
    counts = [
        collections.Counter(_fate(column.found[case.name]) for case in DESYNC)
        for column in columns
    ]
    fates = sorted({fate for count in counts for fate in count})
    lines = [
        "\n## Permutations of the framing fields\n",
        f"{len(DESYNC)} requests, generated by `tests/front/desync.py`: the ways to write",
        "`Transfer-Encoding: chunked` and `Content-Length` that have made servers disagree,",
        "and each of 256 bytes in four places of the former. Right is what a strict reader",
        "of RFC 9112 sees, or a refusal.\n",
        _row(["", *(column.name for column in columns)]),
        _rule(1 + len(columns), numbers=True),
        *(_row([fate, *(str(count[fate]) for count in counts)]) for fate in fates),
        "",
        "nginx skips fields whose names it does not understand and serves the rest (RFC",
        "9112 §5.1 has no such leave, and a field that one server skips the next one may",
        "read), and drops some that are well-formed; Caddy takes two framing fields at",
        "once (A1).",
    ]
    return "\n".join(lines) + "\n"


def _fate(one: Verdict) -> str:
    if one.kind == "refused":
        return "refused"
    return "as strictly read" if one.fits else "served, otherwise than strictly read"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int, *, numbers: bool = False) -> str:
    rest = ["--:" if numbers else "---"] * (columns - 1)
    return _row(["---", *rest])


def _code(text: str) -> str:
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


async def _main() -> int:
    logging.disable(logging.CRITICAL)
    try:
        others = await ask_peers()
    except Missing as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    columns = [await ask_ours([*TABLED, *DESYNC]), *others]
    PAGE.write_text(render(columns), encoding="utf-8")
    print(_summary(columns))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
