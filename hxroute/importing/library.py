"""Library: what functions and classes of libraries give, by their name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hxroute.importing import clients, settings
from hxroute.importing.bags import bag_of, merge, names_in
from hxroute.importing.inside import leaves
from hxroute.importing.methods import HARMLESS
from hxroute.importing.operators import flat
from hxroute.importing.values import (
    Answer,
    Bag,
    Caught,
    Foreign,
    Incoming,
    Known,
    Many,
    Op,
    Put,
    Value,
)

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["BY_NAME"]

Args = list[Value]
Named = dict[str, Value]


def _getenv(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if "env" not in dotted:
        return None
    default = [named["default"]] if "default" in named else []
    return settings.read([*args, *default], node.lineno)


def _convert(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if not args:
        return Known("")
    if isinstance(args[0], Caught):
        return Op("exception", (Known("text"),))
    if isinstance(args[0], Incoming) and args[0].what == "url":
        return args[0]
    return settings.converted(args[0], dotted.rsplit(".", 1)[-1])


def _length(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return Op("len", tuple(args))


def _collection(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if not args:
        return Many(())
    names = names_in(args[0])
    if isinstance(args[0], Many):
        return args[0]
    if isinstance(args[0], Op):
        return args[0]
    return None if names is None else Many(tuple(map(Known, names)))


def _mapping(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    bag = Bag()
    given = [*args, *(named[name] for name in ("headers", "raw") if name in named)]
    for value in given:
        inner = value
        if isinstance(value, Op) and value.name == "items":
            inner = value.args[0]
        if not merge(bag, inner, ()):
            bag.odd.append((node.lineno, "a mapping made of what is not known"))
    for name, value in named.items():
        if name not in ("headers", "raw"):
            bag.store(name, Put(value, node.lineno))
    return bag


def _answer(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    kind = dotted.rsplit(".", 1)[-1]
    order = ("content", "status_code", "headers", "media_type")
    given = {**dict(zip(order, args, strict=False)), **named}
    headers = given.get("headers")
    bag = bag_of(headers)
    if bag is None:
        bag = Bag(odd=[(node.lineno, "headers that are not known")])
    body = given.get("content")
    form = "json" if "JSON" in kind else "text" if "Text" in kind else "raw"
    answer = Answer(
        given.get("status_code", Known(200)),
        body,
        form,  # type: ignore[arg-type]
        bag if bag is not headers else bag.copy(),
        node.lineno,
        given.get("media_type"),
    )
    if kind == "HTMLResponse" or (kind == "PlainTextResponse"):
        html = kind == "HTMLResponse"
        answer.media = Known("text/html" if html else "text/plain")
    return answer


def _exception(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    given = {
        **dict(zip(("status_code", "detail", "headers"), args, strict=False)),
        **named,
    }
    bag = bag_of(given.get("headers")) or Bag()
    body = Bag()
    if "detail" in given:
        body.put["detail"] = Put(given["detail"], node.lineno)
    else:
        body.put["detail"] = Put(Op("phrase", ()), node.lineno)
    status = given.get("status_code", Known(500))
    return Answer(status, body, "json", bag.copy(), node.lineno, exception=True)


def _loads(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if args and any(leaf == Incoming("body") for leaf in leaves(args[0])):
        return reader.document()
    return None


def _dumps(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return Op("dumps", (args[0],)) if args else None


def _compare(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return Op("==", tuple(args)) if len(args) == 2 else None


def _isinstance(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return Op("isinstance", tuple(args))


def _field(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    default = named.get("default", args[0] if args else Foreign("required"))
    if default == Known(...):
        default = Foreign("required")
    alias = named.get("validation_alias", named.get("alias", named.get("env")))
    return Op("field", (default, alias or Known(None)))


def _urljoin(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return flat(args)


def _url(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if args:
        return args[0]
    query = named.get("query", Known(None))
    return Op("url", (named.get("path", Known("")), query))


def _same(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return args[0] if args else HARMLESS


def _any(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if args and isinstance(args[0], Many):
        word = "or" if dotted.endswith("any") else "and"
        return Op(word, args[0].items)
    return None


def _timeout(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return clients.timeout(args, named)


def _object(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    kind = dotted.rsplit(".", 1)[-1]
    return Foreign(
        {"FastAPI": "app", "Starlette": "app", "APIRouter": "router"}.get(kind, kind)
    )


def _quiet(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    return HARMLESS


def _get(
    reader: Evaluator, dotted: str, node: ast.Call, args: Args, named: Named
) -> Value | None:
    if dotted == "os.environ.get":
        return _getenv(reader, dotted, node, args, named)
    return None


_Known = Callable[["Evaluator", str, ast.Call, Args, Named], Value | None]


BY_NAME: Final[dict[str, _Known]] = {
    "getenv": _getenv,
    "get": _get,
    **dict.fromkeys(("int", "float", "bool", "str"), _convert),
    "len": _length,
    **dict.fromkeys(("set", "frozenset", "list", "tuple", "sorted"), _collection),
    **dict.fromkeys(("dict", "Headers", "MutableHeaders", "OrderedDict"), _mapping),
    **dict.fromkeys(
        (
            "Response", "JSONResponse", "ORJSONResponse", "UJSONResponse",
            "PlainTextResponse", "HTMLResponse", "StreamingResponse",
        ),
        _answer,
    ),
    "HTTPException": _exception,
    "loads": _loads,
    "dumps": _dumps,
    "compare_digest": _compare,
    "isinstance": _isinstance,
    "Field": _field,
    "urljoin": _urljoin,
    "URL": _url,
    **dict.fromkeys(("quote", "unquote", "str_", "bytes", "cast", "copy"), _same),
    **dict.fromkeys(("any", "all"), _any),
    **dict.fromkeys(("Timeout", "ClientTimeout"), _timeout),
    **dict.fromkeys(("FastAPI", "Starlette", "APIRouter"), _object),
    **dict.fromkeys(("HTTPBearer",), _object),
    **dict.fromkeys(("BackgroundTask", "Limits", "lru_cache", "cache"), _quiet),
}  # fmt: skip
