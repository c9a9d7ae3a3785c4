"""Checks: a program's checks of keys, as `auth` of the language. What is not understood is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hxroute.importing.behaviour import Auth, Behaviour
from hxroute.importing.draft import Block
from hxroute.importing.findings import Findings
from hxroute.importing.inside import leaves
from hxroute.importing.naming import Settings, unused
from hxroute.importing.settings import is_secret
from hxroute.importing.values import (
    Foreign,
    Incoming,
    Known,
    Op,
    Part,
    Setting,
    Unknown,
    Value,
)

__all__ = ["OPEN", "Checks"]

OPEN: Final = "none"

_WORDS: Final = frozenset(["", "bearer", "bearer ", "authorization", "basic", "none"])
_OTHER_PLACES: Final = ("header", "query_param", "cookie", "member")


@dataclass(slots=True)
class Checks:
    """The `auth` entries of a draft, each once."""

    settings: Settings
    findings: Findings
    named: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    todos: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def block(self) -> Block:
        """Return the `auth` of the draft."""
        block = Block()
        for keys, (name, line) in self.named.items():
            inner = Block(todos=self.todos.get(name, []))
            inner.put("bearer", [f"{{{{ settings.{key} }}}}" for key in keys], line)
            block.put(name, inner)
        return block

    def name(self, behaviour: Behaviour) -> tuple[str, list[tuple[int, str]]]:
        """Return the name of the auth of a case, and what is left to do about it."""
        if not behaviour.auth:
            return self._without(behaviour)
        keys = self._keys(behaviour)
        line = behaviour.auth[-1].line
        todos: list[tuple[int, str]] = []
        if not keys:
            text = "this check is not understood: it is closed until you say who may"
            self.findings.manual(line, text)
            todos.append((line, text))
            return self.closed(line), todos
        self._differences(behaviour)
        name = self._named(tuple(keys), line, "clients")
        self.findings.exact(line, f"auth {name}: a bearer key")
        return name, todos

    def _without(self, behaviour: Behaviour) -> tuple[str, list[tuple[int, str]]]:
        own = behaviour.respond if behaviour.reply is None else None
        said = [own.status, own.body] if own is not None else []
        known = not any(isinstance(x, Unknown) for item in said for x in leaves(item))
        answers = own is not None and known
        if answers and not behaviour.opaque:
            text = f"{behaviour.case.path} is open: it says nothing but constants"
            self.findings.exact(behaviour.line, text)
            return OPEN, []
        text = f"{behaviour.case.path}: no check of a key was found; it is closed until you say `auth: none`"
        self.findings.manual(behaviour.line, text)
        return self.closed(behaviour.line), [(behaviour.line, text)]

    def closed(self, line: int) -> str:
        """Return the name of the auth that nobody has a key for yet."""
        setting = Setting(
            ("CLIENT_KEY_TODO",), name="client_key_todo", line=line, required=True
        )
        return self._named((self.settings.as_key(setting),), line, "closed")

    def _named(self, keys: tuple[str, ...], line: int, wish: str) -> str:
        if keys not in self.named:
            taken = [name for name, _ in self.named.values()]
            self.named[keys] = unused(wish, taken), line
        return self.named[keys][0]

    def _keys(self, behaviour: Behaviour) -> list[str]:
        """Return the settings that a client's key is compared with."""
        found: dict[str, None] = {}
        for check in behaviour.auth:
            items = [item for test in check.tests for item in leaves(test)]
            texts = [x for x in items if isinstance(x, Setting) and x.type == "string"]
            likely = [x for x in texts if any(map(is_secret, (x.name, *x.env)))]
            for item in likely or texts:
                found[self.settings.as_key(item)] = None
                if not likely:
                    text = f"{item.env[0]} is taken for a key"
                    self.findings.approximate(check.line, text)
            if not found:
                self._constant(items, check, found)
        return list(found)

    def _constant(
        self, items: list[Value], check: Auth, found: dict[str, None]
    ) -> None:
        """Take a key that stands in the program into a setting, and not its value."""
        words = [
            item
            for item in items
            if isinstance(item, Known)
            and isinstance(item.value, str)
            and item.value.strip().lower() not in _WORDS
        ]
        compared = any(isinstance(x, Op) and x.name in ("==", "in") for x in items)
        if words and compared:
            text = "a key stands in the program; it is not copied: set CLIENT_KEY"
            self.findings.approximate(check.line, text)
            setting = Setting(
                ("CLIENT_KEY",), name="client_key", line=check.line, required=True
            )
            found[self.settings.as_key(setting)] = None

    def _differences(self, behaviour: Behaviour) -> None:
        """Say where a check is not quite that of a bearer key."""
        for check in behaviour.auth:
            items = [item for test in check.tests for item in leaves(test)]
            self._place(items, check)
            if any(isinstance(x, Unknown | Part) for x in items) or any(
                isinstance(x, Foreign) and not x.name.startswith("builtins.")
                for x in items
            ):
                text = (
                    "a part of this check is not understood; the key alone decides here"
                )
                self.findings.manual(check.line, text)
            if any(
                isinstance(x, Op)
                and x.name == "split"
                and isinstance(x.args[0], Setting)
                for x in items
            ):
                text = "a list of keys in one variable; here it is one key: a setting for each"
                self.findings.manual(check.line, text)
            if any(isinstance(x, Setting) and x.type == "boolean" for x in items):
                text = "the check could be switched off; here it always holds"
                self.findings.approximate(check.line, text)
            if any(x in check.tests for x in items if isinstance(x, Setting)):
                text = "the old program was open where the key is unset; here it must be set"
                self.findings.approximate(check.line, text)
        answers = {check.line for check in behaviour.auth}
        if len(answers) > 1:
            text = "one of several refusals; `unauthorized` has one answer for all"
            for line in sorted(answers)[:-1]:
                self.findings.approximate(line, text)
        text = "the word Bearer counts in any case (RFC 6750)"
        self.findings.approximate(behaviour.auth[-1].line, text)

    def _place(self, items: list[Value], check: Auth) -> None:
        shown = [
            x for x in items if isinstance(x, Incoming) and x.what in _OTHER_PLACES
        ]
        if any(x.name == "authorization" for x in shown):
            return
        names = sorted({x.name for x in shown}) or ["a place of its own"]
        text = f"the key was taken from {', '.join(names)}; here it is a bearer key, or in the field that `header` of the auth names"
        self.findings.manual(check.line, text)
