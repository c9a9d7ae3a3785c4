"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Upstream
from hxroute.nodes import Execute, LimitBody, MapErrors, Observe, RenameJson
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:291b476bd0d67ac99cb423d6f129d013795efa48f6a5050595639ad05bc3ffb8"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=8)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/v1/embeddings",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitBody(max_body="65536", at=16),
                RenameJson(rename=(("prompt", "input"), ("engine", "model")), at=17),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=18),
            ),
            methods=("POST",),
            name="POST /v1/embeddings",
            at=13,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=5),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
