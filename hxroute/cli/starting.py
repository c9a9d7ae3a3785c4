"""`hxroute init`, `schema` and `completion`: what one has before there is a gateway."""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from click.shell_completion import get_completion_class

from hxroute.cli.common import fail, routes_option

__all__ = ["completion", "init", "schema"]

_PRESETS: Final = Path(__file__).parents[1] / "presets"
_NAMES: Final = ("litellm", "openai", "ollama", "blank")
_SCHEMA: Final = "routes.schema.json"
"""The schema's name beside a routes file; the presets' first line says the same."""
_YAML: Final = frozenset({".yaml", ".yml"})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""What a file system says that knows no hard links."""


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default=".")
@routes_option
@click.option(
    "--preset",
    type=click.Choice(_NAMES),
    default=_NAMES[0],
    show_default=True,
    help="What it stands in front of.",
)
def init(directory: Path, source: Path, preset: str) -> None:
    """Write a routes file to start from, and its schema for editors beside it.

    Nothing that exists is changed.
    """
    routes = directory / source
    if not routes.name or directory.suffix in _YAML:
        fail("name a folder, and with -f a file")
    text = (_PRESETS / f"{preset}.yaml").read_text("utf-8")
    _write_both(routes, text)
    click.echo(f"{routes} is written (preset {preset}), and {_SCHEMA} for editors")
    click.echo("next:")
    for line in _next_steps(text, directory, source):
        click.echo(f"  {line}")


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write to this file."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "markdown"]),
    default="json",
    show_default=True,
    help="The schema itself, or a reference made from it.",
)
@click.option(
    "--of",
    "kind",
    type=click.Choice(["routes", "cases", "divergences"]),
    default="routes",
    show_default=True,
    help="Which files it is for.",
)
def schema(output: Path | None, form: str, kind: str) -> None:
    """Print the JSON Schema of routes files, in one document."""
    from hxroute import files

    if form == "markdown" and kind != "routes":
        fail("--format markdown is made for routes files only")
    text = _schema_text(kind) if form == "json" else _reference()
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        files.write(output, text)
    except OSError as exc:
        fail(f"{output} cannot be written: {exc.strerror}")
    click.echo(f"{output} is written")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script by which a shell completes commands, options and files.

    In ~/.bashrc: eval "$(hxroute completion bash)"

    In ~/.zshrc: eval "$(hxroute completion zsh)"

    In config.fish: hxroute completion fish | source
    """
    kind = get_completion_class(shell)
    assert kind is not None
    command = context.find_root().command
    click.echo(kind(command, {}, "hxroute", "_HXROUTE_COMPLETE").source().strip())


def _schema_text(kind: str = "routes") -> str:
    from hxroute.compiler import schemas

    return json.dumps(schemas.published(kind), indent=2, ensure_ascii=False) + "\n"


def _reference() -> str:
    from hxroute.compiler.reference import reference

    return reference()


def _next_steps(text: str, directory: Path, source: Path) -> Iterator[str]:
    """Say what makes the file a gateway that runs."""
    from hxroute.compiler import compile

    gateway = compile(text.encode(), source.name).gateway
    assert gateway is not None
    unset = [item.env[0] for item in gateway.settings if item.default is None]
    if directory != Path() and not source.is_absolute():
        yield f"cd {shlex.quote(str(directory))}"
    if unset:
        yield f"set {' and '.join(unset)}; `settings` says what they are"
    named = "" if source == Path("routes.yaml") else f" -f {shlex.quote(str(source))}"
    yield f"hxroute compile{named} && hxroute run{named}"
    yield f"curl http://{gateway.server.host}:{gateway.server.port}/healthz"


def _write_both(routes: Path, text: str) -> None:
    """Write a routes file and its schema, or say why not and change nothing."""
    schema, shape = routes.with_name(_SCHEMA), _schema_text()
    with contextlib.ExitStack() as undo:
        _write_new(routes, text, cure="remove it, or name another file with -f")
        undo.callback(routes.unlink)
        if not _holds(schema, shape):
            cure = f"`hxroute schema -o {shlex.quote(str(schema))}` writes it anew"
            _write_new(schema, shape, cure=cure)
        undo.pop_all()


def _write_new(path: Path, text: str, *, cure: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        fail(f"{path.parent} cannot be made: {exc.strerror}")
    try:
        _create(path, text)
    except FileExistsError:
        fail(f"{path} exists; {cure}")
    except OSError as exc:
        fail(f"{path} cannot be written: {exc.strerror}")


def _create(path: Path, text: str) -> None:
    """Write aside and link: the name is new and leads to a whole file, or is not taken.

    A rename would replace what is there.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(aside, text)
        path.hardlink_to(aside)
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        _write(path, text)
    finally:
        aside.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Write a file that is not there yet."""
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
