"""What each node of a pipeline says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hxroute import nodes, templates, units
from hxroute.explain.data import Step
from hxroute.ir import Node
from hxroute.keys import Key
from hxroute.limiting import Limit
from hxroute.nodes.cors import ANY

__all__ = ["step"]

_Settings = Mapping[str, object]

_NAMES: Final = 8
"""Names of keys that are told."""


def step(node: Node, settings: _Settings) -> Step:
    """Say in a line what a node does, in the words of the file."""
    line, text = _TEXTS[type(node)](node, settings)
    return Step(type(node).__name__, line, text)


def _observe(node: nodes.Observe, settings: _Settings) -> tuple[int, str]:
    return node.at, "write an access log line" if node.access_log else "log nothing"


def _cors(node: nodes.Cors, settings: _Settings) -> tuple[int, str]:
    whose = ", ".join(f"`{origin}`" for origin in node.origins)
    of = "any origin" if ANY in node.origins else whose
    return (
        node.at,
        f"let scripts of {of} read the answer, whatever the upstream says of it",
    )


def _map_errors(node: nodes.MapErrors, settings: _Settings) -> tuple[int, str]:
    table = node.table
    if not table.name:
        return node.at, "answer errors as problem details (RFC 9457)"
    return table.at, f"answer errors as `{table.name}` says"


def _authenticate(node: nodes.Authenticate, settings: _Settings) -> tuple[int, str]:
    bearer = "key" if node.auth.header else "bearer key"
    what = bearer if node.auth.jwt is None else "token"
    if node.auth.jwt is not None and node.auth.keys:
        what = "key or token"
    text = f"ask for a {what} of `{node.auth.name}`"
    if node.auth.header:
        text += f" in `{node.auth.header}`"
    names = dict.fromkeys(key.name for key in node.auth.keys if isinstance(key, Key))
    shown = [name for name in names if name]
    more = ["…"] * (len(shown) > _NAMES)
    named = ", ".join([*shown[:_NAMES], *more])
    return node.at, f"{text}: {named}" if named else text


def _rate_limit(node: nodes.RateLimit, settings: _Settings) -> tuple[int, str]:
    return node.at, f"allow {'; '.join(map(_allowed, node.limits))}"


def _allowed(limit: Limit) -> str:
    """Say what a limit allows, to whom, and where it is counted."""
    per = units.written_duration(limit.per)
    whom = _WHOM.get(limit.by, f"each `{limit.by}`")
    burst = f", {limit.burst} at once" if limit.burst is not None else ""
    over = "" if limit.endpoint else f", over all endpoints with bucket `{limit.name}`"
    if limit.store is None:
        return f"{limit.requests} requests in {per} to {whom}{burst}{over}"
    down = "all" if limit.when_store_down == "open" else "none"
    return (
        f"{limit.requests} requests in {per} to {whom}{burst}{over}, counted in store "
        f"`{limit.store.name}` ({down} while it is down)"
    )


def _limit_body(node: nodes.LimitBody, settings: _Settings) -> tuple[int, str]:
    size = templates.decided(node.max_body, settings) or node.max_body
    unit = " bytes" if size.isdigit() else ""
    return node.at, f"read the body whole, {size}{unit} at most"


def _limit_concurrency(
    node: nodes.LimitConcurrency, settings: _Settings
) -> tuple[int, str]:
    limit = node.limit
    wait = units.written_duration(limit.queue_timeout)
    more = f"; {limit.queue} more wait, {wait} at most" if limit.queue else ""
    return node.at, f"let in {limit.max} at a time in each process{more}"


def _limit_memory(node: nodes.LimitMemory, settings: _Settings) -> tuple[int, str]:
    most = units.written_size(node.max)
    return node.at, f"refuse it while this process holds more than {most}"


def _rename_json(node: nodes.RenameJson, settings: _Settings) -> tuple[int, str]:
    pairs = ", ".join(f"`{old}` to `{new}`" for old, new in node.rename)
    return node.at, f"rename members of the JSON body: {pairs}"


def _respond(node: nodes.Respond, settings: _Settings) -> tuple[int, str]:
    return node.at, f"answer {node.status}, without an upstream"


def _stream_error(node: nodes.StreamError, settings: _Settings) -> tuple[int, str]:
    event = f"the event `{node.event}`" if node.event else "an event"
    return node.at, f"send {event} before an event stream that breaks off is cut"


def _fallback(node: nodes.Fallback, settings: _Settings) -> tuple[int, str]:
    named = ", then ".join(f"`{getattr(call, 'upstream', '')}`" for call in node.calls)
    return node.at, f"where the call fails ({', '.join(node.when)}), call {named}"


def _health(node: nodes.Health, settings: _Settings) -> tuple[int, str]:
    turns = ", 503 while it drains" if node.kind == "ready" else ""
    return node.at, f"answer 200 while the server is {node.kind}{turns}"


def _execute(node: nodes.Execute, settings: _Settings) -> tuple[int, str]:
    return node.at, f"call upstream `{node.upstream}`"


_WHOM: Final = {
    "key": "each key",
    "client": "each client address",
    "endpoint": "all together",
}

_TEXTS: Final[Mapping[type, Callable[[Any, _Settings], tuple[int, str]]]] = {
    nodes.Authenticate: _authenticate,
    nodes.Cors: _cors,
    nodes.Execute: _execute,
    nodes.Fallback: _fallback,
    nodes.Health: _health,
    nodes.LimitBody: _limit_body,
    nodes.LimitConcurrency: _limit_concurrency,
    nodes.LimitMemory: _limit_memory,
    nodes.MapErrors: _map_errors,
    nodes.Observe: _observe,
    nodes.RateLimit: _rate_limit,
    nodes.RenameJson: _rename_json,
    nodes.Respond: _respond,
    nodes.StreamError: _stream_error,
}
