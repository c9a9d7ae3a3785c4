"""Settings as an explanation may show them: no secret, and something for what is unset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hxroute.errors import StartError
from hxroute.ir import Setting, SettingType
from hxroute.runtime import settings

__all__ = ["Values", "values"]

_STAND_INS: Final[dict[SettingType, object]] = {
    "boolean": False,
    "integer": 1,
    "size": 1 << 20,
    "duration": 1.0,
}


@dataclass(frozen=True, slots=True)
class Values:
    """The settings, `real` for those who compare and `shown` for all else.

    `real` lacks those that cannot be read here; `notes` name them.
    """

    real: Mapping[str, object]
    shown: Mapping[str, object]
    notes: tuple[str, ...]


def values(declared: Iterable[Setting], environ: Mapping[str, str]) -> Values:
    """Read the settings that can be read, and stand something in for the others."""
    real: dict[str, object] = {}
    shown: dict[str, object] = {}
    notes: list[str] = []
    for setting in declared:
        name = setting.name
        stand_in = _STAND_INS.get(setting.type, f"<{name}>")
        try:
            real[name] = settings.resolve((setting,), environ)[name]
        except StartError as exc:
            shown[name] = stand_in
            notes.append(f"{exc}; explained as `{stand_in}`")
            continue
        hidden = setting.secret and real[name] is not None
        shown[name] = f"<{name}>" if hidden else real[name]
    return Values(real, shown, tuple(notes))
