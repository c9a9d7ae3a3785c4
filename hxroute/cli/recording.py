"""`hxroute record`: what an old gateway does, kept as a corpus."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click
from click.core import ParameterSource

from hxroute.cli.common import (
    DIFFERENT,
    WRONG,
    compiled,
    end_in_order,
    fail,
    report_on,
    routes_option,
)
from hxroute.cli.proving import corpus_option, jobs_option

if TYPE_CHECKING:
    from hxroute.compiler import Compiled
    from hxroute.proof.cases import CaseFile, Gathered, Size
    from hxroute.proof.oracles import Oracled
    from hxroute.proof.record import Recorded

__all__ = ["record"]

_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


@click.command()
@click.option("--asgi", "app", metavar="MODULE:APP", help="The old gateway's app.")
@click.option("--url", metavar="URL", help="Or where it runs: http://HOST:PORT.")
@click.option(
    "--upstream",
    "upstreams",
    multiple=True,
    metavar="[NAME=]PLACE",
    help="How it finds its upstream, for ours takes its place: env:VARIABLE gets our "
    "address, PORT is where it calls 127.0.0.1, map:HOST:PORT is looked up as ours. "
    "Of several upstreams, each with its NAME in the routes file.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="HOST:PORT",
    help="What the app may call besides; by default nothing.",
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable that it is started with. Yours are not passed on.",
)
@click.option(
    "--python",
    metavar="FILE",
    default=sys.executable,
    show_default="this one",
    help="The interpreter that has what the app imports, and uvicorn.",
)
@routes_option
@click.option(
    "--openapi",
    type=click.Path(path_type=Path),
    help="An OpenAPI document, to make cases of.",
)
@click.option(
    "--cases",
    "own",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of your own cases.",
)
@click.option(
    "--size",
    type=click.Choice(["none", "small", "normal", "large"]),
    default="normal",
    show_default=True,
    help="How many cases are made of the routes file and the OpenAPI document.",
)
@click.option(
    "--patience",
    metavar="SECONDS",
    type=click.FloatRange(0, 600),
    default=40,
    show_default=True,
    help="How long such a case may take, to show a timeout.",
)
@corpus_option
@click.option(
    "--host",
    metavar="HOST",
    help="What requests name as Host; by default where the gateway listens.",
)
@click.option(
    "--once",
    is_flag=True,
    help="Play each case once, not twice: what varies is not found out.",
)
@click.option(
    "--anew",
    metavar="REASON",
    help="Record everything again; the reason stays in the corpus.",
)
@click.option(
    "--declare",
    metavar="REASON",
    help="Record nothing: take exchanges as they were edited; the reason stays.",
)
@jobs_option
def record(
    app: str | None,
    url: str | None,
    upstreams: tuple[str, ...],
    allowed: tuple[str, ...],
    variables: tuple[str, ...],
    python: str,
    source: Path,
    openapi: Path | None,
    own: tuple[Path, ...],
    size: Size | Literal["none"],
    patience: float,
    folder: Path,
    host: str | None,
    anew: str | None,
    declare: str | None,
    jobs: int,
    *,
    once: bool,
) -> None:
    """Record what an old gateway does, in both directions of the wire.

    It is asked by cases that are generated from the routes file or an OpenAPI document,
    and by those of your own files; its upstream is a scripted one of ours. A recording
    that was interrupted goes on where it ended.

    The corpus holds the keys that are given here: take some that open nothing else.
    """
    if declare is not None:
        _declare(folder, declare)
        return
    from hxroute.cli.recorded import summary, warnings
    from hxroute.diagnostics.shown import printable
    from hxroute.proof.oracles import Wish, oracled

    end_in_order()
    result = _routes(source, needed=_is_given("source") or not (openapi or own))
    gathered = _gathered(result, openapi, own, _environ(variables), size, patience)
    for note in gathered.notes:
        click.echo(f"note: {printable(note)}", err=True)
    if not gathered.cases:
        fail("there are no cases: what is given defines no endpoint, or --size is none")
    wish = Wish(app, url, upstreams, python, host, allowed)
    oracle = oracled(wish, gathered.environments, result)
    done = _recorded(oracle, gathered, folder, anew, jobs, times=1 if once else 2)
    for line in (*summary(done), *warnings(done, oracle.notes)):
        click.echo(line)
    if not done.calls:
        raise SystemExit(DIFFERENT)


def _declare(folder: Path, reason: str) -> None:
    from hxroute.cli.recorded import few
    from hxroute.proof.record import declare

    names = declare(folder, reason)
    click.echo(f"declared in {folder}: {few(names)}")


def _is_given(parameter: str) -> bool:
    """Tell whether an option was written, and is no default."""
    given = click.get_current_context().get_parameter_source(parameter)
    return given is ParameterSource.COMMANDLINE


def _routes(source: Path, *, needed: bool) -> Compiled | None:
    if source.exists() or (needed and _is_given("source")):
        return compiled(source)
    if needed:
        fail(
            f"there is no {source} to make cases of; name a routes file (-f), "
            "an OpenAPI document (--openapi) or cases of your own (--cases)"
        )
    return None


def _environ(variables: Iterable[str]) -> dict[str, str]:
    from hxroute.diagnostics.shown import printable

    environ = {}
    for text in variables:
        found = _VARIABLE.fullmatch(text)
        if found is None:
            fail(f"--env {printable(text.partition('=')[0])}: write NAME=VALUE")
        if not _is_text(found[2]):
            fail(f"--env {found[1]}: its value is not UTF-8")
        environ[found[1]] = found[2]
    return environ


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _gathered(
    result: Compiled | None,
    openapi: Path | None,
    own: tuple[Path, ...],
    environ: dict[str, str],
    size: Size | Literal["none"],
    patience: float,
) -> Gathered:
    from hxroute.cli.common import read
    from hxroute.proof.cases import gather
    from hxroute.proof.cases import openapi as documents
    from hxroute.proof.oracles import with_keys
    from hxroute.proof.targets.compiled import with_urls

    gateway = None if result is None else result.gateway
    document = None
    if openapi is not None:
        document = documents.read(read(openapi), str(openapi))
    environ = with_keys(gateway, environ)
    assumed = {} if gateway is None else with_urls(gateway, environ)
    if size == "none":
        gateway, document, size = None, None, "small"
    return gather(
        gateway=gateway,
        openapi=document,
        openapi_name=str(openapi),
        own=[_own(path) for path in own],
        environ=environ,
        assumed=assumed,
        size=size,
        patience=patience,
    )


def _own(path: Path) -> CaseFile:
    """Read a file of cases; where it holds errors, print the report and exit."""
    from hxroute.proof.cases import casefile

    found = casefile.read(path)
    report_on(found.report)
    if found.report.failed:
        raise SystemExit(WRONG)
    return found


def _recorded(
    oracle: Oracled,
    gathered: Gathered,
    folder: Path,
    anew: str | None,
    jobs: int,
    *,
    times: int,
) -> Recorded:
    import asyncio

    from hxroute.cli.progress import progress
    from hxroute.proof.play import Way
    from hxroute.proof.record import opened, record

    usual = oracle.upstreams[0] if len(oracle.upstreams) == 1 else ""
    way = Way(gathered.environments, oracle.host, usual, times, jobs)
    corpus = opened(folder, oracle.oracle, way, oracle.upstreams, anew)
    missing = [case for case in gathered.cases if not corpus.has(case)]
    with progress("recording", len(missing)) as done:
        work = record(gathered.cases, oracle.target, way, corpus, lambda _: done())
        try:
            return asyncio.run(work)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on from here", err=True)
            raise
