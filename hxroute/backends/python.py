"""The Python backend: the IR printed as a module.

Values go through the printer of literals, never through a text template, so nothing
of a routes.yaml can become code. `exec(emit(gateway))` makes the same gateway again.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final

import hxroute
from hxroute import nodes
from hxroute.backends.literals import Printed, call, constant, fixed, tuple_of
from hxroute.ir import FORMAT, BearerAuth, ErrorTable, Gateway, HeaderRules
from hxroute.limiting import Store

__all__ = ["emit"]

_SUFFIX: Final[dict[type, str]] = {
    BearerAuth: "AUTH",
    HeaderRules: "HEADERS",
    ErrorTable: "ERRORS",
    Store: "STORE",
}
"""What gets a name of its own in the module, where the file names it."""

_HEAD: Final = '''\
"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

'''


def emit(gateway: Gateway, *, digest: str = "") -> str:
    """Print a gateway as a module.

    Args:
        gateway: what to print.
        digest: names the source's bytes, for `hxroute run` to see a stale module.
    """
    module = _Module(gateway)
    named = [
        f"{name} = {module.shown(item, aside=name)(0, len(name) + 3)}\n"
        for name, item in module.named.items()
    ]
    body = f"gateway = {module.shown(gateway)(0, len('gateway = '))}\n"
    blocks = [
        _HEAD + _imports("hxroute", module.used & set(hxroute.__all__)),
        _imports("hxroute.nodes", module.used & set(nodes.__all__)),
        "from hxroute.runtime import application\n\n",
        f"FORMAT = {FORMAT}\n",
        f"SOURCE = {constant(digest)(0, 0)}\n\n",
        *(f"{block}\n" for block in named),
        f"{body}\napp: Starlette = application(gateway, format=FORMAT)\n",
    ]
    return "".join(blocks)


class _Module:
    """What one module names and imports."""

    def __init__(self, gateway: Gateway) -> None:
        self.named: dict[str, Any] = {}
        self.used: set[str] = set()
        for item in _walk(gateway, set()):
            name = _name(item)
            if name:
                self.named.setdefault(name, item)

    def shown(self, value: Any, *, aside: str = "") -> Printed:
        """Print a value; one that has a name by that name, save where it is defined."""
        name = _name(value)
        if name and name != aside and _is(self.named.get(name), value):
            return fixed(name)
        if isinstance(value, tuple):
            return tuple_of([self.shown(item) for item in value])
        if not dataclasses.is_dataclass(value):
            return constant(value)
        self.used.add(type(value).__name__)
        return call(
            type(value).__name__,
            [(field, self.shown(item)) for field, item in _stated(value)],
        )


def _stated(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields that differ from their defaults."""
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.default is dataclasses.MISSING or not _same(item, field.default):
            yield field.name, item


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _name(value: Any) -> str:
    suffix = _SUFFIX.get(type(value))
    name = getattr(value, "name", "")
    if suffix is None or not re.fullmatch(r"[a-z][a-z0-9_]*", name, re.ASCII):
        return ""
    return f"{name.upper()}_{suffix}"


def _is(one: object, other: object) -> bool:
    """Compare; endpoints share most of what has a name, so that a look is enough."""
    return one is other or one == other


def _walk(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield every part of a gateway; what endpoints share, once."""
    if isinstance(value, tuple):
        children = list(value)
    elif dataclasses.is_dataclass(value) and id(value) not in seen:
        seen.add(id(value))
        yield value
        children = [getattr(value, field.name) for field in dataclasses.fields(value)]
    else:
        return
    for child in children:
        yield from _walk(child, seen)


def _imports(package: str, names: set[str]) -> str:
    if not names:
        return ""
    line = f"from {package} import {', '.join(sorted(names))}\n"
    if len(line) <= 89:
        return line
    rows = "".join(f"    {name},\n" for name in sorted(names))
    return f"from {package} import (\n{rows})\n"
