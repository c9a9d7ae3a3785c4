"""Settings: what a program takes from its environment, in the ways it is written."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from hxroute.importing.inside import text_of
from hxroute.importing.values import Foreign, Instance, Known, Many, Op, Setting, Value

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["as_boolean", "chained", "converted", "is_secret", "member", "named", "read"]

_SECRET: Final = re.compile(
    r"(?:^|_)(?:api_?)?(?:keys?|tokens?|secrets?|passw(?:or)?d|credentials?|bearer)(?:$|_)"
    r"|apikey|passphrase",
    re.IGNORECASE,
)
_TRUE: Final = frozenset({"1", "true", "yes", "on", "y", "t"})
_FALSE: Final = frozenset({"0", "false", "no", "off", "n", "f", ""})

_SettingType = Literal["string", "boolean", "integer", "number"]
_TYPES: Final[dict[str, _SettingType]] = {
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "PositiveInt": "integer",
    "PositiveFloat": "number",
}
_SETTINGS_BASES: Final = ("BaseSettings",)


def is_secret(name: str) -> bool:
    """Tell whether a name is one that keys have."""
    return _SECRET.search(name) is not None


def read(args: list[Value], line: int, *, required: bool = False) -> Value | None:
    """Return the setting that `os.getenv(NAME, default)` reads."""
    name = text_of(args[0]) if args else None
    if name is None or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return None
    default = args[1] if len(args) > 1 else Known(None)
    first = Setting((name,), line=line, required=required)
    return chained((first, default)) if len(args) > 1 else first


def chained(values: tuple[Value, ...]) -> Value | None:
    """Return one setting of `first or second or "default"`; None where it is none."""
    env: list[str] = []
    first = values[0]
    if not isinstance(first, Setting):
        return None
    default: object = None
    for value in values:
        if isinstance(value, Setting):
            env += value.env
            default = value.default
        elif isinstance(value, Known):
            default = value.value
        else:
            return None
        if default:
            break
    if not isinstance(default, str | int | float | bool | None):
        return None
    return dataclasses.replace(first, env=tuple(env), default=default, required=False)


def named(value: Value, name: str, line: int) -> Value:
    """Give a setting the name of the variable that holds it."""
    if isinstance(value, Setting):
        return dataclasses.replace(value, name=name, line=line)
    return value


def converted(value: Value, name: str) -> Value | None:
    """Return what `int(…)`, `float(…)`, `bool(…)` or `str(…)` makes of a value."""
    if isinstance(value, Setting) and name in ("int", "float", "bool"):
        default = _convert(value.default, name)
        return dataclasses.replace(value, type=_TYPES[name], default=default)
    if isinstance(value, Known) and isinstance(value.value, str | int | float):
        return Known(_convert(value.value, name) if name != "str" else str(value.value))
    return value if name in ("str", "bool", "int") else None


def _convert(value: object, name: str) -> object:
    try:
        if name == "int":
            return int(str(value))
        if name == "float":
            return float(str(value))
    except ValueError:
        return None
    return None if value is None else bool(value)


def as_boolean(test: Value) -> Setting | None:
    """Return a boolean setting of `NAME in ("1", "true")`."""
    if not isinstance(test, Op) or test.name not in ("==", "in"):
        return None
    left, right = test.args
    if not isinstance(left, Setting) or left.type != "string":
        return None
    items = right.items if isinstance(right, Many) else (right,)
    words = {(text_of(item) or "?").lower() for item in items}
    if not words <= _TRUE:
        return None
    given = str(left.default or "").lower()
    return dataclasses.replace(left, type="boolean", default=given in words)


def member(reader: Evaluator, of: Instance | ast.ClassDef, name: str) -> Value | None:
    """Return a member of a class of settings, or of one that only holds constants."""
    node = of.of if isinstance(of, Instance) else of
    bases = [ast.unparse(base).split(".")[-1] for base in node.bases]
    is_settings = any(base.endswith(_SETTINGS_BASES) for base in bases)
    for item in node.body:
        target = item.targets[0] if isinstance(item, ast.Assign) else None
        if isinstance(item, ast.AnnAssign):
            target = item.target
        if not (isinstance(target, ast.Name) and target.id == name):
            continue
        assert isinstance(item, ast.Assign | ast.AnnAssign)
        if is_settings:
            return _of_model(reader, node, item, name)
        return named(reader.value(item.value), name, item.lineno)
    return None


def _of_model(
    reader: Evaluator, node: ast.ClassDef, item: ast.Assign | ast.AnnAssign, name: str
) -> Value | None:
    given = reader.value(item.value) if item.value is not None else None
    env = _prefix(reader, node) + name.upper()
    if isinstance(given, Op) and given.name == "field":
        default, alias = given.args
        env = text_of(alias) or env
        given = None if default == Foreign("required") else default
    annotation = ast.unparse(item.annotation) if isinstance(item, ast.AnnAssign) else ""
    kind = _TYPES.get(annotation.split("|")[0].strip().removeprefix("Optional["))
    default_value = given.value if isinstance(given, Known) else None
    if isinstance(given, Setting):
        return named(given, name, item.lineno)
    if given is not None and not isinstance(given, Known):
        return None
    if not isinstance(default_value, str | int | float | bool | None):
        return None
    return Setting(
        (env,),
        default_value,
        kind or "string",
        name,
        item.lineno,
        required=given is None,
    )


def _prefix(reader: Evaluator, node: ast.ClassDef) -> str:
    """Return the `env_prefix` of a class of settings."""
    for item in ast.walk(node):
        for name, value in _pairs(item):
            if name == "env_prefix":
                return (text_of(reader.value(value)) or "").upper()
    return ""


def _pairs(node: ast.AST) -> Iterator[tuple[object, ast.expr]]:
    """Yield what a node gives names to, as a keyword, in a dict, or by assignment."""
    if isinstance(node, ast.keyword):
        yield node.arg, node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield getattr(key, "value", None), value
    elif isinstance(node, ast.Assign):
        yield getattr(node.targets[0], "id", None), node.value
