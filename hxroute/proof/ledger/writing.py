"""An entry as YAML: the text that reads back to just its pins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hxroute.proof.escapes import escaped
from hxroute.proof.exchange import Facts

__all__ = ["entry_text", "is_writable"]

_FACT: Final = re.compile(
    r"(?P<side>client|upstream)\.(?:(?P<number>[2-9])\.)?"
    r"(?:(?P<fields>headers|trailers)\.(?P<field>[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256})"
    r"|(?P<key>[a-z]+))|(?P<start>start)\.(?P<what>names|error)"
)
"""A fact, taken apart into the keys that it stands under."""

_ORDER: Final = (
    *("requests", "name", "method", "target", "status", "headers", "body"),
    *("trailers", "complete", "failure", "version", "framing", "interim", "excess"),
    *("torn", "names", "error", *"23456789"),
)
"""The keys of a side, in the order in which they are read best."""

_PLAIN: Final = re.compile(
    r"[A-Za-z/][\w/.%+=~?&;()*'-]*(?: [\w/.%+=~?&;()*'-]+)*", re.ASCII
)
"""Texts that YAML takes as they are, in a list too."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What some reader of YAML takes for something else than a text."""

_BARE: Final = frozenset({"complete"})
"""Keys whose values are booleans."""

_WIDE: Final = 88
"""Columns of a list that stands on one line."""


def is_writable(fact: str) -> bool:
    """Tell whether an entry can pin a fact."""
    return _FACT.fullmatch(fact) is not None


def entry_text(
    cases: Iterable[str], reason: str, owner: str, pins: Facts, *, nothing: bool = False
) -> str:
    """Write an entry as an item of a list in block style.

    Args:
        cases: the names of its cases.
        reason: why the new gateway is right.
        owner: who may end it.
        pins: what it pins.
        nothing: whether it says `upstream: nothing` in the place of what it pins there.
    """
    tree = _tree(pins)
    lines = [*_list("cases", list(cases), "  ")]
    lines += [f"  reason: {_quoted(reason)}", f"  owner: {_quoted(owner)}"]
    for side in ("client", "upstream", "start"):
        if side == "upstream" and nothing:
            lines.append("  upstream: nothing")
        elif side in tree:
            lines += [f"  {side}:", *_mapping(tree[side], "    ")]
    return "\n".join(["- " + lines[0][2:], *lines[1:]]) + "\n"


def _tree(pins: Facts) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for fact, values in pins.items():
        found = _FACT.fullmatch(fact)
        assert found is not None
        steps = [step for step in found.groups() if step is not None]
        inner = tree
        for step in steps[:-1]:
            inner = inner.setdefault(step, {})
        inner[steps[-1]] = values
    return tree


def _mapping(tree: dict[str, Any], indent: str) -> Iterator[str]:
    for key in sorted(tree, key=_place):
        value = tree[key]
        if isinstance(value, dict) and key in ("headers", "trailers"):
            yield f"{indent}{key}:"
            for name in sorted(value):
                yield from _values(_quoted(name), value[name], indent + "  ")
        elif isinstance(value, dict):
            yield f"{indent}{key}:"
            yield from _mapping(value, indent + "  ")
        elif key == "names":
            yield from _list(key, list(value), indent)
        elif key in _BARE and value:
            yield f"{indent}{key}: {value[0]}"
        else:
            yield from _values(key, value, indent)


def _place(key: str) -> tuple[int, str]:
    return (_ORDER.index(key) if key in _ORDER else len(_ORDER)), key


def _values(key: str, values: tuple[str, ...], indent: str) -> Iterator[str]:
    shown = [_scalar(value) for value in values]
    if len(shown) < 2:
        yield f"{indent}{key}: {shown[0] if shown else 'null'}"
        return
    yield f"{indent}{key}:"
    yield from (f"{indent}  - {value}" for value in shown)


def _list(key: str, items: list[str], indent: str) -> Iterator[str]:
    line = f"{indent}{key}: [{', '.join(map(_quoted, items))}]"
    if len(line) <= _WIDE:
        yield line
        return
    yield f"{indent}{key}:"
    yield from (f"{indent}  - {_quoted(item)}" for item in items)


def _scalar(value: str) -> str:
    """Write the bytes of a fact; a plain number needs no quotes."""
    return value if _NUMBER.fullmatch(value) else _quoted(escaped(value))


def _quoted(text: str) -> str:
    """Write a text that is printable but for line feeds."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if "\n" in text:
        return json.dumps(text, ensure_ascii=False)
    return "'" + text.replace("'", "''") + "'"
