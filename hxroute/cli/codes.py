"""`hxroute explain-code`: what a diagnostic code means, with an example."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from hxroute.cli.common import fail

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["explain_code"]


def _codes(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from hxroute.diagnostics import CATALOG

    found = ((c, t) for c, t in CATALOG.items() if c.startswith(begun.upper()))
    return [CompletionItem(code, help=title) for code, title in found]


@click.command("explain-code")
@click.argument("code", required=False, shell_complete=_codes)
@click.option("--list", "listed", is_flag=True, help="List every code.")
def explain_code(code: str | None, *, listed: bool) -> None:
    """Say what a code such as HX201 means: why, what is wrong, what is right."""
    if listed == (code is not None):
        fail("state a code, as in `hxroute explain-code HX201`, or `--list`")
    lines = _list() if code is None else _page(_known(code))
    click.echo("\n".join(lines), color=False if os.environ.get("NO_COLOR") else None)


def _list() -> Iterator[str]:
    from hxroute.diagnostics import CATALOG

    return (f"{code}  {_severity(code):7}  {title}" for code, title in CATALOG.items())


def _page(code: str) -> Iterator[str]:
    from hxroute.diagnostics import CATALOG, pages

    _, *lines = pages.page(code).splitlines()
    yield click.style(f"{_severity(code)}[{code}]: {CATALOG[code]}", bold=True)
    in_example = False
    for line in lines:
        if line.startswith("```"):
            in_example = not in_example
        elif in_example:
            yield f"    {line}".rstrip()
        elif line.startswith("## "):
            yield click.style(line.removeprefix("## "), bold=True)
        else:
            yield line


def _severity(code: str) -> str:
    from hxroute.diagnostics.catalog import WARNINGS

    return "warning" if code in WARNINGS else "error"


def _known(name: str) -> str:
    from hxroute.diagnostics import CATALOG, did_you_mean

    code = name.upper()
    if code not in CATALOG:
        near = did_you_mean(code, CATALOG) or "`hxroute explain-code --list` has all"
        fail(f"there is no code `{name}`; {near}")
    return code
