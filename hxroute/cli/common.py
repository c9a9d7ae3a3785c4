"""What the commands share: options, reading a routes file, and how they fail."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO

import click

from hxroute.errors import StartError

if TYPE_CHECKING:
    from rich.console import Console

    from hxroute.compiler import Compiled
    from hxroute.diagnostics import Report
    from hxroute.ir import Gateway

__all__ = [
    "DIFFERENT",
    "STALE",
    "WRONG",
    "build_option",
    "colored",
    "compiled",
    "console",
    "end_in_order",
    "fail",
    "path_option",
    "printed",
    "read",
    "report_on",
    "routes_option",
    "summary",
    "write",
]

STALE: Final = 1
"""The exit code of `compile --check` for a build that is not what the file makes."""

DIFFERENT: Final = 1
"""The exit code of `plan` where requests change."""

WRONG: Final = 2
"""The exit code for anything that is wrong."""


def path_option(
    *names: str, default: str, help: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make an option that takes a path."""
    kind = click.Path(path_type=Path)
    return click.option(
        *names, default=default, show_default=True, type=kind, help=help
    )


routes_option = path_option(
    "-f", "--file", "source", default="routes.yaml", help="The routes file."
)
build_option = path_option(
    "-o", "--output", "build", default="build/gateway.py", help="The compiled gateway."
)


def read(source: Path) -> bytes:
    """Read a file; of one that is too large to compile only a little more than is.

    Raises:
        StartError: where it cannot be read.
    """
    from hxroute.compiler import MAX_BYTES

    try:
        with source.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise StartError(f"{source} cannot be read: {exc.strerror}") from exc


def compiled(source: Path) -> Compiled:
    """Compile a file; where it holds errors, print the report and exit."""
    from hxroute.compiler import compile

    result = compile(read(source), str(source))
    if result.gateway is None:
        report_on(result.report)
        raise SystemExit(WRONG)
    return result


def report_on(report: Report, color: str = "auto") -> None:
    """Print the diagnostics of a file, where there are any."""
    from hxroute.diagnostics import text

    if report.diagnostics:
        shown = text.render(report, color=colored(color, sys.stderr))
        click.echo(shown, err=True, nl=False, color=True)


def colored(wish: str, stream: TextIO | None) -> bool:
    """Whether to colour a stream: as wished, or where a terminal takes it."""
    if wish != "auto":
        return wish == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream is not None and stream.isatty()


def printed(result: Compiled) -> str:
    """Print a compiled gateway as the module it runs as."""
    from hxroute.backends import python

    assert result.gateway is not None
    return python.emit(result.gateway, digest=result.digest)


def write(build: Path, result: Compiled) -> None:
    """Write a compiled gateway as a module.

    Raises:
        StartError: where it cannot be written.
    """
    from hxroute import files

    try:
        files.write(build, printed(result))
    except OSError as exc:
        raise StartError(f"{build} cannot be written: {exc.strerror}") from exc


def summary(gateway: Gateway) -> str:
    """Count what a gateway is made of."""
    counts = (
        (len(gateway.endpoints), "endpoint"),
        (len(gateway.upstreams), "upstream"),
        (len(gateway.settings), "setting"),
    )
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts)


def console() -> Console:
    """Return a console that colours on terminals only, and not under NO_COLOR.

    What the output's encoding has no character for is written as `?`.
    """
    from rich.console import Console

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")

    return Console(highlight=False, markup=False, emoji=False)


def end_in_order() -> None:
    """Let SIGTERM do as Ctrl-C, which the event loop handles: what was started is ended.

    Also where SIGINT is ignored, as it is in what a shell runs in the background.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def fail(message: str) -> NoReturn:
    """Print a message of one or more lines as errors, and exit."""
    with contextlib.suppress(OSError):
        for line in message.splitlines():
            click.echo(f"error: {line}", err=True)
    raise SystemExit(WRONG)
