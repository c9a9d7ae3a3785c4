"""`hxroute plan`: which requests a new routes file would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hxroute.cli.common import DIFFERENT, WRONG, fail, read, report_on

if TYPE_CHECKING:
    from hxroute.ir import Gateway

__all__ = ["plan"]

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def plan(old: Path, new: Path, format_: str) -> None:
    """Say which requests NEW answers differently from OLD, and how.

    Exit 0 where none, 1 where some, 2 where a file holds errors.
    """
    from hxroute.diagnostics.shown import as_json
    from hxroute.plan import as_data, differences, render
    from hxroute.space import OutOfSteps

    before, after = _gateways(old, new)
    try:
        found = differences(before, after)
    except OutOfSteps:
        fail("too many paths overlap to be told apart")
    if format_ == "json":
        click.echo(as_json(as_data(found)), nl=False)
    else:
        click.echo(render(found, str(old), str(new)), nl=False)
    raise SystemExit(DIFFERENT if found else 0)


def _gateways(*files: Path) -> list[Gateway]:
    """Compile the files; where one holds errors, report on all and exit."""
    from hxroute.compiler import compile

    results = [compile(read(file), str(file)) for file in files]
    gateways = [found.gateway for found in results if found.gateway is not None]
    if len(gateways) < len(results):
        for result in results:
            if result.gateway is None:
                report_on(result.report)
        raise SystemExit(WRONG)
    return gateways
