"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import (
    CircuitBreaker,
    Concurrency,
    Endpoint,
    Gateway,
    HeaderRules,
    Upstream,
)
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:e03ef56c45d11eb5878721a481c73c9aeb5c8a59c0a2a1179a4672eeccaf8657"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=20)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/plain",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="plain", request_headers=(SAFE_HEADERS,), at=25),
            ),
            name="ANY /plain",
            at=25,
        ),
        Endpoint(
            path="/shared",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="shared", request_headers=(SAFE_HEADERS,), at=26),
            ),
            name="ANY /shared",
            at=26,
        ),
        Endpoint(
            path="/both",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="both", request_headers=(SAFE_HEADERS,), at=27),
            ),
            name="ANY /both",
            at=27,
        ),
    ),
    upstreams=(
        Upstream(
            name="plain",
            url="http://plain.internal",
            circuit_breaker=CircuitBreaker(),
            at=5,
        ),
        Upstream(
            name="shared",
            url="http://shared.internal",
            circuit_breaker=CircuitBreaker(
                failures=None,
                ratio=0.5,
                minimum=100,
                window=60.0,
            ),
            at=6,
        ),
        Upstream(
            name="both",
            url="http://both.internal",
            concurrency=Concurrency(max=8),
            circuit_breaker=CircuitBreaker(
                failures=3,
                ratio=0.025,
                open=0.5,
                half_open=2,
                when=("unreachable", "timeout", "429", "5xx"),
            ),
            at=9,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
