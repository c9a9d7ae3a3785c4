"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Upstream
from hxroute.nodes import Execute, LimitMemory, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:93744de0e8eca34ab661f5be7ac08d8ae6e6e771db996ae83753ed3a9ff09a7e"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=12)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/healthz",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitMemory(max=536870912, at=5),
                Respond(text="up", at=19),
            ),
            name="ANY /healthz",
            at=18,
        ),
        Endpoint(
            path="/v1/chat",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitMemory(max=536870912, at=5),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=23),
            ),
            name="ANY /v1/chat",
            at=21,
        ),
    ),
    upstreams=(Upstream(name="api", url="http://127.0.0.1:4000", at=8),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
