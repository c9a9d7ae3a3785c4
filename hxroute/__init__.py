"""Declarative gateways: routes.yaml, compiled to a Starlette pipeline."""

from hxroute.guards import CircuitBreaker, Concurrency
from hxroute.ir import (
    BearerAuth,
    Endpoint,
    ErrorAnswer,
    ErrorTable,
    Gateway,
    HeaderRules,
    Limits,
    Server,
    Setting,
    StatusRule,
    Timeout,
    Upstream,
)
from hxroute.keys import Jwt, Key
from hxroute.limiting import Limit, Store

__all__ = [
    "BearerAuth",
    "CircuitBreaker",
    "Concurrency",
    "Endpoint",
    "ErrorAnswer",
    "ErrorTable",
    "Gateway",
    "HeaderRules",
    "Jwt",
    "Key",
    "Limit",
    "Limits",
    "Server",
    "Setting",
    "StatusRule",
    "Store",
    "Timeout",
    "Upstream",
    "__version__",
]

__version__ = "0.1.0"
