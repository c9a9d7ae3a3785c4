"""`hxroute explain` and `hxroute routes`: what a gateway would do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from hxroute.cli.common import compiled, console, fail, routes_option

__all__ = ["explain", "routes"]

_MAX_BODY = 64 << 20


@click.command()
@click.argument("method")
@click.argument("path")
@click.option(
    "-H", "--header", "headers", multiple=True, help="A field, as `name: value`."
)
@click.option("-d", "--data", default="", help="The body, or @FILE, or @- for stdin.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@routes_option
def explain(
    method: str,
    path: str,
    headers: tuple[str, ...],
    data: str,
    source: Path,
    *,
    as_json: bool,
) -> None:
    """Say what the gateway would do with a request; nothing is sent.

    Settings come from the environment; a secret is shown by its name only, and what is
    not set gets a stand-in.
    """
    from hxroute.explain import ask, explain, json, text

    try:
        question = ask(method, path, headers, _body(data))
    except ValueError as exc:
        fail(str(exc))
    explanation = explain(compiled(source), question, os.environ)
    if as_json:
        click.echo(json.render(explanation), nl=False)
        return
    screen = console()
    for line in text.lines(explanation):
        screen.print(line, soft_wrap=True)


@click.command()
@routes_option
@click.option(
    "--format",
    type=click.Choice(["tree", "json", "mermaid"]),
    default="tree",
    show_default=True,
)
def routes(source: Path, format: str) -> None:
    """Show the endpoints: their paths, methods, auth and upstreams."""
    from hxroute import overview

    gateway = compiled(source).gateway
    assert gateway is not None
    if format == "json":
        click.echo(overview.as_json(gateway), nl=False)
    elif format == "mermaid":
        click.echo(overview.as_mermaid(gateway), nl=False)
    else:
        console().print(overview.as_tree(gateway, str(source)), soft_wrap=True)


def _body(data: str) -> bytes:
    if not data.startswith("@"):
        return data.encode("utf-8", "surrogateescape")
    if data == "@-":
        return sys.stdin.buffer.read(_MAX_BODY)
    try:
        with Path(data[1:]).open("rb") as file:
            return file.read(_MAX_BODY)
    except OSError as exc:
        fail(f"{data[1:]} cannot be read: {exc.strerror}")
