"""What an explanation may show: a name for each secret, something for what is unset."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hxroute import templates
from hxroute.errors import StartError
from hxroute.http import Headers
from hxroute.ir import Setting, SettingType
from hxroute.passing import meant
from hxroute.runtime import settings

__all__ = ["Values", "shown", "values", "without_credentials"]

_STAND_INS: Final[Mapping[SettingType, object]] = {
    "boolean": False,
    "integer": 1,
    "size": 1 << 20,
    "duration": 1.0,
}
"""What stands for a value that is no text: it must go where the value goes."""

_CREDENTIAL: Final = re.compile(
    rb"authoriz|cookie|passw|secret|credential|session|signature|assertion|jwt"
    rb"|(?:^|[-_])(?:auth|token)(?:$|[-_])|(?:api|access|subscription)[-_]?key"
)
"""In the names of fields by which clients identify themselves."""

_SCHEMES: Final = (b"basic", b"bearer", b"digest", b"dpop", b"negotiate", b"token")


@dataclass(frozen=True, slots=True)
class Values:
    """The settings, `real` for those who compare and `shown` for all else.

    `real` lacks those that cannot be read here; `notes` name them.
    """

    real: Mapping[str, object]
    shown: Mapping[str, object]
    notes: tuple[str, ...]

    def unquoted(self, url: str, sources: Iterable[str]) -> str:
        """Show the stand-ins that templates put into a URL as they are elsewhere."""
        read = {name for source in sources for _, name in templates.names(source)}
        for name, value in self.shown.items():
            if name in read and value == f"<{name}>":
                url = url.replace(f"%3C{name}%3E", value)
        return url


def values(declared: Iterable[Setting], environ: Mapping[str, str]) -> Values:
    """Read the settings; stand something in for secrets and for what cannot be read."""
    real: dict[str, object] = {}
    shown: dict[str, object] = {}
    notes: list[str] = []
    for setting in declared:
        name = setting.name
        stand_in = _STAND_INS.get(setting.type, f"<{name}>")
        explained = f"explained as `{str(stand_in).lower()}`"
        try:
            value = real[name] = settings.resolve((setting,), environ)[name]
        except StartError as exc:
            shown[name] = stand_in
            notes.append(f"{exc}; {explained}")
            continue
        hides = setting.secret and value is not None and value != ""
        shown[name] = stand_in if hides else value
        if hides and setting.type in _STAND_INS:
            notes.append(f"setting `{name}` is secret; {explained}")
    return Values(real, shown, tuple(notes))


def without_credentials(
    headers: Iterable[tuple[bytes, bytes]], shown_in: Container[bytes] = ()
) -> Headers:
    """Return fields in which a client's own credentials are only said to be there.

    Args:
        headers: the client's fields.
        shown_in: those in which the file has it show keys.
    """
    return [
        (
            name,
            _hidden(value)
            if _CREDENTIAL.search(name) or meant(name) in shown_in
            else value,
        )
        for name, value in headers
    ]


def _hidden(value: bytes) -> bytes:
    scheme, blank, _ = value.partition(b" ")
    if blank and scheme.lower() in _SCHEMES:
        return scheme + b" ***"
    return b"***" if value else b""


def shown(raw: bytes) -> str:
    """Return bytes of the wire as a text; what is no UTF-8 stays as its codes."""
    return raw.decode("utf-8", "backslashreplace")
