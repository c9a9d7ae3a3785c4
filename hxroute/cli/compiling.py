"""`hxroute check` and `hxroute compile`: what a file says, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

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
)

__all__ = ["check", "compile_"]


@click.command()
@routes_option
def check(source: Path) -> None:
    """Say what is wrong with a routes file. Exit 2 where anything is."""
    from hxroute.compiler import compile

    result = compile(read(source), str(source))
    report_on(result)
    if result.gateway is None:
        raise SystemExit(WRONG)
    click.echo(f"{source}: {summary(result.gateway)}, no errors")


@click.command("compile")
@routes_option
@build_option
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit 1 if stale."
)
def compile_(source: Path, build: Path, *, only_check: bool) -> None:
    """Compile a routes file to a Python module."""
    from hxroute import files

    result = compiled(source)
    assert result.gateway is not None
    text = printed(result)
    if only_check:
        if not _holds(build, text):
            click.echo(f"{build} is stale; run `hxroute compile`", err=True)
            raise SystemExit(STALE)
        click.echo(f"{build} is fresh")
        return
    try:
        files.write(build, text)
    except OSError as exc:
        fail(f"{build} cannot be written: {exc.strerror}")
    click.echo(f"{source} -> {build}: {summary(result.gateway)}")


def _holds(build: Path, text: str) -> bool:
    try:
        return build.read_bytes() == text.encode()
    except OSError:
        return False
