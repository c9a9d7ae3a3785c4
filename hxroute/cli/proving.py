"""`hxroute prove`: whether a new gateway answers as the recorded one did."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from hxroute.cli.accepting import Acceptance
from hxroute.cli.common import (
    DIFFERENT,
    colored,
    compiled,
    end_in_order,
    fail,
    path_option,
    routes_option,
)
from hxroute.errors import StartError

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
@click.option(
    "--new", "url", metavar="URL", help="Ask the gateway that runs at http://HOST:PORT."
)
@click.option(
    "--upstream",
    "upstreams",
    multiple=True,
    metavar="[NAME=]PORT",
    help="With --new: the port of 127.0.0.1 on which it finds its upstream.",
)
@click.option(
    "--format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How to show what came of it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write that to a file, and print the count.",
)
@click.option(
    "-x", "--fail-fast", is_flag=True, help="Stop at the first unexplained case."
)
@click.option(
    "-v", "--verbose", is_flag=True, help="As text: name the sanctioned cases too."
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="CASE",
    help="Write into the ledger what now differs in a case, or in all that fit.",
)
@click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="FACT",
    help="With --accept: only this difference, such as `upstream.headers.te`.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="TEXT",
    help="With --accept: only what a rule decides, named by a part of its words.",
)
@click.option("--reason", help="With --accept: why the new gateway is right.")
@click.option("--owner", help="With --accept: who may end it; by default you.")
@jobs_option
def prove(
    cases: tuple[str, ...],
    accepted: tuple[str, ...],
    facts: tuple[str, ...],
    rules: tuple[str, ...],
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
    """Ask the new gateway what the old one was asked, and compare the answers.

    Each recorded exchange is played again: the client sends the same, the upstream, a
    scripted one of ours, answers the same. What the client gets and what reaches the
    upstream must be as recorded. Intended differences stand in divergences.yaml beside
    the recording; any other is shown, with the line of the routes file that decides it.

    CASES are names or patterns such as `auth-*`; by default all that are recorded.

    Exit 0 where all is as recorded or intended, 1 where a difference is not explained
    or the ledger is out of date, 2 where nothing could be proven.
    """
    from hxroute.proof import corpus as corpora

    accept = Acceptance(accepted, facts, rules, reason, owner)
    accept.check(cases)
    end_in_order()
    corpus, result = corpora.load(folder), None if url else compiled(source)
    intended = _ledger(corpus)
    target = _target(corpus, result, url, upstreams)
    wanted, stops = accepted or cases, fail_fast and not accepted
    proof = _proved(corpus, result, target, intended, wanted, jobs, fail_fast=stops)
    if accepted:
        accept.write(corpus.ledger, proof.verdicts)
        return
    _show(proof, format, output, verbose=verbose)
    if result is not None:
        _tell_unproven(result, corpus)
    if not proof.holds:
        raise SystemExit(DIFFERENT)


def _ledger(corpus: Corpus) -> Ledger:
    """Read the ledger; where it holds errors, print them as they are, and exit."""
    from hxroute.proof.ledger import read

    try:
        return read(corpus.ledger)
    except StartError as exc:
        message, _, report = str(exc).partition("\n\n")
        if report:
            click.echo(report, err=True)
        fail(message)


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
    from hxroute.cli.running import counted, playable
    from hxroute.proof.ledger import problems
    from hxroute.proof.prove import prove, selected, way_of, with_blame
    from hxroute.proof.verdict import Proof

    exchanges = selected(corpus, cases)
    if result is None:
        exchanges = playable(corpus, exchanges, target)
    with progress("proving", len(exchanges)) as done:

        def judged(verdict: Verdict) -> bool:
            done()
            return fail_fast and verdict.outcome == "unexplained"

        work = prove(exchanges, target, way_of(corpus, jobs), ledger, judged)
        verdicts = asyncio.run(work)
    if len(verdicts) < len(exchanges):
        stopped = f"stopped after {len(verdicts)} of {counted(len(exchanges))}"
        click.echo(f"note: {stopped}", err=True)
    if result is not None:
        verdicts = [with_blame(result, item, corpus.environments) for item in verdicts]
    today = datetime.now(UTC).date()
    wrong = problems(ledger, corpus.exchanges.values(), today)
    routes = "" if result is None else result.report.file
    found, total = tuple(verdicts), len(corpus.exchanges)
    return Proof(str(corpus.oracle), target.says, routes, found, wrong, total)


def _tell_unproven(result: Compiled, corpus: Corpus) -> None:
    """Say which endpoints of the file no recorded case asks."""
    from hxroute.proof.reached import unreached

    assert result.gateway is not None
    for endpoint in unreached(result.gateway, corpus.exchanges.values()):
        at = f"{result.report.file}:{endpoint.at}"
        click.echo(
            f"note: {at}: no recorded case asks `{endpoint.name or endpoint.path}`; "
            "nothing of it is proven",
            err=True,
        )


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
        # A file is the same wherever it is written.
        size = shutil.get_terminal_size((text.WIDTH, 24))
        width = size.columns if output is None else text.WIDTH
        color = output is None and colored("auto", sys.stdout)
        shown = text.render(proof, width=width, color=color, verbose=verbose)
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
