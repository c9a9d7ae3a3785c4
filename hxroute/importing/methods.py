"""Methods: what is called on a value, `headers.pop("host")`, `request.json()`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hxroute.importing import clients, members
from hxroute.importing.bags import bag_of, key_of, merge
from hxroute.importing.operators import flat
from hxroute.importing.values import (
    Answer,
    Bag,
    Call,
    Caught,
    Client,
    Field,
    Incoming,
    Known,
    Many,
    Op,
    Part,
    Put,
    Setting,
    Text,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["HARMLESS", "method"]

HARMLESS: Final = Op("harmless", ())
"""What a call gives that changes nothing on the wire, such as writing a log line."""

_SAME: Final = frozenset(
    [
        "lower",
        "strip",
        "casefold",
        "encode",
        "decode",
        "rstrip",
        "lstrip",
        "title",
        "get_secret_value",
        "removeprefix",
        "removesuffix",
        "unicode_string",
        "copy",
    ]
)
"""What changes a text's spelling only, as far as a draft goes."""

_PARTS: Final = frozenset(["split", "partition", "rsplit", "rpartition", "splitlines"])


def method(
    reader: Evaluator,
    of: Value,
    node: ast.Call,
    args: list[Value],
    named: dict[str, Value],
) -> Value | None:
    """Return what a method of a value gives; None where that is not known."""
    assert isinstance(node.func, ast.Attribute)
    found = _BY_TYPE.get(type(of))
    if found is None:
        return _of_text(reader, of, node, args, named)
    return found(reader, of, node, args, named)


def _of_text(
    reader: Evaluator, of: Value, node: Any, args: list[Value], named: dict[str, Value]
) -> Value | None:
    name: str = node.func.attr
    if name == "startswith" and args:
        return Op("startswith", (of, args[0]))
    if name == "format" and isinstance(of, Known):
        return _formatted(of, args, named)
    if isinstance(of, Known) and isinstance(of.value, str | bytes):
        return _constant(of, name, args)
    if name == "rstrip" and isinstance(of, Setting) and isinstance(of.default, str):
        cut = str(args[0].value) if args and isinstance(args[0], Known) else None
        default = of.default.rstrip(cut)
        return Setting(of.env, default, of.type, of.name, of.line, of.required)
    if name in _SAME:
        return of
    if name in _PARTS:
        return Op("split", (of,))
    if name == "replace" and len(args) == 2:
        return Op("replace", (of, *args))
    return None


def _constant(of: Known, name: str, args: list[Value]) -> Value | None:
    if name == "join" and args and isinstance(args[0], Many):
        return flat(list(args[0].items)) if not of.value else None
    if name not in _SAME | _PARTS or name in ("copy", "get_secret_value"):
        return None
    given = [item.value for item in args if isinstance(item, Known)]
    if len(given) != len(args):
        return None
    try:
        found = getattr(of.value, name)(*given)
    except (TypeError, ValueError, AttributeError, LookupError):
        return None
    if isinstance(found, list | tuple):
        return Many(tuple(Known(item) for item in found))
    return Known(found)


def _formatted(of: Known, args: list[Value], named: dict[str, Value]) -> Value | None:
    parts: list[Value] = []
    left = iter(args)
    for place, piece in enumerate(str(of.value).replace("}", "{").split("{")):
        if place % 2 == 0:
            parts.append(Known(piece))
        else:
            found = named.get(piece) if piece else next(left, None)
            if found is None:
                return None
            parts.append(found)
    return flat([part for part in parts if part != Known("")])


def _of_request(
    reader: Evaluator,
    of: Incoming,
    node: Any,
    args: list[Value],
    named: dict[str, Value],
) -> Value | None:
    name: str = node.func.attr
    if of.what == "request":
        if name == "json":
            return reader.document()
        simple = {"body": Incoming("body"), "stream": Incoming("stream")}
        return simple.get(name, HARMLESS if name == "is_disconnected" else None)
    if of.what in ("headers", "query", "cookies"):
        return _of_mapping(reader, of, node, args, named)
    return _of_text(reader, of, node, args, named)


