"""Loading a compiled module, and telling whether it is stale.

A build is fresh while the digest it carries is the digest of the routes file beside
which it is run; a build without a routes file, as in a container, is never stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette

from hxroute.errors import StartError
from hxroute.files import digest_of
from hxroute.ir import FORMAT, Gateway

__all__ = ["Build", "execute", "load"]

_A_BUILD: Final = Path("the build")


@dataclass(frozen=True, slots=True)
class Build:
    """A loaded build; `text` is its source, `digest` that of the routes file."""

    gateway: Gateway
    app: Starlette
    text: bytes = b""
    digest: str | None = None


def load(path: Path, source: Path | None = None) -> Build:
    """Load a compiled module.

    Args:
        path: the compiled module.
        source: the routes file that it must be as new as, where there is one.

    Raises:
        StartError: where it is missing, empty, stale, broken or of another format.
    """
    try:
        text = path.read_bytes()
        current = source.read_bytes() if source and source.is_file() else None
    except FileNotFoundError as exc:
        raise StartError(f"{path} is not there; run `hxroute compile`") from exc
    except OSError as exc:
        raise StartError(f"{exc.filename} cannot be read: {exc.strerror}") from exc
    build = execute(text, path)
    if current is not None and digest_of(current) != build.digest:
        raise StartError(f"{path} is older than {source}; run `hxroute compile`")
    return build


def execute(text: bytes, path: Path = _A_BUILD) -> Build:
    """Load the text of a compiled module.

    Raises:
        StartError: where it is empty, broken or of another format.
    """
    if not text.strip():  # a disk that is full, a redirection that came to nothing
        raise StartError(f"{path} is empty; run `hxroute compile` to write it anew")
    names = _executed(text, path)
    gateway, app = names.get("gateway"), names.get("app")
    if (
        not isinstance(gateway, Gateway)
        or not isinstance(app, Starlette)
        or names.get("FORMAT") != FORMAT
    ):
        raise StartError(f"{path} is of another hxroute; run `hxroute compile`")
    return Build(gateway, app, text, names.get("SOURCE"))


def _executed(text: bytes, path: Path) -> dict[str, Any]:
    """Run a module from its text: a cache of bytecode may be older than it."""
    names: dict[str, Any] = {"__name__": "hxroute_gateway", "__file__": str(path)}
    try:
        exec(compile(text, str(path), "exec"), names)  # noqa: S102  that is what it is for
    except StartError:
        raise
    except (Exception, SystemExit) as exc:
        raise StartError(
            f"{path} cannot be loaded ({type(exc).__name__}); run `hxroute compile`"
        ) from exc
    return names
