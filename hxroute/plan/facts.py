"""Facts: what a pipeline does, each thing under the words of the language.

Header rules and error mappings are not among them: they are compared by what they do.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from hxroute import units, written
from hxroute.errors import ProxyError
from hxroute.ir import Timeout, Upstream
from hxroute.keys import Jwt, Key
from hxroute.nodes import (
    Authenticate,
    Cors,
    Execute,
    Fallback,
    Health,
    LimitBody,
    LimitConcurrency,
    LimitMemory,
    MapErrors,
    Observe,
    RateLimit,
    RenameJson,
    Respond,
    StreamError,
)
from hxroute.nodes.fallback import with_calls
from hxroute.plan import own
from hxroute.plan.fact import NONE, Fact
from hxroute.plan.meaning import Meaning, View
from hxroute.plan.survival import survival
from hxroute.plan.wording import Shown, duration, field_value, quoted, size

__all__ = [
    "facts",
    "is_bounded",
    "upstream_facts",
    "upstream_raises",
]

_LOG: Final = "access_log"

_UNSTATED: Final = {"first_byte": Shown("that of read"), "total": Shown("none")}
"""What is shown for limits that need not be there."""

_Facts = Iterator[tuple[str, Fact]]


def facts(view: View) -> dict[str, Fact]:
    """Return what a pipeline does, by the words for it."""
    found = {_LOG: Fact("off", Shown("off"))}
    for node in view.pipeline:
        found.update(_FACTS.get(type(node), _any)(view, node))
    return found


def upstream_facts(meaning: Meaning, upstream: Upstream) -> _Facts:
    """Yield what an upstream is, by the words of its definition."""
    name = meaning.old_upstreams.get(upstream.name, upstream.name)
    line = upstream.at
    if not upstream.targets:
        url = meaning.template(upstream.url, {})
        yield "url", Fact(url, upstream.url, line, upstream=name)
    for key, means, text in survival(meaning, upstream):
        yield key, Fact(means, text, line, upstream=name)
    client = upstream.client
    yield "client", Fact(client, Shown(client), line, upstream=name)
    for key, value, shown in _timeouts(upstream.timeout):
        yield key, Fact(value, shown, line, upstream=name)
    most = upstream.max_connections
    yield "max_connections", Fact(most, Shown(str(most)), line, upstream=name)
    idle = upstream.idle_timeout
    yield "idle_timeout", Fact(idle, duration(idle), line, upstream=name)
    trusted = upstream.ca_file or ""
    yield "ca_file", Fact(trusted, quoted(trusted) if trusted else NONE.text, line)


def is_bounded(view: View) -> bool:
    """Tell whether a call of a pipeline has a limit of its whole time."""
    calls = (node for node in with_calls(view.pipeline) if isinstance(node, Execute))
    limits = (node.timeout or _upstream(view, node).timeout for node in calls)
    return any(limit.total is not None for limit in limits)


def upstream_raises(view: View) -> Iterator[type[ProxyError]]:
    """Yield the errors in which the guards of an upstream can end a call."""
    for node in with_calls(view.pipeline):
        if isinstance(node, Execute):
            yield from _upstream(view, node).raises()


def _timeouts(timeout: Timeout) -> Iterator[tuple[str, float | None, Shown]]:
    """Yield each limit; one for the first byte only where it is not that of `read`."""
    for item in dataclasses.fields(timeout):
        value = getattr(timeout, item.name)
        if item.name == "first_byte" and value == timeout.read:
            value = None
        shown = _UNSTATED[item.name] if value is None else duration(value)
        yield f"timeout.{item.name}", value, shown


def _any(view: View, node: Any) -> _Facts:
    """Yield the fields of a node that has no words of its own."""
    for item in dataclasses.fields(node):
        if item.compare:
            value = repr(getattr(node, item.name))
            key = f"{type(node).__name__}.{item.name}"
            yield key, Fact(view.template(value), value, node.at)


def _observe(view: View, node: Observe) -> _Facts:
    if node.access_log:
        yield _LOG, Fact("on", Shown("on"), node.at)


def _map_errors(view: View, node: MapErrors) -> _Facts:
    return iter(())  # by what it answers to each kind


def _cors(view: View, node: Cors) -> _Facts:
    for key in ("origins", "methods", "headers", "expose"):
        listed = getattr(node, key)
        if listed:
            shown = ", ".join(map(quoted, listed))
            yield f"cors: {key}", Fact(frozenset(listed), Shown(shown), node.at)
    allowed = "true" if node.credentials else "false"
    yield "cors: credentials", Fact(node.credentials, Shown(allowed), node.at)
    if node.max_age is not None:
        yield "cors: max_age", Fact(node.max_age, duration(node.max_age), node.at)


def _authenticate(view: View, node: Authenticate) -> _Facts:
    entries = node.auth.entries()
    keys = tuple(sorted({_known_by(view, key) for key in entries}))
    shown = ", ".join(map(_named, entries))
    yield "auth:", Fact(keys, node.auth.name, node.at, shown)
    field = node.auth.header
    if field:
        yield "auth: header", Fact(field, Shown(quoted(field)), node.at)
    if node.auth.jwt is not None:
        yield from _tokens(node.auth.jwt)
    more = zip(node.auth.keys, entries, strict=True)
    for name in dict.fromkeys(key.name for stated, key in more if stated != key.key):
        yield f"key {name}:", _ends(name, node)


def _tokens(jwt: Jwt) -> _Facts:
    for item in dataclasses.fields(jwt):
        if item.compare and item.name != "upstream":
            value = getattr(jwt, item.name)
            yield f"jwt.{item.name}", Fact(value, str(value), jwt.at)


def _known_by(view: View, key: Key) -> str:
    return key.sha256 or view.template(key.key or "")


def _named(key: Key) -> str:
    """Show a key by its template, or by the beginning of its digest."""
    if key.sha256 is None:
        return field_value("key", key.key or "")
    return Shown(f"{key.name} sha256:{key.sha256[:8]}")


def _ends(name: str, node: Authenticate) -> Fact:
    """Say until when a client's keys are good."""
    ends = [key.not_after for key in node.auth.entries() if key.name == name]
    value = tuple(sorted({units.instant(end or "") or math.inf for end in ends}))
    text = ", ".join(dict.fromkeys(end or "without end" for end in ends))
    return Fact(value, Shown(text), node.at)


