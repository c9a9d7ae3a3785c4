"""The commands. Each imports what it needs when it is called; nothing imports this."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from hxroute.ir import Gateway

__all__ = ["main"]

_STALE: Final = 1
_WRONG: Final = 2


def _path_option(
    *names: str, default: str, help: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    kind = click.Path(path_type=Path)
    return click.option(
        *names, default=default, show_default=True, type=kind, help=help
    )


_routes_option = _path_option(
    "-f", "--file", "source", default="routes.yaml", help="The routes file."
)
_build_option = _path_option(
    "-o", "--output", "build", default="build/gateway.py", help="The compiled gateway."
)


class _Group(click.Group):
    """Commands whose output may have nowhere to go."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command, and say what the operating system refuses."""
        try:
            return super().main(*args, **extra)
        except OSError as exc:
            _fail(exc.strerror or "the operating system refused")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hxroute")
def main() -> None:
    """Compile a routes.yaml to a gateway, and serve it."""


@main.command()
@_routes_option
def check(source: Path) -> None:
    """Say what is wrong with a routes file. Exit 2 where anything is."""
    gateway, _ = _compiled(source, warn=True)
    click.echo(f"{source}: {_summary(gateway)}, no errors")


@main.command("compile")
@_routes_option
@_build_option
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit 1 if stale."
)
def compile_(source: Path, build: Path, *, only_check: bool) -> None:
    """Compile a routes file to a Python module."""
    from hxroute import files

    gateway, text = _compiled(source)
    if only_check:
        if not _holds(build, text):
            click.echo(f"{build} is stale; run `hxroute compile`", err=True)
            raise SystemExit(_STALE)
        click.echo(f"{build} is fresh")
        return
    try:
        files.write(build, text)
    except OSError as exc:
        _fail(f"{build} cannot be written: {exc.strerror}")
    click.echo(f"{source} -> {build}: {_summary(gateway)}")


@main.command()
@_routes_option
@_build_option
@click.option("--host", help="Listen on this address; by default the file's.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True)
@click.option(
    "--allow-default-keys", is_flag=True, help="Serve others with public keys."
)
def run(
    source: Path,
    build: Path,
    host: str | None,
    port: int | None,
    workers: int,
    *,
    allow_default_keys: bool,
) -> None:
    """Serve a compiled gateway."""
    from hxroute.errors import StartError
    from hxroute.runtime import serve

    options = serve.Options(host, port, workers, allow_default_keys)
    try:
        serve.serve(build, source, options, os.environ, click.echo)
    except StartError as exc:
        _fail(str(exc))


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4010, show_default=True)
def demo(port: int) -> None:
    """Serve the HX gateway on an embedded upstream: no key, no network."""
    from hxroute.errors import StartError
    from hxroute.sandbox import demo

    source = demo.routes_file()
    _, text = _compiled(source)
    try:
        demo.run(text, port, click.echo)
    except StartError as exc:
        _fail(str(exc))


def _compiled(source: Path, *, warn: bool = False) -> tuple[Gateway, str]:
    """Compile a file and print the gateway; where that fails say why and exit."""
    from hxroute.backends import python
    from hxroute.compiler import MAX_BYTES, compile
    from hxroute.diagnostics import render
    from hxroute.files import digest_of

    try:
        with source.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as exc:
        _fail(f"{source} cannot be read: {exc.strerror}")
    gateway, report = compile(data, str(source))
    if report.failed or (warn and report.diagnostics):
        click.echo(render(report), err=True, nl=False)
    if gateway is None:
        raise SystemExit(_WRONG)
    return gateway, python.emit(gateway, digest=digest_of(data))


def _holds(build: Path, text: str) -> bool:
    try:
        return build.read_bytes() == text.encode()
    except OSError:
        return False


def _summary(gateway: Gateway) -> str:
    counts = (
        (len(gateway.endpoints), "endpoint"),
        (len(gateway.upstreams), "upstream"),
        (len(gateway.settings), "setting"),
    )
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts)


def _fail(message: str) -> NoReturn:
    with contextlib.suppress(OSError):
        for line in message.splitlines():
            click.echo(f"error: {line}", err=True)
    raise SystemExit(_WRONG)
