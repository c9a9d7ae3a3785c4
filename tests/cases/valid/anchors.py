"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Timeout, Upstream
from hxroute.nodes import Execute, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:324974a2e3efa04ea7934023179a4c8f703a4b97074e6b45df8d6f3b5661763c"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=9)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/a",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="first",
                    timeout=Timeout(read=5.0),
                    request_headers=(SAFE_HEADERS,),
                    at=15,
                ),
            ),
            name="ANY /a",
            at=14,
        ),
        Endpoint(
            path="/c",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="second", request_headers=(SAFE_HEADERS,), at=18),
            ),
            name="ANY /c",
            at=17,
        ),
        Endpoint(
            path="/b",
            pipeline=(
                Observe(),
                MapErrors(),
                Respond(
                    json='["no","on",15,31,17,"1_000",null,"1",1,0.5,"12:30","2024-01-01"]',
                    at=22,
                ),
            ),
            name="ANY /b",
            at=20,
        ),
    ),
    upstreams=(
        Upstream(
            name="first",
            url="http://one.internal",
            timeout=Timeout(read=5.0),
            at=5,
        ),
        Upstream(
            name="second",
            url="http://one.internal",
            timeout=Timeout(read=5.0),
            at=6,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
