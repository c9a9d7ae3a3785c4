"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, Upstream
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:110e3cbe5c7e166ae8686d2993c532a8872f0bbb410596dc19deb406fa811d2e"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/{rest:path}",
            pipeline=(Observe(), MapErrors(), Execute(upstream="litellm", at=10)),
            name="ANY /{rest:path}",
            at=8,
        ),
    ),
    upstreams=(Upstream(name="litellm", url="http://127.0.0.1:4000", at=5),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
