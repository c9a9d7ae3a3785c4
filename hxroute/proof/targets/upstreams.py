"""Where an old gateway finds its upstreams, as the command line says it.

env:MODELS_URL            by a variable, which gets the address
env:MODELS_URL/v1         the same, with a path behind it
4000, 127.0.0.1:4000      it always calls this port of 127.0.0.1
map:models.internal:8080  it calls a host, which is then looked up as ours
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hxroute.diagnostics.shown import printable
from hxroute.errors import StartError

__all__ = ["UPSTREAM", "Where", "mapped", "wheres"]

UPSTREAM: Final = "upstream"
"""What the one upstream is called where nobody names it."""

_NAMED: Final = re.compile(r"(?:([A-Za-z_][\w-]*)=)?(.+)")
_VARIABLE: Final = re.compile(r"env:([A-Za-z_]\w*)(/.*)?")
_PORT: Final = re.compile(r"(?:(?:127\.0\.0\.1|localhost):)?([0-9]{1,5})")
_HOST: Final = re.compile(r"map:([^:/@\s]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Where:
    """One upstream's place: a variable, a port, or a host and port to be ours."""

    text: str
    variable: str = ""
    path: str = ""
    port: int = 0
    host: str = ""

    def variables(self, port: int) -> dict[str, str]:
        """Return the variable that leads to an upstream on a port of 127.0.0.1."""
        url = f"http://127.0.0.1:{port}{self.path}"
        return {self.variable: url} if self.variable else {}


def wheres(texts: Iterable[str], alone: str = UPSTREAM) -> dict[str, Where]:
    """Read places, each `NAME=PLACE`, or one `PLACE` alone.

    Args:
        texts: what the command line says.
        alone: what the one upstream is called that has no name.

    Raises:
        StartError: where one is none, or a name is missing or repeated.
    """
    found: dict[str, Where] = {}
    texts = tuple(texts)
    for text in texts:
        named = _NAMED.fullmatch(text)
        name, place = (named[1], named[2]) if named else (None, text)
        if name is None and len(texts) > 1:
            raise StartError(
                f"`{printable(text)}` has no name; of several, each is `NAME=PLACE`"
            )
        if name in found:
            raise StartError(f"the upstream `{name}` has two places; leave one of them")
        found[name or alone] = _place(place)
    _tell_apart(found)
    return found


def _tell_apart(places: Mapping[str, Where]) -> None:
    """Refuse upstreams that a gateway would find at one place."""
    at: dict[tuple[str, str, int], str] = {}
    for name, place in places.items():
        other = at.setdefault((place.variable, place.host, place.port), name)
        if other != name:
            raise StartError(
                f"the upstreams `{other}` and `{name}` are at one place, {place.text}; "
                "make them one, or give each its own"
            )


def mapped(places: Mapping[str, Where], ports: Mapping[str, int]) -> dict[str, int]:
    """Return which host and port is ours, and on which port."""
    return {
        f"{place.host}:{place.port}": ports[name]
        for name, place in places.items()
        if place.host
    }


def _place(text: str) -> Where:
    if found := _VARIABLE.fullmatch(text):
        return Where(text, variable=found[1], path=(found[2] or "").rstrip("/"))
    if (found := _PORT.fullmatch(text)) and _is_port(found[1]):
        return Where(text, port=int(found[1]))
    if (found := _HOST.fullmatch(text)) and _is_port(found[2]):
        return Where(text, host=found[1].lower(), port=int(found[2]))
    raise StartError(
        f"`{printable(text)}` is no place of an upstream; "
        "write env:VARIABLE, a port, or map:HOST:PORT"
    )


def _is_port(text: str) -> bool:
    return 0 < int(text) < 1 << 16
