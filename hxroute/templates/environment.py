"""The one Jinja2 environment: sandboxed, strict, and without anything global."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hxroute import jsontext

__all__ = ["ENVIRONMENT", "shown"]


class _Environment(ImmutableSandboxedEnvironment):
    """Reads keys and indexes only: no attribute of any object can be reached."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping | list | tuple):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                pass
        return self.undefined(obj=obj, name=argument)


def shown(value: object) -> str:
    """Return a value as a text template shows it: none as nothing, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined):
        raise UndefinedError
    return jsontext.encode(value).decode()


# Unoptimized: code that Jinja2 makes of an infinite number, even a sum, does not run.
ENVIRONMENT: Final = _Environment(
    undefined=StrictUndefined, keep_trailing_newline=True, optimized=False
)
ENVIRONMENT.globals.clear()


def _of_text(change: Callable[..., str]) -> Callable[..., str]:
    """Make a filter over texts one over values: none is nothing, not `None`."""
    return lambda value, *arguments: change(shown(value), *arguments)


def _present(value: object) -> object:
    if isinstance(value, Undefined):
        raise UndefinedError
    return value


def _default(value: object, default: object = "", boolean: object = False) -> object:  # noqa: FBT002  jinja2's own signature
    """Take none, which an absent setting, header or query value is, for absent."""
    absent = value is None or isinstance(value, Undefined)
    return default if absent or (boolean and not value) else value


ENVIRONMENT.filters["d"] = ENVIRONMENT.filters["default"] = _default
ENVIRONMENT.filters["present"] = _present  # of our own making, not for templates
ENVIRONMENT.filters["string"] = shown
ENVIRONMENT.filters["join"] = lambda values, by="": shown(by).join(map(shown, values))
ENVIRONMENT.filters["lower"] = _of_text(str.lower)
ENVIRONMENT.filters["trim"] = _of_text(str.strip)
ENVIRONMENT.filters["upper"] = _of_text(str.upper)
# Jinja2's own escapes for HTML and returns Markup, which escapes what it meets.
ENVIRONMENT.filters["tojson"] = lambda value: jsontext.encode(value).decode()
