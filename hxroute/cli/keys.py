"""`hxroute keys`: clients' keys made, replaced, and looked over before they end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hxroute.cli.common import STALE, WRONG, compiled, read, report_on, routes_option
from hxroute.errors import StartError

if TYPE_CHECKING:
    from hxroute.compiler.resolve import Program
    from hxroute.keyring import Change, Entry

__all__ = ["keys"]

_DAY: Final = 86400.0
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class _Span(click.ParamType[float]):
    """A length of time: `7d`, or a duration of the language."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        from hxroute import units

        if isinstance(value, float):
            return value
        days = re.fullmatch(r"([0-9]{1,5})d", value, re.ASCII)
        length = float(days[1]) * _DAY if days else units.duration(value)
        if length is None or length > 10_000 * _DAY:
            self.fail(f"{value!r} is no duration; write 7d, 12h or 30m", param, ctx)
        return length


class _Name(click.ParamType[str]):
    """Whom a key belongs to."""

    name = "name"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the name as it was given."""
        if _NAME.fullmatch(value) is None:
            self.fail("write letters, digits, `.`, `_`, `@` and `-`", param, ctx)
        return str(value)


class _End(click.ParamType[str]):
    """The end of a key."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the date or instant as it was given."""
        from hxroute import units

        if (units.instant(value) or 0.0) <= time.time():
            self.fail(f"{value!r} is no date to come, such as 2099-01-31", param, ctx)
        return str(value)


_auth_option: Final[Callable[..., Any]] = click.option(
    "--auth", help="The entry of `auth`; needed where there are several."
)
_end_option: Final[Callable[..., Any]] = click.option(
    "--not-after", type=_End(), help="The last day of the new key, or its end in UTC."
)


@click.group()
def keys() -> None:
    """Make, replace and look over the keys of clients.

    A new key is printed once, to standard output; a file gets its SHA-256.
    """


@keys.command()
@click.argument("name", type=_Name())
@routes_option
@_auth_option
@_end_option
@click.option("--write", is_flag=True, help="Put the entry into the routes file.")
def new(
    name: str, source: Path, auth: str | None, not_after: str | None, *, write: bool
) -> None:
    """Make a key for NAME, and say what to put into the file."""
    from hxroute.keyring import Change, digest_of, entries, new_key
    from hxroute.keyring.editing import written

    key = new_key()
    said = _said(name, digest_of(key), not_after)
    if write:
        program = _program(source)
        auth = _one_of(program, auth)
        if any((e.auth, e.name) == (auth, name) for e in entries(program)):
            raise StartError(
                f"`{name}` has a key in auth `{auth}`; "
                f"`hxroute keys rotate {name}` replaces it"
            )
        _write(source, Change(auth, said))
    else:
        click.echo("to be listed under `bearer` of an entry of `auth`:", err=True)
        click.echo(f"- {written(said)}", err=True)
    click.echo(key)


@keys.command()
@click.argument("name", type=_Name())
@routes_option
@_auth_option
@_end_option
@click.option(
    "--grace",
    type=_Span(),
    default="7d",
    show_default=True,
    help="How long the old key stays good.",
)
def rotate(
    name: str, source: Path, auth: str | None, not_after: str | None, grace: float
) -> None:
    """Make another key for NAME, and let the old one end."""
    from hxroute.keyring import Change, digest_of, new_key

    old = _of_name(_program(source), name, auth)
    ends = time.time() + grace
    end = datetime.fromtimestamp(int(ends) + 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ending = tuple((entry, end) for entry in old if entry.expires > ends + 1)
    key = new_key()
    said = _said(name, digest_of(key), not_after)
    _write(source, Change(old[0].auth, said, ending))
    for entry, instant in ending:
        click.echo(f"the key of line {entry.line} is good until {instant}", err=True)
    click.echo(key)


@keys.command()
@routes_option
@click.option(
    "--within",
    type=_Span(),
    default="30d",
    show_default=True,
    help="How far to look ahead.",
)
def stale(source: Path, within: float) -> None:
    """List the keys that have expired or soon will. Exit 1 where there are any."""
    from hxroute.keyring import entries

    now = time.time()
    found = [e for e in entries(_program(source)) if e.expires <= now + within]
    for entry in sorted(found, key=lambda entry: entry.expires):
        state = "expired" if entry.expires <= now else "expires"
        where = f"{source}:{entry.line}"
        click.echo(f"{entry.name}  {entry.auth}  {state} {entry.not_after}  {where}")
    raise SystemExit(STALE if found else 0)


def _said(name: str, digest: str, not_after: str | None) -> dict[str, str]:
    said = {"name": name, "sha256": digest}
    return said if not_after is None else {**said, "not_after": not_after}


def _program(source: Path) -> Program:
    program = compiled(source).program
    assert program is not None
    return program


def _one_of(program: Program, auth: str | None) -> str:
    """Return the auth that is meant.

    Raises:
        StartError: where there is none, or it has to be named.
    """
    known = list(program.tables["auth"])
    if auth is None and len(known) == 1:
        return known[0]
    if auth in known:
        return str(auth)
    names = ", ".join(f"`{name}`" for name in known)
    if not known:
        raise StartError(
            "the file has no `auth`; write `auth: {clients: {bearer: […]}}`"
        )
    if auth is None:
        raise StartError(f"say with --auth which: {names}")
    raise StartError(f"unknown auth `{auth}`; there is {names}")


def _of_name(program: Program, name: str, auth: str | None) -> list[Entry]:
    """Return the keys of a name, which are those of one auth.

    Raises:
        StartError: where there is none, or several auths have one.
    """
    from hxroute.keyring import entries

    found = [entry for entry in entries(program) if entry.name == name]
    if auth is not None:
        auth = _one_of(program, auth)
        found = [entry for entry in found if entry.auth == auth]
    if not found:
        raise StartError(f"no key is named `{name}`; `hxroute keys new` makes one")
    if len({entry.auth for entry in found}) > 1:
        raise StartError(
            f"several entries of `auth` have a key of `{name}`; add --auth"
        )
    return found


def _write(source: Path, change: Change) -> None:
    """Write a file that a change was made to, where it compiles; else report why not.

    Raises:
        StartError: where it cannot be changed or written.
    """
    from hxroute import files
    from hxroute.compiler import compile
    from hxroute.keyring import changed

    data = read(source)
    text, result = changed(data, compile(data, str(source)), change)
    if result.gateway is None:
        report_on(result.report)
        raise SystemExit(WRONG)
    try:
        files.write(source, text)
    except OSError as exc:
        raise StartError(f"{source} cannot be written: {exc.strerror}") from exc
    click.echo(f"{source} is written; a gateway takes it at its reload", err=True)
