"""`hxroute run` and `hxroute demo`: serve a gateway."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hxroute.cli.common import (
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
from hxroute.errors import StartError

if TYPE_CHECKING:
    from hxroute.runtime.reload import Edits, Renewed

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
@click.option("--watch", is_flag=True, help="Compile, and again whenever it is saved.")
def run(
    source: Path,
    build: Path,
    host: str | None,
    port: int | None,
    workers: int,
    *,
    allow_default_keys: bool,
    watch: bool,
) -> None:
    """Serve a compiled gateway."""
    from hxroute.runtime import serve

    options = serve.Options(host, port, workers, allow_default_keys, watch)
    edits = (_edits if watch else _builds)(source, build)
    serve.serve(build, source, options, os.environ, click.echo, edits)


def _builds(source: Path, build: Path) -> Edits:
    """Return what becomes of a build that is to be loaded again."""
    from hxroute.runtime.reload import Edits

    return Edits(functools.partial(_loaded, source, build), None)


def _loaded(source: Path, build: Path, _: str | None) -> Renewed:
    """Load a build again, though it may be the same: settings may not be.

    Raises:
        StartError: where it is broken, missing, or older than the file it was made of.
    """
    from hxroute.runtime import loader
    from hxroute.runtime.reload import Renewed

    loaded = loader.load(build, source)
    line = f"{build}: {summary(loaded.gateway)}"
    return Renewed(loaded.gateway, loaded.digest, line, build=lambda: loaded.text)


def _edits(source: Path, build: Path) -> Edits:
    """Compile what is to be served, and return what becomes of it when it is edited."""
    from hxroute.runtime.reload import Edits

    if importlib.util.find_spec("watchfiles") is None:
        fail("`--watch` needs watchfiles; `pip install 'hxroute[watch]'`")
    renew = functools.partial(_renewed, source, build)
    return Edits(renew, _digest_served(source, build))


def _digest_served(source: Path, build: Path) -> str | None:
    """Compile a file whose build is missing or stale, and return its digest."""
    from hxroute.files import digest_of

    if build.is_file():
        if not source.exists():
            return None  # as in a container: the build is complete by itself
        digest = digest_of(read(source))
        if digest.encode() in build.read_bytes():
            return digest
    result = compiled(source)
    write(build, result)
    return result.digest


def _renewed(source: Path, build: Path, served: str | None) -> Renewed | None:
    """Compile an edited file, where its digest is another than the one served.

    Raises:
        StartError: where it has errors or cannot be read, or its build not be written.
    """
    from hxroute.compiler import compile
    from hxroute.files import digest_of
    from hxroute.runtime.reload import Renewed

    if source.exists() and not source.is_file():
        raise StartError(f"{source} is no regular file")
    data = read(source)
    if digest_of(data) == served:
        return None
    result = compile(data, str(source))
    with contextlib.suppress(OSError):  # nobody reads it
        report_on(result.report)
    if result.gateway is None:
        raise StartError(f"{source} has errors")
    line = f"{source}: {summary(result.gateway)}"
    keep = functools.partial(write, build, result)
    return Renewed(
        result.gateway, result.digest, line, keep, lambda: printed(result).encode()
    )


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4010, show_default=True)
def demo(port: int) -> None:
    """Serve the HX gateway on an embedded upstream: no key, no network."""
    from hxroute.sandbox import demo

    demo.run(printed(compiled(demo.routes_file())), port, click.echo)
