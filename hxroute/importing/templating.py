"""Templating: values as the language's templates, where it can say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from hxroute.importing.conditions import Case
from hxroute.importing.naming import Settings
from hxroute.importing.values import (
    Bag,
    Caught,
    Incoming,
    Known,
    Many,
    Op,
    Setting,
    Text,
    Value,
)

__all__ = ["NOTHING", "Templates"]

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_ROOTS: Final = {
    "header": "headers",
    "query_param": "query",
    "member": "body",
    "path": "path",
}

NOTHING: Final = object()
"""What a JSON body is that the language cannot say."""


@dataclass(frozen=True, slots=True)
class Templates:
    """Writes values as templates of one case.

    Args:
        settings: where the settings that a template reads are named.
        case: the case, which knows what path parameters are.
        of_request: whether templates may read the request; those of errors may not.
    """

    settings: Settings
    case: Case
    of_request: bool = True

    def text(self, value: Value | None) -> str | None:
        """Return a text template; None where the language cannot say it."""
        if isinstance(value, Known):
            return literal("" if value.value is None else _shown(value.value))
        if isinstance(value, Text):
            parts = [self.text(part) for part in value.parts]
            return None if None in parts else "".join(map(str, parts))
        if isinstance(value, Incoming) and value.what == "path":
            return self._parameter(value.name)
        if isinstance(value, Incoming) and value.what == "raw_path":
            return f"{{{{ path.{value.name} }}}}"
        found = None if value is None else self.expression(value)
        return None if found is None else f"{{{{ {_bare(found)} }}}}"

    def _parameter(self, name: str) -> str:
        spelt = self.case.parameter(name)
        return re.sub(r"\{([a-z_][a-z0-9_]*)\}", r"{{ path.\1 }}", spelt)

    def json(self, value: Value | None) -> Any:
        """Return a JSON template; NOTHING where the language cannot say it."""
        if isinstance(value, Known):
            return _json_constant(value.value)
        if isinstance(value, Many):
            items = [self.json(item) for item in value.items]
            return NOTHING if NOTHING in items else items
        if isinstance(value, Bag):
            if value.origin is not None or value.odd:
                return NOTHING
            found = {name: self.json(put.value) for name, put in value.put.items()}
            guarded = any(put.when for put in value.put.values())
            return NOTHING if guarded or NOTHING in found.values() else found
        text = self.text(value)
        return NOTHING if text is None else text

    def expression(self, value: Value) -> str | None:
        """Return an expression; None where the language cannot say it."""
        method = self._WAYS.get(type(value))
        return None if method is None else method(self, value)

    def _known(self, value: Known) -> str | None:
        item = value.value
        if item is None or isinstance(item, bool):
            return {None: "none", True: "true", False: "false"}[item]
        if isinstance(item, int | float):
            return str(item) if abs(item) < 1e15 else None
        if isinstance(item, bytes):
            item = item.decode("latin-1")
        return _quoted(item) if isinstance(item, str) else None

    def _setting(self, value: Setting) -> str | None:
        name = self.settings.name(value)
        if not self.of_request and self.settings.is_secret(name):
            return None
        return f"settings.{name}"

    def _text(self, value: Text) -> str | None:
        parts = [self.expression(part) for part in value.parts]
        return None if None in parts else f"({' ~ '.join(map(str, parts))})"

    def _incoming(self, value: Incoming) -> str | None:
        if not self.of_request:
            return None
        if value.what == "client":
            return "true"
        if value.what == "client_host":
            return "client.host"
        root = _ROOTS.get(value.what)
        if root is None:
            return None
        if value.what == "path" and dict(self.case.bound).get(value.name) is not None:
            spelt = self.case.parameter(value.name)
            return None if "{" in spelt else _quoted(spelt)
        plain = _NAME.fullmatch(value.name) is not None
        found = f"{root}.{value.name}" if plain else f"{root}[{_quoted(value.name)}]"
        if value.default is None or value.default == Known(None):
            return found
        default = self.expression(value.default)
        return None if default is None else f"({found} | default({_bare(default)}))"

    def _caught(self, value: Caught) -> str | None:
        return None if self.of_request else "error.detail"

    def _op(self, value: Op) -> str | None:
        if value.name == "exception" and not self.of_request:
            return "error.detail"
        if value.name == "either":
            args = [self.expression(item) for item in value.args]
            if None in args:
                return None
            test, yes, no = map(str, args)
            return f"({_bare(yes)} if {test} else {_bare(no)})"
        if value.name in ("and", "or", "==", "in"):
            args = [self.expression(item) for item in value.args]
            args = [arg for arg in args if value.name != "and" or arg != "true"]
            if len(args) == 1:
                return args[0]
            return (
                None if None in args else f"({f' {value.name} '.join(map(str, args))})"
            )
        if value.name == "not":
            inner = self.expression(value.args[0])
            return None if inner is None else f"(not {inner})"
        return None

    def _many(self, value: Many) -> str | None:
        items = [self.expression(item) for item in value.items]
        return None if None in items else f"[{', '.join(map(str, items))}]"

    _WAYS: ClassVar[dict[type, Callable[..., str | None]]] = {
        Known: _known,
        Setting: _setting,
        Text: _text,
        Incoming: _incoming,
        Op: _op,
        Many: _many,
        Caught: _caught,
    }


def literal(text: str) -> str:
    """Write a text so that no template is read in it."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return text
    return f"{{{{ {_quoted(text)} }}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'".replace("\n", "\\n").replace("\r", "\\r")


def _bare(expression: str) -> str:
    """Take the outermost brackets off, where they are one pair."""
    if not (expression.startswith("(") and expression.endswith(")")):
        return expression
    depth = 0
    for place, char in enumerate(expression):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if not depth:
            return expression[1:-1] if place == len(expression) - 1 else expression
    return expression


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value)


def _json_constant(value: object) -> Any:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, float):
        return value if abs(value) < 1e300 else NOTHING
    return NOTHING
