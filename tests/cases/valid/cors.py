"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Upstream
from hxroute.nodes import Cors, Execute, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:8be443271bff68619fb7f6b9d2a4efd3c85965886b9df72cb5112841e46dd341"

AS_SENT_HEADERS = HeaderRules(
    name="as_sent",
    drop=("authorization",),
    forward=("cookie",),
    at=8,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/open",
            pipeline=(
                Observe(),
                Cors(origins=("*",), at=17),
                MapErrors(),
                Respond(json='{"open":true}', at=18),
            ),
            name="ANY /open",
            at=16,
        ),
        Endpoint(
            path="/inside",
            pipeline=(Observe(), MapErrors(), Respond(json='{"open":false}', at=22)),
            name="ANY /inside",
            at=20,
        ),
        Endpoint(
            path="/v1/{rest:path}",
            pipeline=(
                Observe(),
                Cors(
                    origins=("https://app.example",),
                    methods=("POST",),
                    headers=("content-type", "x-request-id"),
                    expose=("x-request-id", "retry-after"),
                    credentials=True,
                    at=27,
                ),
                MapErrors(),
                Execute(upstream="api", request_headers=(AS_SENT_HEADERS,), at=32),
            ),
            methods=("GET", "POST"),
            name="GET,POST /v1/{rest:path}",
            at=24,
        ),
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                Cors(
                    origins=("https://app.example", "http://localhost:3000"),
                    max_age=600,
                    at=13,
                ),
                MapErrors(),
                Execute(upstream="api", request_headers=(AS_SENT_HEADERS,), at=35),
            ),
            name="ANY /{rest:path}",
            at=34,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=5),),
    unmatched=(
        Observe(),
        Cors(
            origins=("https://app.example", "http://localhost:3000"),
            max_age=600,
            at=13,
        ),
        MapErrors(),
    ),
)

app: Starlette = application(gateway, format=FORMAT)