def _limit_concurrency(view: View, node: LimitConcurrency) -> _Facts:
    for key, text in written.words(node.limit):
        yield f"concurrency.{key}", Fact(text, Shown(text), node.at)


def _limit_memory(view: View, node: LimitMemory) -> _Facts:
    shown = Shown(units.written_size(node.max))
    yield "server: max_memory", Fact(node.max, shown, node.at)


def _rate_limit(view: View, node: RateLimit) -> _Facts:
    for limit in node.limits:
        key = f"rate_limit {quoted(limit.name)}:"
        rate = f"{limit.requests} in {duration(limit.per)}"
        burst = limit.burst or limit.requests
        yield f"{key} rate", Fact((limit.requests, limit.per), Shown(rate), node.at)
        yield f"{key} burst", Fact(burst, Shown(str(burst)), node.at)
        yield f"{key} by", Fact(view.template(limit.by), limit.by, node.at)
        told = "on" if limit.fields else "off"
        yield f"{key} fields", Fact(told, Shown(told), node.at)
        if not limit.endpoint:
            yield f"{key} shared", Fact("yes", Shown("yes"), node.at)
        store = limit.store
        if store is not None:
            where = (view.template(store.url), store.timeout, store.prefix)
            shown = f"timeout {duration(store.timeout)}, prefix {quoted(store.prefix)}"
            yield f"{key} store", Fact(where, store.name, store.at, shown)
            down = limit.when_store_down
            yield f"{key} when_store_down", Fact(down, Shown(down), node.at)


def _limit_body(view: View, node: LimitBody) -> _Facts:
    limit = units.size(node.max_body)
    value = view.template(node.max_body) if limit is None else limit
    yield "max_body", Fact(value, size(node.max_body), node.at)


def _rename_json(view: View, node: RenameJson) -> _Facts:
    shown = ", ".join(f"{old}: {new}" for old, new in node.rename)
    yield "request json: rename", Fact(node.rename, shown, node.at)


def _stream_error(view: View, node: StreamError) -> _Facts:
    yield "stream_error: event", Fact(node.event, node.event, node.at)
    yield "stream_error: json", Fact(view.document(node.json), node.json, node.at)


def _execute(view: View, node: Execute) -> _Facts:
    shown = Shown(f"upstream {quoted(node.upstream)}")
    yield own.ANSWERED, Fact("upstream", shown, node.at)
    for word, source in (("method", node.method), ("path", node.path)):
        if source is not None:
            yield f"upstream: {word}", Fact(view.template(source), source, node.at)
    if node.query is not None:
        value = tuple((name, view.template(source)) for name, source in node.query)
        pairs = (f"{name}={field_value(name, source)}" for name, source in node.query)
        yield "upstream: query", Fact(value, "&".join(pairs), node.at)
    if node.body is not None:
        yield "upstream: body", Fact(view.document(node.body), node.body, node.at)
    known = dict(upstream_facts(view.meaning, _upstream(view, node)))
    if (
        node.retry is not None
    ):  # in the place of the upstream's, which it replaces whole
        known = {k: fact for k, fact in known.items() if not k.startswith("retry.")}
        for key, text in written.words(node.retry):
            known[f"retry.{key}"] = Fact(text, Shown(text), node.at)
    if node.timeout is not None:
        for key, seconds, words in _timeouts(node.timeout):
            known[key] = Fact(seconds, words, node.at)
    yield from ((f"upstream: {key}", fact) for key, fact in known.items())


def _upstream(view: View, node: Execute) -> Upstream:
    return view.meaning.upstreams.get(node.upstream, Upstream(node.upstream, ""))


def _fallback(view: View, node: Fallback) -> _Facts:
    yield "fallback: when", Fact(node.when, Shown(", ".join(node.when)), node.at)
    for place, call in enumerate(node.calls, 1):
        assert isinstance(call, Execute)
        for key, fact in _execute(view, call):
            yield f"fallback {place}: {key}", fact
        sets = (*call.request_headers, *call.response_headers)
        shown = ", ".join(rule.name for rule in sets)
        value = call.request_headers, call.response_headers, call.headers
        yield f"fallback {place}: headers", Fact(value, shown, call.at)


_FACTS: Final[dict[type, Callable[[View, Any], _Facts]]] = {
    Observe: _observe,
    MapErrors: _map_errors,
    Cors: _cors,
    Authenticate: _authenticate,
    LimitMemory: _limit_memory,
    RateLimit: _rate_limit,
    LimitConcurrency: _limit_concurrency,
    LimitBody: _limit_body,
    RenameJson: _rename_json,
    Health: own.health,
    Respond: own.respond,
    StreamError: _stream_error,
    Fallback: _fallback,
    Execute: _execute,
}
