"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Upstream
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:62b047c1800fa8fb776671b81587e4e9d5b8263f3ee17ee0ff18ba0df8f5be41"

AS_THEY_CAME_HEADERS = HeaderRules(
    name="as_they_came",
    forward=("authorization", "cookie"),
    at=8,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="litellm",
                    request_headers=(AS_THEY_CAME_HEADERS,),
                    at=14,
                ),
            ),
            name="ANY /{rest:path}",
            at=11,
        ),
    ),
    upstreams=(Upstream(name="litellm", url="http://127.0.0.1:4000", at=5),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
