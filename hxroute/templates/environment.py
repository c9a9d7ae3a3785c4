"""The one Jinja2 environment: sandboxed, strict, and without anything global.

Its filters count what they make against the allowance of the rendering before they make
it; `plus` and `concat` stand for the operators `+` and `~`, which would not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hxroute.templates.allowance import encoded, take

__all__ = ["ENVIRONMENT", "shown"]

_MOST_OF_ONE: Final = 3
"""Characters that upper or lower case makes of one (Unicode, SpecialCasing)."""

_ITEM: Final = 8
"""Characters that an item of a list counts for, which is not copied itself."""

_SEQUENCES: Final = (list, tuple)


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
    return _encoded(value)


def _encoded(value: object) -> str:
    return encoded(value).decode()


# Unoptimized: code that Jinja2 makes of an infinite number, even a sum, does not run.
ENVIRONMENT: Final = _Environment(
    undefined=StrictUndefined, keep_trailing_newline=True, optimized=False
)
ENVIRONMENT.globals.clear()


def _of_text(change: Callable[..., str]) -> Callable[..., str]:
    """Make a filter over texts one over values: none is nothing, not `None`."""

    def changed(value: object, *arguments: object) -> str:
        text = shown(value)
        take(len(text) if text.isascii() else _MOST_OF_ONE * len(text))
        return change(text, *arguments)

    return changed


def _join(values: Any, by: object = "") -> str:
    between = shown(by)
    if isinstance(values, str):  # whose items are its characters
        take(len(values) * (1 + len(between)))
        return between.join(values)
    texts = [shown(value) for value in values]
    take(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _concat(values: Iterable[object]) -> str:
    """Show each value as mixed text shows it, not as Python does."""
    return _join(values)


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        take(len(left) + len(right))
    elif isinstance(left, _SEQUENCES) and isinstance(right, _SEQUENCES):
        take(_ITEM * (len(left) + len(right)))
    return left + right


def _present(value: object) -> object:
    if isinstance(value, Undefined):
        raise UndefinedError
    return value


def _default(value: object, default: object = "", boolean: object = False) -> object:  # noqa: FBT002  jinja2's own signature
    """Take none, which an absent setting, header or query value is, for absent."""
    absent = value is None or isinstance(value, Undefined)
    return default if absent or (boolean and not value) else value


ENVIRONMENT.filters["d"] = ENVIRONMENT.filters["default"] = _default
# Of our own making, not for templates.
ENVIRONMENT.filters["concat"] = _concat
ENVIRONMENT.filters["plus"] = _plus
ENVIRONMENT.filters["present"] = _present
ENVIRONMENT.filters["string"] = shown
ENVIRONMENT.filters["join"] = _join
ENVIRONMENT.filters["lower"] = _of_text(str.lower)
ENVIRONMENT.filters["trim"] = _of_text(str.strip)
ENVIRONMENT.filters["upper"] = _of_text(str.upper)
# Jinja2's own escapes for HTML and returns Markup, which escapes what it meets.
ENVIRONMENT.filters["tojson"] = _encoded
