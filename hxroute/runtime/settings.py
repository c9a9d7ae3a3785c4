"""Settings: the values that a gateway takes from its environment when it starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from hxroute import units
from hxroute.errors import StartError
from hxroute.ir import CONTROL, Setting, SettingType

__all__ = ["origins", "public_secrets", "resolve"]

_BOOLEANS: Final = {
    "true": True,
    "1": True,
    "yes": True,
    "false": False,
    "0": False,
    "no": False,
}
_INTEGER: Final = r"-?[0-9]{1,18}"
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""Where systemd says what it put the service's credentials in (systemd.exec(5))."""


def resolve(
    settings: Iterable[Setting], environ: Mapping[str, str]
) -> dict[str, str | int | float | bool | None]:
    """Read every setting.

    Args:
        settings: what the gateway declares.
        environ: the environment; an empty variable counts as unset.

    Raises:
        StartError: naming the variable and the line of every setting that is missing
            or unfit; never a value.
    """
    values: dict[str, str | int | float | bool | None] = {}
    wrong: list[str] = []
    for setting in settings:
        try:
            values[setting.name] = _value(setting, environ)
        except ValueError as exc:
            wrong.append(f"line {setting.at}: setting `{setting.name}`: {exc}")
    if wrong:
        raise StartError("\n".join(wrong))
    return values


def public_secrets(
    settings: Iterable[Setting], environ: Mapping[str, str]
) -> tuple[Setting, ...]:
    """Return the secrets whose value is their default, which stands in the file."""
    return tuple(
        setting
        for setting in settings
        if setting.secret
        and setting.default is not None
        and _stated(setting, environ)[0] is None
    )


def _value(
    setting: Setting, environ: Mapping[str, str]
) -> str | int | float | bool | None:
    text, origin = _stated(setting, environ)
    if text is None and setting.default is not None:
        if not isinstance(setting.default, str):
            return setting.default
        text, origin = setting.default, "the default"
    if text is None:
        if setting.optional:
            return None
        raise ValueError(f"not set; set {origins(setting)}")
    return _CONVERT[setting.type](text, origin)


def _stated(setting: Setting, environ: Mapping[str, str]) -> tuple[str | None, str]:
    for variable in setting.env:
        if environ.get(variable):
            return environ[variable], variable
    if setting.file is not None:
        try:
            path = _path(setting.file, environ)
            text = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except FileNotFoundError:
            return None, setting.file
        except (OSError, UnicodeDecodeError) as exc:
            raise ValueError(f"{setting.file} cannot be read") from exc
        return text or None, setting.file
    return None, ""


def _path(file: str, environ: Mapping[str, str]) -> Path:
    """Return the path of a file, which may be among the service's credentials.

    Raises:
        FileNotFoundError: where it is, and the service has been given none.
    """
    name = file.removeprefix(f"${{{_CREDENTIALS}}}/")
    if name == file:
        return Path(file)
    if not environ.get(_CREDENTIALS):
        raise FileNotFoundError(file)
    return Path(environ[_CREDENTIALS], name)


def origins(setting: Setting) -> str:
    """Name where a setting can be set."""
    named = list(setting.env)
    if setting.file is not None:
        named.append(f"the file {setting.file}")
    return " or ".join(named)


def _string(text: str, origin: str) -> str:
    if CONTROL.search(text):
        raise ValueError(f"{origin} holds a line break or another control character")
    return text


def _boolean(text: str, origin: str) -> bool:
    value = _BOOLEANS.get(text.strip().lower())
    if value is None:
        raise ValueError(f"{origin} is no boolean; write true or false")
    return value


def _integer(text: str, origin: str) -> int:
    if not re.fullmatch(_INTEGER, text.strip(), re.ASCII):
        raise ValueError(f"{origin} is no whole number; write digits only")
    return int(text)


def _size(text: str, origin: str) -> int:
    value = units.size(text.strip())
    if value is None:
        raise ValueError(f"{origin} is no size; write bytes as digits, or 64KiB, 1MiB")
    return value


def _duration(text: str, origin: str) -> float:
    value = units.duration(text.strip())
    if value is None:
        raise ValueError(f"{origin} is no duration; write 250ms, 30s, 5m or 1h")
    return value


_CONVERT: Final[dict[SettingType, Callable[[str, str], str | int | float | bool]]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "size": _size,
    "duration": _duration,
}
