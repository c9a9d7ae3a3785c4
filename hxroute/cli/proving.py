"""`hxroute prove`: whether a new gateway answers as the recorded one did."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from hxroute.cli.common import DIFFERENT, compiled, fail, path_option, routes_option

if TYPE_CHECKING:
    from hxroute.compiler import Compiled
    from hxroute.proof.corpus import Corpus
    from hxroute.proof.ledger import Ledger
    from hxroute.proof.targets import Target
    from hxroute.proof.verdict import Proof, Verdict

__all__ = ["corpus_option", "jobs_option", "prove"]

_FORMATS: Final = ("text", "json", "junit", "html")
_JOBS: Final = 4

corpus_option = path_option(
    "-c", "--corpus", "folder", default="corpus", help="The recorded exchanges."
)


jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=_JOBS,
    show_default=True,
    help="Gateways at a time.",
)


@click.command()
@click.argument("cases", nargs=-1)
@routes_option
@corpus_option
@click.option("--new", "url", help="Prove the gateway at http://HOST:PORT instead.")
@click.option(
    "--upstream",
    "upstreams",
    multiple=True,
    help="With --new: the port on which it finds its upstream, or NAME=PORT.",
)
@click.option(
    "--format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Print it to this file."
)
@click.option("-x", "--fail-fast", is_flag=True, help="Stop at an unexplained case.")
@click.option("-v", "--verbose", is_flag=True, help="Name the sanctioned cases too.")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="CASE",
    help="Write what differs in a case into the ledger.",
)
@click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="FACT",
    help="With --accept: only these, such as `upstream.headers.te`.",
)
@click.option("--reason", help="With --accept: why the new gateway is right.")
@click.option("--owner", help="With --accept: who may end it; by default you.")
@jobs_option
def prove(
    cases: tuple[str, ...],
    accepted: tuple[str, ...],
    facts: tuple[str, ...],
    source: Path,
    folder: Path,
    url: str | None,
    upstreams: tuple[str, ...],
    format: Literal["text", "json", "junit", "html"],
    output: Path | None,
    reason: str | None,
    owner: str | None,
    jobs: int,
    *,
    fail_fast: bool,
    verbose: bool,
) -> None:
    """Replay recorded exchanges; exit 1 where a difference is not explained.

    What the client gets and what reaches the upstream are compared, byte for byte.
    Intended differences stand in divergences.yaml beside the corpus; anything else is
    shown with the line of the routes file that decides it.

    CASES are names or patterns such as `auth-*`; by default all of the corpus. The
    gateway is compiled from the routes file, its upstreams are scripted ones of ours.
    """
    from hxroute.proof import corpus as corpora
    from hxroute.proof import ledger as ledgers

    if accepted and not reason:
        fail("--accept wants a --reason: why is the new gateway right?")
    if (facts or reason or owner) and not accepted:
        fail("--fact, --reason and --owner go with --accept CASE")
    # As Ctrl-C, which the event loop handles: what was started is ended first.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    corpus, result = corpora.load(folder), None if url else compiled(source)
    intended = ledgers.read(corpus.ledger)
    target = _target(corpus, result, url, upstreams)
    wanted = accepted or cases
    proof = _proved(corpus, result, target, intended, wanted, jobs, fail_fast=fail_fast)
    if accepted:
        verdicts = _to_accept(proof.verdicts, accepted)
        by, why = owner or getpass.getuser(), reason or ""
        entries = ledgers.accept(corpus.ledger, verdicts, why, by, facts)
        click.echo(entries.encode(), nl=False)
        click.echo(f"written to {corpus.ledger}")
        return
    _show(proof, format, output, verbose=verbose)
    if not proof.holds:
        raise SystemExit(DIFFERENT)


def _to_accept(verdicts: Sequence[Verdict], named: Sequence[str]) -> list[Verdict]:
    """Return the verdicts of cases that are named, and of patterns the unexplained."""
    return [
        item for item in verdicts if item.name in named or item.outcome == "unexplained"
    ]


def _target(
    corpus: Corpus, result: Compiled | None, url: str | None, upstreams: tuple[str, ...]
) -> Target:
    from hxroute.proof.exchange import DEFAULT
    from hxroute.proof.prove import names_of
    from hxroute.proof.targets.compiled import Compiled
    from hxroute.proof.targets.upstreams import wheres
    from hxroute.proof.targets.url import Url

    if url is not None:
        places = wheres(upstreams, corpus.upstreams[0])
        missing = [name for name in corpus.upstreams if name not in places]
        if missing:
            fail(f"say where {url} finds `{missing[0]}`: --upstream {missing[0]}=PORT")
        return Url(url, places, corpus.environments.get(DEFAULT, {}))
    if upstreams:
        fail("--upstream says where the gateway of --new finds its upstream")
    assert result is not None
    assert result.gateway is not None
    return Compiled(result.gateway, result.report.file, names_of(corpus, result))


def _proved(
    corpus: Corpus,
    result: Compiled | None,
    target: Target,
    ledger: Ledger,
    cases: tuple[str, ...],
    jobs: int,
    *,
    fail_fast: bool,
) -> Proof:
    import asyncio
    from datetime import UTC, datetime

    from hxroute.cli.progress import progress
    from hxroute.proof.ledger import problems
    from hxroute.proof.prove import prove, selected, way_of, with_blame
    from hxroute.proof.verdict import Proof

    exchanges = selected(corpus, cases)
    with progress("proving", len(exchanges)) as done:

        def judged(verdict: Verdict) -> bool:
            done()
            return fail_fast and verdict.outcome == "unexplained"

        work = prove(exchanges, target, way_of(corpus, jobs), ledger, judged)
        verdicts = asyncio.run(work)
    if result is not None:
        verdicts = [with_blame(result, item, corpus.environments) for item in verdicts]
    today = datetime.now(UTC).date()
    wrong = problems(ledger, corpus.exchanges.values(), today)
    routes = "" if result is None else result.report.file
    return Proof(str(corpus.oracle), target.says, routes, tuple(verdicts), wrong)


def _show(
    proof: Proof,
    format: Literal["text", "json", "junit", "html"],
    output: Path | None,
    *,
    verbose: bool,
) -> None:
    from hxroute import files
    from hxroute.proof.report import html, json, junit, text

    if format == "text":
        colored = (
            output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        )
        width = shutil.get_terminal_size().columns
        shown = text.render(proof, width=width, color=colored, verbose=verbose)
    else:
        shown = {"json": json.render, "junit": junit.render, "html": html.render}[
            format
        ](proof)
    if output is None:
        click.echo(shown.encode(), nl=False)
        return
    try:
        files.write(output, shown)
    except OSError as exc:
        fail(f"{output} cannot be written: {exc.strerror}")
    click.echo(proof.summary)
