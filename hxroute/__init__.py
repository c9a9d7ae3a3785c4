"""Declarative gateways: routes.yaml, compiled to a Starlette pipeline."""

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
    "Balance",
    "BearerAuth",
    "CircuitBreaker",
    "Concurrency",
    "Endpoint",
    "ErrorAnswer",
    "ErrorTable",
    "Gateway",
    "HeaderRules",
    "HealthCheck",
    "Jwt",
    "Key",
    "Limit",
    "Limits",
    "OutlierDetection",
    "Retry",
    "Server",
    "Setting",
    "StatusRule",
    "Store",
    "Target",
    "Timeout",
    "Upstream",
    "__version__",
]

__version__ = "0.1.0"
