"""`hxroute explain` and `hxroute routes`: what a gateway would do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

import click

from hxroute.cli.common import compiled, console, fail, routes_option

__all__ = ["explain", "routes"]

_MAX_BODY: Final = 64 << 20
_WIDE: Final = 1 << 16
"""Columns that a tree may take: a terminal wraps its lines, none is cut."""

_ROUTES: Final = Path("routes.yaml")


def _methods(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Complete a method."""
    from hxroute.ir import STANDARD_METHODS

    return [name for name in STANDARD_METHODS if name.startswith(incomplete.upper())]


def _paths(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Complete a path of the routes file; say nothing where that does not compile."""
    from hxroute.compiler import MAX_BYTES, compile

    source = context.params.get("source") or _ROUTES
    try:
        with source.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return []
    gateway = compile(data, str(source)).gateway
    known = () if gateway is None else (item.path for item in gateway.endpoints)
    return [path for path in dict.fromkeys(known) if path.startswith(incomplete)]


@click.command()
@click.argument("method", shell_complete=_methods)
@click.argument("path", shell_complete=_paths)
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

    PATH may have a query, or be a whole URL. Settings come from the environment; a
    secret is shown by its name only, and what is not set gets a stand-in.
    """
    from hxroute.diagnostics.shown import printable
    from hxroute.explain import ask, explain, json, text

    result = compiled(source)
    assert result.gateway is not None
    try:
        question = ask(method, path, headers, _body(data), result.gateway.server)
    except ValueError as exc:
        fail(printable(str(exc)))
    explanation = explain(result, question, os.environ)
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
    help="A tree, JSON, or a Mermaid flowchart.",
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
        screen = console()
        screen.width = _WIDE
        screen.print(overview.as_tree(gateway, str(source)))


def _body(data: str) -> bytes:
    from hxroute.diagnostics.shown import printable

    if not data.startswith("@"):
        return os.fsencode(data)
    if data == "@-":
        return _read(_standard_input(), "the standard input")
    name = printable(data[1:]) or "a file without a name"
    try:
        with Path(data[1:]).open("rb") as file:
            return _read(file, name)
    except OSError as exc:
        fail(f"{name} cannot be read: {exc.strerror}")


def _standard_input() -> BinaryIO:
    stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    if stream is None:
        fail("the standard input is closed")
    return stream


def _read(file: BinaryIO, name: str) -> bytes:
    body = file.read(_MAX_BODY + 1)
    if len(body) > _MAX_BODY:
        fail(f"{name} is larger than {_MAX_BODY} bytes, the most that is explained")
    return body
