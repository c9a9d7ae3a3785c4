"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, Upstream
from hxroute.nodes import Execute, LimitBody, MapErrors, Observe, RenameJson
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:20760571f2aa46c66b509a78a4046f029e3d2c63059aa6180163a5f72067016b"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/v1/embeddings",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitBody(max_body="65536", at=13),
                RenameJson(rename=(("prompt", "input"), ("engine", "model")), at=14),
                Execute(upstream="api", at=15),
            ),
            methods=("POST",),
            name="POST /v1/embeddings",
            at=10,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=5),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
