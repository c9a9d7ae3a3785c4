"""`hxroute bench`: what a file's gateway costs on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hxroute.cli.common import compiled, end_in_order, fail, routes_option

if TYPE_CHECKING:
    from hxroute.explain import Question

__all__ = ["bench"]


@click.command()
@routes_option
@click.option("--endpoint", help="Ask the endpoint of this name, or of this path.")
@click.option("--path", help="Ask for this path, with its query.")
@click.option("--method", help="Ask by this method; by default POST where it is taken.")
@click.option(
    "-H", "--header", "headers", multiple=True, help="A field, as `name: value`."
)
@click.option(
    "-d", "--data", help="The body, or @FILE; by default a small JSON object."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.05, 600),
    default=2.0,
    show_default=True,
    help="How long a measurement takes; a round is about three of them.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="How often all is measured, each time on a gateway just started.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 1000),
    default=32,
    show_default=True,
    help="How many requests are under way at once under load.",
)
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A table, or JSON.",
)
def bench(
    source: Path,
    endpoint: str | None,
    path: str | None,
    method: str | None,
    headers: tuple[str, ...],
    data: str | None,
    seconds: float,
    rounds: int,
    connections: int,
    format: str,
) -> None:
    """Measure the file's gateway on an embedded upstream; nothing real is called.

    The gateway is served as `hxroute run` does it, with its settings from the
    environment, made up where they are not set. One endpoint that calls an upstream is
    asked: the first that can be, or that of --endpoint or --path.

    Client, gateway and upstream share this machine: the figures tell what a change to
    the file or to hxroute costs here, not what a server elsewhere will do.
    """
    from hxroute.sandbox.bench import shown
    from hxroute.sandbox.bench.request import Own
    from hxroute.sandbox.bench.rounds import Options
    from hxroute.sandbox.bench.run import bench as measured
    from hxroute.sandbox.bench.target import Wish
    from hxroute.sandbox.child import python

    if endpoint is not None and path is not None:
        fail("--endpoint and --path both name what is asked; give one of them")
    asked = _asked(method, path, headers)
    end_in_order()
    gateway = compiled(source).gateway
    assert gateway is not None
    result = measured(
        gateway,
        Wish(endpoint, path and asked.target, method and asked.method),
        Own(asked.headers, _body(data)),
        Options(seconds, rounds, connections),
        file=str(source),
        command=python("-m", "hxroute.cli.tethered"),
        environ=os.environ,
    )
    if format == "json":
        click.echo(shown.as_json(result), nl=False)
        return
    for line in shown.lines(result):
        click.echo(line)


def _asked(method: str | None, path: str | None, headers: tuple[str, ...]) -> Question:
    """Read what a request is made of; GET and `/` stand for what is not said."""
    from hxroute.diagnostics.shown import printable
    from hxroute.explain import ask

    try:
        return ask(method or "GET", path or "/", headers)
    except ValueError as exc:
        fail(printable(str(exc)))


def _body(data: str | None) -> bytes | None:
    if data is None or not data.startswith("@"):
        return data if data is None else os.fsencode(data)
    from hxroute.diagnostics.shown import printable

    try:
        return Path(data[1:]).read_bytes()
    except OSError as exc:
        fail(f"{printable(data[1:])} cannot be read: {exc.strerror}")