def _of_mapping(
    reader: Evaluator, of: Value, node: Any, args: list[Value], named: dict[str, Value]
) -> Value | None:
    """Return what a method that only reads a mapping gives."""
    name: str = node.func.attr
    if name in ("items", "multi_items"):
        return Op("items", (of,))
    if name in ("keys", "values"):
        return Op(name, (of,))
    if name in ("copy", "mutablecopy", "model_dump", "dict"):
        bag = bag_of(of)
        return None if bag is None else (bag.copy() if name != "model_dump" else bag)
    if name in ("get", "getlist") and args:
        if isinstance(args[0], Field):
            return Op("item", (of,))
        key = key_of(args[0])
        default = args[1] if len(args) > 1 else named.get("default")
        found = None if key is None else members.field(of, key, default)
        if found is None and key is not None and isinstance(of, Bag):
            return default or Known(None)
        return found
    return None


def _of_bag(
    reader: Evaluator, of: Bag, node: Any, args: list[Value], named: dict[str, Value]
) -> Value | None:
    name: str = node.func.attr
    if name == "update":
        for value in [
            *args,
            Bag(put={k: Put(v, node.lineno) for k, v in named.items()}),
        ]:
            if not merge(of, value, reader.guards):
                of.odd.append((node.lineno, "`update` with what is not known"))
        return HARMLESS
    if name in ("pop", "setdefault", "append", "add", "__setitem__") and args:
        return _change(reader, of, name, node, args)
    return _of_mapping(reader, of, node, args, named)


def _change(
    reader: Evaluator, of: Bag, name: str, node: Any, args: list[Value]
) -> Value | None:
    key = key_of(args[0])
    if key is None:
        of.odd.append((node.lineno, f"`{name}` with a name that is no constant"))
        return HARMLESS
    default = args[1] if len(args) > 1 else Known(None)
    if name == "pop":
        found = members.field(of, key, default) or Known(None)
        if reader.guards and of.is_fields:
            of.odd.append((node.lineno, f"`{key}` is taken out under a condition"))
        of.remove(key, node.lineno)
        return found
    value: Value = default
    if name == "setdefault" and of.is_fields:
        before = members.field(of, key)
        value = Op("or", (before, default)) if before is not None else default
    of.store(key, Put(value, node.lineno, reader.guards))
    return HARMLESS


def _of_client(
    reader: Evaluator,
    of: Client,
    node: Any,
    args: list[Value],
    named: dict[str, Value],
) -> Value | None:
    return clients.method(reader, of, node, args, named) or (
        HARMLESS if node.func.attr in ("aclose", "close") else None
    )


def _of_reply(
    reader: Evaluator, of: Call, node: Any, args: list[Value], named: dict[str, Value]
) -> Value | None:
    name: str = node.func.attr
    if name == "json":
        return Part(of, "json")
    if name in ("aread", "read", "text"):
        return Part(of, "content")
    if name.startswith(("aiter", "iter")):
        return Part(of, "stream")
    if name == "raise_for_status":
        reader.status_is_raised(node.lineno)
        return HARMLESS
    return HARMLESS if name in ("aclose", "close") else None


def _of_part(
    reader: Evaluator, of: Part, node: Any, args: list[Value], named: dict[str, Value]
) -> Value | None:
    if of.name == "headers":
        return _of_mapping(reader, of, node, args, named)
    return _of_text(reader, of, node, args, named)


def _of_answer(
    reader: Evaluator,
    of: Answer,
    node: Any,
    args: list[Value],
    named: dict[str, Value],
) -> Value | None:
    of.headers.odd.append((node.lineno, f"`{node.func.attr}` of the answer"))
    return HARMLESS


def _of_caught(
    reader: Evaluator,
    of: Caught,
    node: Any,
    args: list[Value],
    named: dict[str, Value],
) -> Value | None:
    return Op("exception", (Known(node.func.attr),))


_BY_TYPE: Final[dict[type, Callable[..., Value | None]]] = {
    Incoming: _of_request,
    Bag: _of_bag,
    Client: _of_client,
    Call: _of_reply,
    Part: _of_part,
    Answer: _of_answer,
    Caught: _of_caught,
    Text: _of_text,
}
