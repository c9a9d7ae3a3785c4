"""`hxroute check` and `hxroute compile`: what a file says, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hxroute.cli.common import (
    STALE,
    WRONG,
    build_option,
    compiled,
    fail,
    printed,
    read,
    report_on,
    routes_option,
    summary,
    write,
)

if TYPE_CHECKING:
    from hxroute.diagnostics import Report

__all__ = ["check", "compile_"]

_FORMATS: Final = ("text", "json", "github", "sarif")
_OF_ONE_FILE: Final = ("json", "sarif")
"""The formats that are one document."""
_COLORS: Final = ("auto", "always", "never")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@routes_option
@click.option(
    "--format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="What to print; all but text goes to standard output.",
)
@click.option(
    "--color",
    type=click.Choice(_COLORS),
    default="auto",
    show_default=True,
    help="Colour the text; by default on a terminal.",
)
def check(files: tuple[Path, ...], source: Path, format: str, color: str) -> None:
    """Say what is wrong with a routes file, or with several. Exit 2 where anything is.

    FILES are those to check, as pre-commit names them; without any it is that of -f.
    """
    sources = files or (source,)
    if len(sources) > 1 and format in _OF_ONE_FILE:
        fail(f"--format {format} takes one file")
    right = [_is_right(item, format, color) for item in sources]
    if not all(right):
        raise SystemExit(WRONG)


def _is_right(source: Path, format: str, color: str) -> bool:
    from hxroute.compiler import compile

    result = compile(read(source), str(source))
    if format == "text":
        report_on(result.report, color)
    else:
        click.echo(_rendered(result.report, format).encode(), nl=False)
    if result.gateway is not None and format == "text":
        click.echo(f"{source}: {summary(result.gateway)}, no errors")
    return result.gateway is not None


def _rendered(report: Report, format: str) -> str:
    """Render a report for a program."""
    from hxroute.diagnostics import github, json, sarif

    renderers = {"github": github.render, "json": json.render, "sarif": sarif.render}
    return renderers[format](report)


@click.command("compile")
@routes_option
@build_option
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit 1 if stale."
)
def compile_(source: Path, build: Path, *, only_check: bool) -> None:
    """Compile a routes file to a Python module."""
    result = compiled(source)
    assert result.gateway is not None
    if only_check:
        if not _holds(build, printed(result)):
            click.echo(f"{build} is stale; run `hxroute compile`", err=True)
            raise SystemExit(STALE)
        click.echo(f"{build} is fresh")
        return
    write(build, result)
    click.echo(f"{source} -> {build}: {summary(result.gateway)}")


def _holds(build: Path, text: str) -> bool:
    try:
        return build.read_bytes() == text.encode()
    except OSError:
        return False
