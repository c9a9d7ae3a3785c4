"""Members: attributes and items of values, `request.headers` and `headers["x"]`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hxroute.importing import settings
from hxroute.importing.bags import key_of
from hxroute.importing.values import (
    Answer,
    Bag,
    Call,
    Caught,
    Class,
    Field,
    Foreign,
    Incoming,
    Instance,
    Known,
    Many,
    Op,
    Part,
    Setting,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["attribute", "field", "item"]

_OF_REQUEST: Final[dict[tuple[str, str], Value]] = {
    ("request", "headers"): Incoming("headers"),
    ("request", "method"): Incoming("method"),
    ("request", "url"): Incoming("url"),
    ("request", "query_params"): Incoming("query"),
    ("request", "client"): Incoming("client"),
    ("request", "path_params"): Incoming("path_params"),
    ("request", "cookies"): Incoming("cookies"),
    ("request", "scope"): Incoming("scope"),
    ("request", "app"): Foreign("app"),
    ("url", "path"): Incoming("url_path"),
    ("url", "query"): Incoming("query_text"),
    ("client", "host"): Incoming("client_host"),
    ("headers", "raw"): Op("items", (Incoming("headers"),)),
    ("bearer", "credentials"): Incoming("header", "authorization"),
    ("bearer", "scheme"): Incoming("header", "authorization"),
}
_OF_SCOPE: Final = {
    "path": Incoming("url_path"),
    "raw_path": Incoming("url_path"),
    "query_string": Incoming("query_text"),
    "method": Incoming("method"),
}
_OF_REPLY: Final = {
    "status_code": "status",
    "status": "status",
    "content": "content",
    "text": "content",
    "headers": "headers",
    "is_error": "is_error",
    "is_server_error": "is_server_error",
    "is_client_error": "is_client_error",
    "is_success": "is_success",
    "ok": "is_success",
    "media_type": "media",
}
_STATUS_NAME: Final = re.compile(r"\.HTTP_([1-5][0-9]{2})_[A-Z_]+$")
_HTTP_STATUS: Final = {
    "OK": 200, "CREATED": 201, "NO_CONTENT": 204, "BAD_REQUEST": 400,
    "UNAUTHORIZED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404,
    "REQUEST_ENTITY_TOO_LARGE": 413, "CONTENT_TOO_LARGE": 413,
    "UNPROCESSABLE_ENTITY": 422, "TOO_MANY_REQUESTS": 429,
    "INTERNAL_SERVER_ERROR": 500, "BAD_GATEWAY": 502,
    "SERVICE_UNAVAILABLE": 503, "GATEWAY_TIMEOUT": 504,
}  # fmt: skip


def attribute(reader: Evaluator, node: ast.Attribute) -> Value:
    """Return an attribute of a value."""
    if isinstance(node.value, ast.Attribute) and node.value.attr == "state":
        found = reader.state(node.attr)
        if found is not None:
            return found
    of = reader.value(node.value)
    method = _BY_TYPE.get(type(of))
    found = None if method is None else method(reader, of, node.attr)
    return reader.unknown(node) if found is None else found


def _of_incoming(reader: Evaluator, of: Incoming, name: str) -> Value | None:
    return _OF_REQUEST.get((of.what, name))


def _of_foreign(reader: Evaluator, of: Foreign, name: str) -> Value | None:
    dotted = f"{of.name}.{name}"
    match = _STATUS_NAME.search(dotted)
    if match:
        return Known(int(match[1]))
    if of.name.endswith("HTTPStatus") and name in _HTTP_STATUS:
        return Known(_HTTP_STATUS[name])
    return Foreign(dotted)


def _of_call(reader: Evaluator, of: Call, name: str) -> Value | None:
    part = _OF_REPLY.get(name)
    return None if part is None else Part(of, part)


def _of_part(reader: Evaluator, of: Part, name: str) -> Value | None:
    if of.name == "headers" and name in ("raw", "multi_items"):
        return Op("items", (of,))
    return None


def _of_answer(reader: Evaluator, of: Answer, name: str) -> Value | None:
    members = {"headers": of.headers, "status_code": of.status, "body": of.body}
    return members.get(name)


def _of_caught(reader: Evaluator, of: Caught, name: str) -> Value | None:
    if name == "response" and reader.last_call is not None:
        return reader.last_call
    return Op("exception", (Known(name),))


def _of_instance(reader: Evaluator, of: Instance, name: str) -> Value | None:
    return settings.member(reader, of, name)


def _of_class(reader: Evaluator, of: Class, name: str) -> Value | None:
    return settings.member(reader, of.node, name)


def _of_bag(reader: Evaluator, of: Bag, name: str) -> Value | None:
    if of.origin == Incoming("json"):
        return field(of, name)
    return Op("items", (of,)) if name == "raw" else None


def _of_setting(reader: Evaluator, of: Setting, name: str) -> Value | None:
    return None


_BY_TYPE: Final[dict[type, Callable[[Evaluator, Any, str], Value | None]]] = {
    Incoming: _of_incoming,
    Foreign: _of_foreign,
    Call: _of_call,
    Part: _of_part,
    Answer: _of_answer,
    Caught: _of_caught,
    Instance: _of_instance,
    Class: _of_class,
    Bag: _of_bag,
    Setting: _of_setting,
}


def item(reader: Evaluator, node: ast.Subscript) -> Value:
    """Return an item of a value; a slice of a text counts as the text."""
    of = reader.value(node.value)
    if isinstance(node.slice, ast.Slice):
        return of if isinstance(of, Incoming | Setting) else reader.unknown(node)
    key = reader.value(node.slice)
    if of == Foreign("os.environ"):
        found = settings.read([key], node.lineno, required=True)
        return reader.unknown(node) if found is None else found
    if isinstance(key, Field):
        return Op("item", (of,))
    if isinstance(of, Op) and of.name in ("piece", "split"):
        return of
    found = _at(of, key)
    return reader.unknown(node) if found is None else found


def _at(of: Value, key: Value) -> Value | None:
    name = key_of(key)
    if name is None:
        return None
    if isinstance(of, Many):
        place = int(name) if re.fullmatch(r"-?[0-9]{1,6}", name) else None
        inside = place is not None and -len(of.items) <= place < len(of.items)
        return of.items[place] if inside and place is not None else None
    return field(of, name)


def field(of: Value, name: str, default: Value | None = None) -> Value | None:
    """Return what stands under a name in a mapping."""
    if isinstance(of, Bag):
        return _of_mapping(of, name, default)
    if isinstance(of, Part) and of.name == "headers":
        return Part(of.call, "header", name.lower())
    if not isinstance(of, Incoming):
        return None
    if of.what == "scope":
        return _OF_SCOPE.get(name)
    kinds = {
        "headers": ("header", name.lower()),
        "query": ("query_param", name),
        "cookies": ("cookie", name),
        "path_params": ("path", name),
        "json": ("member", name),
    }
    found = kinds.get(of.what)
    return None if found is None else Incoming(*found, default)


def _of_mapping(of: Bag, name: str, default: Value | None) -> Value | None:
    for key, put in of.put.items():
        if key == name or (of.is_fields and key.lower() == name.lower()):
            return put.value
    if of.origin is None:
        return default
    return field(of.origin, name, default)
