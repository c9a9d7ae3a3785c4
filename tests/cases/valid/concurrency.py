"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Concurrency, Endpoint, Gateway, HeaderRules, Upstream
from hxroute.nodes import Execute, LimitConcurrency, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:aa299e45e963113eb268e03c67113315d4ff3fe7c2aeec0b4b972b09f22a01b2"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=10)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/healthz",
            pipeline=(Observe(), MapErrors(), Respond(text="ok\n", at=16)),
            name="ANY /healthz",
            at=15,
        ),
        Endpoint(
            path="/report",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitConcurrency(
                    endpoint="report",
                    limit=Concurrency(max=1, queue=1),
                    at=20,
                ),
                Respond(text="done\n", at=21),
            ),
            name="report",
            at=18,
        ),
        Endpoint(
            path="/chat",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitConcurrency(
                    endpoint="POST /chat",
                    limit=Concurrency(max=50, queue=25, queue_timeout=0.25),
                    at=25,
                ),
                Execute(upstream="model", request_headers=(SAFE_HEADERS,), at=26),
            ),
            methods=("POST",),
            name="POST /chat",
            at=23,
        ),
        Endpoint(
            path="/files",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="model", request_headers=(SAFE_HEADERS,), at=30),
            ),
            name="ANY /files",
            at=28,
        ),
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitConcurrency(
                    endpoint="ANY /{rest:path}",
                    limit=Concurrency(max=100),
                    at=12,
                ),
                Execute(upstream="model", request_headers=(SAFE_HEADERS,), at=33),
            ),
            name="ANY /{rest:path}",
            at=32,
        ),
    ),
    upstreams=(
        Upstream(
            name="model",
            url="http://model.internal",
            concurrency=Concurrency(
                max=8,
                queue=100,
                queue_timeout=30.0,
                retry_after=5.0,
            ),
            at=5,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
