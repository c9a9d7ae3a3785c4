"""Behaviour: what the program does with the requests of one case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hxroute.importing.conditions import Case
from hxroute.importing.values import Answer, Guard, Value

__all__ = ["KINDS_CAUGHT", "LEAVES", "Auth", "Behaviour", "StatusAnswer"]

_CONNECT: Final = frozenset({"connect_failed"})
_BROKEN: Final = frozenset({"disconnected", "bad_response"})
_TIMEOUTS: Final = frozenset(
    {"connect_timeout", "pool_timeout", "read_timeout", "write_timeout"}
)
LEAVES: Final = (*sorted(_CONNECT | _BROKEN), *sorted(_TIMEOUTS))
"""The kinds in which a call to an upstream fails, without their parents."""

_ALL: Final = frozenset(LEAVES)

KINDS_CAUGHT: Final[dict[str, frozenset[str]]] = {
    "httpx.ConnectError": _CONNECT,
    "httpx.ConnectTimeout": frozenset({"connect_timeout"}),
    "httpx.PoolTimeout": frozenset({"pool_timeout"}),
    "httpx.ReadTimeout": frozenset({"read_timeout"}),
    "httpx.WriteTimeout": frozenset({"write_timeout"}),
    "httpx.TimeoutException": _TIMEOUTS,
    "httpx.NetworkError": _CONNECT | {"disconnected"},
    "httpx.ReadError": frozenset({"disconnected"}),
    "httpx.WriteError": frozenset({"disconnected"}),
    "httpx.CloseError": frozenset(),
    "httpx.ProtocolError": _BROKEN,
    "httpx.RemoteProtocolError": _BROKEN,
    "httpx.LocalProtocolError": frozenset(),
    "httpx.ProxyError": frozenset(),
    "httpx.UnsupportedProtocol": frozenset(),
    "httpx.TooManyRedirects": frozenset(),
    "httpx.DecodingError": frozenset(),
    "httpx.InvalidURL": frozenset(),
    "httpx.StreamError": frozenset(),
    "httpx.TransportError": _ALL,
    "httpx.RequestError": _ALL,
    "httpx.HTTPError": _ALL,
    "requests.ConnectionError": _CONNECT | _BROKEN | {"connect_timeout"},
    "requests.Timeout": _TIMEOUTS,
    "requests.RequestException": _ALL,
    "requests.exceptions.ConnectionError": _CONNECT | _BROKEN | {"connect_timeout"},
    "requests.exceptions.Timeout": _TIMEOUTS,
    "requests.exceptions.RequestException": _ALL,
    "aiohttp.ClientConnectorError": _CONNECT,
    "aiohttp.ClientConnectionError": _CONNECT | {"disconnected"},
    "aiohttp.ServerDisconnectedError": frozenset({"disconnected"}),
    "aiohttp.ClientError": _CONNECT | _BROKEN,
    "asyncio.TimeoutError": _TIMEOUTS,
    "builtins.TimeoutError": _TIMEOUTS,
    "builtins.ConnectionError": frozenset(),
    "builtins.OSError": frozenset(),
    "builtins.Exception": _ALL,
    "builtins.BaseException": _ALL,
}
"""Which kinds an `except` of a client library's exception catches."""


@dataclass(frozen=True, slots=True)
class Auth:
    """A check that ends in an answer: what it looks at, and the answer."""

    tests: tuple[Value, ...]
    answer: Answer
    line: int


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """An answer in the place of some of the upstream's."""

    match: tuple[str, ...]
    answer: Answer
    line: int


@dataclass(slots=True)
class Behaviour:
    """What was read of one case, and what it does."""

    case: Case
    line: int
    auth: list[Auth] = field(default_factory=list)
    errors: dict[str, Answer] = field(default_factory=dict)
    statuses: list[StatusAnswer] = field(default_factory=list)
    limit: tuple[Value, int] | None = None
    reply: Answer | None = None
    reply_guards: tuple[Guard, ...] = ()
    respond: Answer | None = None
    passed: tuple[Guard, ...] = ()
    opaque: bool = False
    narrower: list[tuple[Case, int]] = field(default_factory=list)
    placed: list[Answer] = field(default_factory=list)
    todos: list[tuple[int, str]] = field(default_factory=list)
    raises_status: int = 0
