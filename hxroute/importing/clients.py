"""Clients: how a program calls its upstream with httpx, requests or aiohttp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hxroute.importing.values import Call, Client, Known, Op, Value

if TYPE_CHECKING:
    from hxroute.importing.evaluate import Evaluator

__all__ = ["CLASSES", "VERBS", "client", "function", "method", "timeout"]

CLASSES: Final = frozenset(
    ["httpx.AsyncClient", "httpx.Client", "requests.Session", "aiohttp.ClientSession"]
)
VERBS: Final = frozenset(["get", "post", "put", "patch", "delete", "head", "options"])
_LIBRARIES: Final = frozenset(["httpx", "requests", "aiohttp"])
_PHASES: Final = ("connect", "read", "write", "pool")
_ABSENT: Final = Op("absent", ())


def client(name: str, args: list[Value], named: dict[str, Value], line: int) -> Client:
    """Return a client as it is made."""
    follow = Known(not name.startswith("httpx"))  # redirects, by default
    return Client(
        name.split(".")[0],
        line,
        named.get("base_url") or (args[0] if args and "aiohttp" in name else None),
        named.get("timeout"),
        named.get("follow_redirects", follow),
        named.get("headers"),
    )


def function(
    reader: Evaluator,
    dotted: str,
    args: list[Value],
    named: dict[str, Value],
    node: Any,
) -> Value | None:
    """Return what `httpx.get(…)` and the like give."""
    library, _, verb = dotted.partition(".")
    if library not in _LIBRARIES or (verb not in VERBS | {"request", "stream"}):
        return None
    own = client(f"{library}.{verb}", [], {}, node.lineno)
    return _call(reader, own, verb, args, named, node)


def method(
    reader: Evaluator, of: Client, node: Any, args: list[Value], named: dict[str, Value]
) -> Value | None:
    """Return what a method of a client gives: a call, or None."""
    verb: str = node.func.attr
    if verb == "send" and args and isinstance(args[0], Call):
        reader.last_call = args[0]
        return args[0]
    if verb in VERBS | {"request", "stream", "build_request"}:
        return _call(reader, of, verb, args, named, node)
    return None


def _call(
    reader: Evaluator,
    of: Client,
    verb: str,
    args: list[Value],
    named: dict[str, Value],
    node: Any,
) -> Call:
    positional = list(args)
    how: Value = Known(verb.upper())
    if verb not in VERBS:
        how = positional.pop(0) if positional else named.get("method", Known("GET"))
    url = positional.pop(0) if positional else named.get("url", Known(""))
    content: Value | None = named.get("content") or named.get("data")
    if "json" in named:
        content = Op("dumps", (named["json"],))
    elif positional and verb in VERBS:
        content = positional[0]
    if "files" in named or "auth" in named or "cookies" in named:
        text = "`files`, `auth` and `cookies` of a call are not drafted"
        reader.findings.manual(node.lineno, text)
    follow = named.get("follow_redirects", named.get("allow_redirects"))
    found = Call(
        of,
        how,
        url,
        node.lineno,
        named.get("headers"),
        content,
        named.get("params"),
        named.get("timeout"),
        follow,
    )
    reader.last_call = found
    return found


def timeout(args: list[Value], named: dict[str, Value]) -> Value:
    """Return a timeout by phases: `httpx.Timeout(30, connect=5)` and aiohttp's."""
    given = named.get("timeout", args[0] if args else _ABSENT)
    phases = dict.fromkeys(_PHASES, given)
    phases.update({name: named[name] for name in _PHASES if name in named})
    renamed = {"sock_connect": "connect", "sock_read": "read"}
    phases.update({renamed[n]: v for n, v in named.items() if n in renamed})
    total = named.get("total", _ABSENT)
    return Op("timeout", (*(phases[name] for name in _PHASES), total))
