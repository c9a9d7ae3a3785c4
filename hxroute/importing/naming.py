"""Naming: settings and other definitions of a draft, each under a name of its own."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Final

from hxroute import units, urls
from hxroute.importing.draft import Block
from hxroute.importing.findings import Findings
from hxroute.importing.settings import is_secret
from hxroute.importing.values import Setting
from hxroute.ir import CONTROL

__all__ = ["Settings", "identifier", "unused"]

_LONGEST: Final = 56
_LONGEST_DEFAULT: Final = 2000


def identifier(text: str, otherwise: str) -> str:
    """Make a name of the language of a text."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not name or not name[0].isalpha():
        name = f"{otherwise}_{name}".strip("_")
    return name[:_LONGEST].rstrip("_")


def unused(name: str, taken: object) -> str:
    """Return a name that is not taken, with a number where it has to be."""
    found, number = name, 1
    while found in taken:  # type: ignore[operator]
        number += 1
        found = f"{name}_{number}"
    return found


def _is_made_up(setting: Setting) -> bool:
    """Tell whether a setting is one that the program does not have."""
    return setting.env[0].endswith("_TODO")


@dataclass(slots=True)
class _Use:
    setting: Setting
    secret: bool = False
    size: bool = False
    url: bool = False
    needed: bool = False
    tested: bool = False


class Settings:
    """The settings that a draft reads, and what each is read as."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._uses: dict[str, _Use] = {}
        self._names: dict[tuple[str, ...], str] = {}

    def name(self, setting: Setting) -> str:
        """Return a setting's name in the draft."""
        if setting.env not in self._names:
            name = unused(
                identifier(setting.name or setting.env[0], "setting"), self._uses
            )
            self._names[setting.env] = name
            secret = setting.type == "string" and any(
                map(is_secret, (name, *setting.env))
            )
            self._uses[name] = _Use(setting, secret)
        name = self._names[setting.env]
        use = self._uses[name]
        if use.setting.type == "string" != setting.type:
            use.setting = dataclasses.replace(setting, name=use.setting.name)
        return name

    def as_key(self, setting: Setting) -> str:
        """Name a setting that is a key."""
        name = self.name(setting)
        self._uses[name].secret = self._uses[name].needed = True
        return name

    def as_secret(self, setting: Setting) -> None:
        """Note that a setting goes where only keys go."""
        self._uses[self.name(setting)].secret = True

    def as_size(self, setting: Setting) -> str:
        """Name a setting that is a size."""
        name = self.name(setting)
        self._uses[name].size = True
        return name

    def as_url(self, setting: Setting) -> str:
        """Name a setting that is an upstream's URL."""
        name = self.name(setting)
        self._uses[name].url = self._uses[name].needed = True
        return name

    def tested(self, setting: Setting) -> None:
        """Note that a setting is asked for before it is read: it may be unset."""
        self._uses[self.name(setting)].tested = True

    def is_secret(self, name: str) -> bool:
        """Tell whether a setting is a secret."""
        return self._uses[name].secret

    def reads(self, env: tuple[str, ...]) -> bool:
        """Tell whether the draft reads a setting."""
        return env in self._names

    def block(self) -> Block:
        """Return the `settings` of the draft."""
        block = Block()
        for name, use in self._uses.items():
            block.put(name, self._stated(use), use.setting.line)
        return block

    def _stated(self, use: _Use) -> dict[str, object]:
        setting, line = use.setting, use.setting.line
        env = setting.env
        found: dict[str, object] = {"env": env[0] if len(env) == 1 else list(env)}
        shown = " or ".join(env)
        kind = "size" if use.size else setting.type
        if kind == "number":
            kind = "string"
        if kind != "string":
            found["type"] = kind
        default = self._default(use, kind)
        if use.secret:
            found["secret"] = True
            if setting.default not in (None, ""):
                text = f"the default of {shown} is not copied, it is a key: set {shown}"
                self._findings.approximate(line, text)
        if default is not None and not use.secret:
            found["default"] = default
        elif use.tested and not use.needed:
            found["optional"] = True
        elif not setting.required and not use.secret:
            text = f"{shown} has to be set now: the draft has no default for it"
            self._findings.approximate(line, text)
        if not _is_made_up(setting):
            self._findings.exact(line, f"setting from {shown}")
        return found

    def _default(self, use: _Use, kind: str) -> object:
        """Return a default as the language takes it; None where there is none."""
        value = use.setting.default
        if kind == "boolean":
            return bool(value)
        if kind == "size":
            return self._size(value)
        if kind == "integer":
            is_integer = isinstance(value, int) and not isinstance(value, bool)
            return value if is_integer and abs(int(str(value))) < 10**17 else None
        text = "" if value is None else str(value)
        if use.url and urls.mistake(text):
            return None
        fits = text and not CONTROL.search(text) and len(text) < _LONGEST_DEFAULT
        return text if fits else None

    @staticmethod
    def _size(value: object) -> object:
        whole = isinstance(value, int) and not isinstance(value, bool)
        number = int(str(value)) if whole else -1
        return units.written_size(number) if 0 < number < 1 << 49 else None
