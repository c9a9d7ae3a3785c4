"""Declarative gateways: routes.yaml, compiled to a Starlette pipeline."""

from hxroute.guards import Concurrency
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
from hxroute.keys import Key

__all__ = [
    "BearerAuth",
    "Concurrency",
    "Endpoint",
    "ErrorAnswer",
    "ErrorTable",
    "Gateway",
    "HeaderRules",
    "Key",
    "Limits",
    "Server",
    "Setting",
    "StatusRule",
    "Timeout",
    "Upstream",
    "__version__",
]

__version__ = "0.1.0"
