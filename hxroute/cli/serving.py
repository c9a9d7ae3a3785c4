"""`hxroute run` and `hxroute demo`: serve a gateway."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hxroute.cli.common import build_option, compiled, fail, printed, routes_option

__all__ = ["demo", "run"]


@click.command()
@routes_option
@build_option
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
        fail(str(exc))


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4010, show_default=True)
def demo(port: int) -> None:
    """Serve the HX gateway on an embedded upstream: no key, no network."""
    from hxroute.errors import StartError
    from hxroute.sandbox import demo

    text = printed(compiled(demo.routes_file()))
    try:
        demo.run(text, port, click.echo)
    except StartError as exc:
        fail(str(exc))
