"""Lower settings, and say what values they may have when a gateway starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hxroute import templates, units
from hxroute.compiler import tree
from hxroute.compiler.cures import SPELT, duration_like, size_like
from hxroute.compiler.resolve import Entry
from hxroute.compiler.tree import Hole, Scalar, plain
from hxroute.diagnostics import Report
from hxroute.ir import CONTROL, Setting, SettingType

__all__ = ["Samples", "by_default", "is_whole", "lower_setting", "samples"]

Samples = Mapping[str, tuple[object, ...]]

_PYTHON_TYPES: Final[dict[SettingType, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "size": (int, str),
    "duration": (str,),
}
_SAMPLES: Final[dict[SettingType, tuple[object, ...]]] = {
    "string": ("x",),
    "boolean": (True, False),
    "integer": (1, 1_000_000),
    "size": (1024,),
    "duration": (1.0,),
}


_EXAMPLES: Final[dict[SettingType, str]] = {
    "string": '"text"',
    "boolean": "true",
    "integer": "3",
    "size": "1MiB",
    "duration": "30s",
}
_MEANT: Final[dict[SettingType, Callable[[object], str]]] = {
    "string": lambda value: f'"{value}"' if isinstance(value, int) else "",
    "boolean": lambda value: SPELT.get(str(value).lower(), ""),
    "size": size_like,
    "duration": duration_like,
}


def lower_setting(entry: Entry, report: Report) -> Setting:
    """Lower a setting."""
    name, node = entry.name, entry.node
    data = plain(node)
    env, file = data.get("env", []), data.get("file")
    if all(node.get(key) is None for key in ("env", "file", "default")):
        message = f"setting `{name}` comes from nowhere"
        help_text = "add `env: NAME` or `file: PATH`"
        report.add("HX107", message, node.span.head, help=help_text)
    setting = Setting(
        name=name,
        env=(env,) if isinstance(env, str) else tuple(env),
        file=file,
        type=data.get("type", "string"),
        default=data.get("default"),
        optional=data.get("optional", False),
        secret=data.get("secret", False),
        at=entry.at,
    )
    _check_default(setting, node, report)
    return setting


def is_whole(entry: Entry) -> bool:
    """Tell whether nothing of a setting was refused, so that all of it is known."""
    return not any(isinstance(value, Hole) for _, value in entry.node.items)


def _check_default(setting: Setting, node: tree.Mapping, report: Report) -> None:
    default = node.get("default")
    if default is not None and setting.secret:
        report.hide(default.span)
    if not isinstance(default, Scalar) or isinstance(node.get("type"), Hole):
        return
    if not _fits(setting):
        value = "the default" if setting.secret else f"`{setting.default}`"
        message = f"{value} is no {setting.type}"
        help_text = _fitting(setting)
        report.add("HX307", message, default.span.head, help=help_text)
    elif setting.secret:
        message = f"the secret `{setting.name}` has a default, which everyone can read"
        help_text = "remove it; with it `hxroute run` serves on loopback only"
        report.add("HX312", message, default.span.head, help=help_text)


def _fitting(setting: Setting) -> str:
    """Say what a default that does not fit seems to mean, or what fits."""
    guess = _MEANT.get(setting.type)
    meant = guess(setting.default) if guess else ""
    return f"write `{meant}`" if meant else f"for example `{_EXAMPLES[setting.type]}`"


def _fits(setting: Setting) -> bool:
    value = setting.default
    if type(value) not in _PYTHON_TYPES[setting.type]:
        return False
    if setting.type == "string":
        return not CONTROL.search(str(value))
    read = _default(setting)
    return read is not None and (setting.type != "size" or read >= 0)


def _default(setting: Setting) -> Any:
    """Return what a start makes of the default."""
    value = setting.default
    if isinstance(value, str) and setting.type == "size":
        return units.size(value)
    if isinstance(value, str) and setting.type == "duration":
        return units.duration(value)
    return value


def samples(settings: Iterable[Setting]) -> Samples:
    """Return values that each setting may have, none where it may be unset."""
    return {setting.name: tuple(_samples_of(setting)) for setting in settings}


def _samples_of(setting: Setting) -> Iterable[object]:
    yield from _SAMPLES[setting.type]
    if _fits(setting):
        yield _default(setting)
    elif setting.default is None and setting.optional:
        yield None


def _starts_unset(setting: Setting) -> bool:
    return setting.optional if setting.default is None else _fits(setting)


def by_default(source: str, settings: Mapping[str, Setting]) -> dict[str, Any] | None:
    """Return the settings that a template reads as they are where nothing is set.

    None where one of them has to be set: then only a start can tell.
    """
    read = {key for root, key in templates.names(source) if root == "settings" and key}
    found = [settings[name] for name in read if name in settings]
    if len(found) < len(read) or not all(map(_starts_unset, found)):
        return None
    return {setting.name: _default(setting) for setting in found}
