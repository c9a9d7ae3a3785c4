"""`hxroute import`: a routes file drafted from an old gateway's source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hxroute.cli.common import fail
from hxroute.errors import StartError

if TYPE_CHECKING:
    from hxroute.importing.importer import Imported
    from hxroute.importing.openapi import Operation

__all__ = ["import_"]

_PATH: Final = click.Path(path_type=Path)


@click.group("import")
def import_() -> None:
    """Draft a routes file from an old gateway's source."""


@import_.command()
@click.argument("source", type=_PATH, metavar="MAIN.PY")
@click.option(
    "-o",
    "--output",
    type=_PATH,
    default="routes.yaml",
    show_default=True,
    help="The routes file to write; `-` prints it.",
)
@click.option("--openapi", type=_PATH, help="Its OpenAPI document, JSON or YAML.")
@click.option(
    "--app",
    metavar="MODULE:APP",
    help="Import the app in a process of its own, and ask it for that document.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print what was found.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def fastapi(
    source: Path,
    output: Path,
    openapi: Path | None,
    app: str | None,
    form: str,
    *,
    force: bool,
) -> None:
    """Draft a routes file of a FastAPI proxy.

    The source is read and never run, unless --app asks for it. Each finding is exact,
    approximate or manual, and names its line; the draft compiles, and says TODO where
    somebody has to decide.
    """
    from hxroute.importing.importer import import_fastapi

    shown = output != Path("-")
    if shown and output.exists() and not force:
        fail(
            f"{output} exists; name another file with -o, or write over it with --force"
        )
    data = _read(source)
    operations = _operations(source, openapi, app)
    found = import_fastapi(data, source.name, operations)
    if shown:
        _write(output, found.text, force=force)
    else:
        click.echo(found.text.encode(), nl=False)
    _print(found, source, output, form, to_stderr=not shown)


def _read(source: Path) -> bytes:
    from hxroute.importing.program import MAX_BYTES

    try:
        with source.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise StartError(f"{source} cannot be read: {exc.strerror}") from exc


def _operations(
    source: Path, openapi: Path | None, app: str | None
) -> list[Operation] | None:
    from hxroute.importing.openapi import from_app, from_file

    if openapi is not None and app is not None:
        fail("--openapi and --app exclude each other")
    if openapi is not None:
        return from_file(openapi)
    return None if app is None else from_app(app, source.resolve().parent)


def _write(output: Path, text: str, *, force: bool) -> None:
    from hxroute import files

    try:
        if not force:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.open("x").close()  # nobody else's file is written over
        files.write(output, text)
    except FileExistsError:
        fail(
            f"{output} exists; name another file with -o, or write over it with --force"
        )
    except OSError as exc:
        raise StartError(f"{output} cannot be written: {exc.strerror}") from exc


def _print(
    found: Imported, source: Path, output: Path, form: str, *, to_stderr: bool
) -> None:
    from hxroute.importing.findings import as_json, as_text, counted

    if form == "json":
        text = as_json(found.findings, source.name, str(output))
        click.echo(text.encode(), nl=False, err=to_stderr)
        return
    click.echo(as_text(found.findings, source.name).encode(), nl=False, err=to_stderr)
    click.echo(f"{source.name} -> {output}: {counted(found.findings)}", err=to_stderr)
