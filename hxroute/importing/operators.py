"""Operators: texts joined, constants added, collections united."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from hxroute.importing.bags import merge
from hxroute.importing.values import Bag, Known, Many, Text, Value

__all__ = ["OPERATORS", "flat"]


def flat(parts: list[Value]) -> Value:
    """Join texts."""
    found: list[Value] = []
    for part in parts:
        inner = part.parts if isinstance(part, Text) else (part,)
        for item in inner:
            last = found[-1] if found else None
            if isinstance(item, Known) and isinstance(last, Known):
                found[-1] = Known(f"{last.value}{item.value}")
            else:
                found.append(item)
    if len(found) == 1 and isinstance(found[0], Known):
        return Known(str(found[0].value))
    return Text(tuple(found))


def _plus(left: Value, right: Value) -> Value | None:
    if isinstance(left, Many) and isinstance(right, Many):
        return Many(left.items + right.items)
    if isinstance(left, Known) and isinstance(right, Known):
        return _number(left, right, "+") or flat([left, right])
    return flat([left, right])


def _number(left: Value, right: Value, sign: str) -> Value | None:
    if not (isinstance(left, Known) and isinstance(right, Known)):
        return None
    one, other = left.value, right.value
    if not (isinstance(one, int | float) and isinstance(other, int | float)):
        return None
    if abs(one) > 1 << 60 or abs(other) > 1 << 60:
        return None
    if sign == "<<":
        whole = isinstance(one, int) and isinstance(other, int) and 0 <= other <= 60
        return Known(int(one) << int(other)) if whole else None
    if sign == "**":
        return Known(one**other) if 0 <= other <= 12 and abs(one) <= 1024 else None
    return Known({"+": one + other, "-": one - other, "*": one * other}[sign])


def _times(left: Value, right: Value) -> Value | None:
    return _number(left, right, "*")


def _minus(left: Value, right: Value) -> Value | None:
    if isinstance(left, Many) and isinstance(right, Many):
        return Many(tuple(item for item in left.items if item not in right.items))
    return _number(left, right, "-")


def _shift(left: Value, right: Value) -> Value | None:
    return _number(left, right, "<<")


def _power(left: Value, right: Value) -> Value | None:
    return _number(left, right, "**")


def _union(left: Value, right: Value) -> Value | None:
    if isinstance(left, Many) and isinstance(right, Many):
        return Many(left.items + right.items)
    if isinstance(left, Bag):
        both = left.copy()
        return both if merge(both, right, ()) else None
    return None


def _format(left: Value, right: Value) -> Value | None:
    """Evaluate `"%s/x" % value`."""
    if not isinstance(left, Known) or not isinstance(left.value, str):
        return None
    values = right.items if isinstance(right, Many) else (right,)
    pieces = left.value.split("%s")
    if len(pieces) != len(values) + 1 or "%" in "".join(pieces):
        return None
    parts: list[Value] = [Known(pieces[0])]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += [value, Known(piece)]
    return flat([part for part in parts if part != Known("")])


OPERATORS: Final[dict[type[ast.operator], Callable[[Value, Value], Value | None]]] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: _times,
    ast.LShift: _shift,
    ast.Pow: _power,
    ast.BitOr: _union,
    ast.Mod: _format,
}
