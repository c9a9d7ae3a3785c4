"""The gateway as data: what the compiler makes, backends print and the runtime folds.

Templates are strings in Jinja2 syntax, JSON templates are JSON text whose strings may
be templates. `at` is the line of the source that a thing comes from; it takes no part
in comparison.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import Final, Literal, Protocol

from hxroute import units
from hxroute.errors import CircuitOpen, Overloaded, ProxyError
from hxroute.http import Handler, Start, Timeout
from hxroute.keys import Jwt, Key
from hxroute.resilience import (
    Balance,
    CircuitBreaker,
    Concurrency,
    HealthCheck,
    OutlierDetection,
    Retry,
    Target,
)

__all__ = [
    "CONTROL",
    "FORMAT",
    "STANDARD_METHODS",
    "UNLISTED_METHODS",
    "BearerAuth",
    "Client",
    "ClientAddress",
    "Endpoint",
    "ErrorAnswer",
    "ErrorTable",
    "Gateway",
    "HeaderRules",
    "Limits",
    "Node",
    "Server",
    "Setting",
    "SettingType",
    "StatusRule",
    "Timeout",
    "Upstream",
]

FORMAT: Final = 3
"""The version of this data; a change to a field or to a default raises it."""

STANDARD_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""What `Allow` names for an endpoint that takes every method."""

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
"""What no setting of type string holds."""

UNLISTED_METHODS: Final = frozenset({"CONNECT", "TRACE"})
"""What an endpoint takes only where it lists it, and no template can make."""

Client = Literal["h1", "httpx2"]
ClientAddress = Literal["x-forwarded-for", "forwarded"]
SettingType = Literal["string", "boolean", "integer", "size", "duration"]


class Node(Protocol):
    """One step of a pipeline: fields that compare and print, and a fold."""

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Put this node around the handler of what comes after it."""

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node, not one after it, can end a request in."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that the gateway takes from its environment when it starts."""

    name: str
    env: tuple[str, ...] = ()
    file: str | None = None
    type: SettingType = "string"
    default: str | int | bool | None = None
    optional: bool = False
    secret: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server behind the gateway; `url` is a template over settings.

    `client` is what calls it: our own HTTP/1.1, or the client library's. Where it is at
    several places, `targets` are all of them and `url` is that of the first.
    """

    name: str
    url: str
    timeout: Timeout = Timeout()
    max_connections: int = 1000
    idle_timeout: float = 3.0
    ca_file: str | None = None
    client: Client = "h1"
    concurrency: Concurrency | None = None
    circuit_breaker: CircuitBreaker | None = None
    targets: tuple[Target, ...] = ()
    balance: Balance = Balance()
    health: HealthCheck | None = None
    outlier_detection: OutlierDetection | None = None
    retry: Retry | None = None
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors in which what guards it can end a call."""
        guards = ((self.concurrency, Overloaded), (self.circuit_breaker, CircuitOpen))
        return tuple(error for guard, error in guards if guard is not None)

    def sources(self) -> tuple[str, ...]:
        """Return every template."""
        keys = () if self.balance.key is None else (self.balance.key,)
        return (*self.urls(), *keys)

    def urls(self) -> tuple[str, ...]:
        """Return the URL of each place that it is at."""
        return tuple(target.url for target in self.targets) or (self.url,)


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """What a client must show as `Authorization: Bearer KEY`: a key, or a token.

    A key without more to say of it is the template that gives it. `header` is the field
    in which it stands alone, where that is not Authorization; in lower case.
    """

    name: str
    keys: tuple[str | Key, ...] = ()
    jwt: Jwt | None = None
    header: str = ""
    at: int = field(default=0, compare=False)

    def entries(self) -> tuple[Key, ...]:
        """Return the keys, each with a name: one without is called by its place."""
        whole = [Key(key=k) if isinstance(k, str) else k for k in self.keys]
        return tuple(
            replace(key, name=key.name or f"key-{place}")
            for place, key in enumerate(whole, 1)
        )

    @property
    def shown_in(self) -> str:
        """The field in which a client shows it."""
        return self.header or "authorization"

    def sources(self) -> tuple[str, ...]:
        """Return the templates that give keys."""
        return tuple(key.key for key in self.entries() if key.key is not None)


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Drop the named fields (or keep only the named), then set those with a value.

    `forward` names the client's credentials that may go on; it drops nothing.
    """

    name: str = ""
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] | None = None
    forward: tuple[str, ...] = ()
    set: tuple[tuple[str, str], ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What one kind of error answers; no status means the kind's own."""

    kind: str
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    json: str | None = None
    text: str | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class StatusRule:
    """An upstream status whose body is replaced: `match` is `503` or `5xx`."""

    match: tuple[str, ...]
    unless: Literal["json_error"] | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    json: str | None = None
    text: str | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """A named error mapping."""

    name: str = ""
    answers: tuple[ErrorAnswer, ...] = ()
    upstream_status: tuple[StatusRule, ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path and its methods (none: all but CONNECT and TRACE), and what they run."""

    path: str
    pipeline: tuple[Node, ...]
    methods: tuple[str, ...] = ()
    name: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Server:
    """Where `hxroute run` listens, which proxies stand in front of it, how it ends.

    `client_address` is the field in which those say who has connected to them. It
    accepts for `drain_delay` more; then what has begun has `grace` to end: seconds.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: tuple[str, ...] = ()
    client_address: ClientAddress = "x-forwarded-for"
    grace: float = 10.0
    drain_delay: float = 0.0
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client connection may take: seconds, bytes, and bytes a second.

    A body must have come within `body_timeout` and a second more for each
    `min_body_rate` bytes of it; time in which the gateway holds it back is not counted.
    """

    head_timeout: float = 10.0
    body_timeout: float = 30.0
    min_body_rate: int = 1024
    idle_timeout: float = 75.0
    send_timeout: float = 60.0
    max_head: int = 64 * 1024
    max_fields: int = 100
    max_target: int = 16 * 1024
    at: int = field(default=0, compare=False)

    def written(self) -> dict[str, str]:
        """Return each limit as the file would state it."""
        sizes = ("min_body_rate", "max_head", "max_target")
        return {
            **{name: units.written_size(getattr(self, name)) for name in sizes},
            **{
                f.name: units.written_duration(getattr(self, f.name))
                for f in fields(self)
                if f.name.endswith("_timeout")
            },
            "max_fields": str(self.max_fields),
        }


@dataclass(frozen=True, slots=True)
class Gateway:
    """A whole gateway; `unmatched` answers what no endpoint takes."""

    endpoints: tuple[Endpoint, ...]
    upstreams: tuple[Upstream, ...] = ()
    settings: tuple[Setting, ...] = ()
    server: Server = Server()
    limits: Limits = Limits()
    paths: Literal["strict", "as_sent"] = "strict"
    unmatched: tuple[Node, ...] = ()
