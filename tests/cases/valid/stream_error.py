"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Upstream
from hxroute.nodes import Execute, MapErrors, Observe, Respond, StreamError
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:c512e201d4119e78c15d7b671385381f9bea63832d7c0b356644efc8ebc30989"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=8)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/healthz",
            pipeline=(Observe(), MapErrors(), Respond(text="ok\n", at=18)),
            name="ANY /healthz",
            at=17,
        ),
        Endpoint(
            path="/v1/messages",
            pipeline=(
                Observe(),
                MapErrors(),
                StreamError(
                    json='{"type":"error","error":{"type":"api_error"}}',
                    event="error",
                    at=21,
                ),
                Execute(upstream="model", request_headers=(SAFE_HEADERS,), at=22),
            ),
            name="ANY /v1/messages",
            at=20,
        ),
        Endpoint(
            path="/raw",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="model", request_headers=(SAFE_HEADERS,), at=26),
            ),
            name="ANY /raw",
            at=24,
        ),
        Endpoint(
            path="/v1/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                StreamError(
                    json='{"error":{"message":"{{ error.detail }}","code":"{{ error.kind }}"}}',
                    at=14,
                ),
                Execute(upstream="model", request_headers=(SAFE_HEADERS,), at=29),
            ),
            name="ANY /v1/{rest:path}",
            at=28,
        ),
    ),
    upstreams=(Upstream(name="model", url="http://model.internal", at=5),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
