"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Timeout, Upstream
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:e537c7b2dc338b93bf3ba7a88fe31e3a7601ddfd9d8c7ae97671462706f72274"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=13)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/slow",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="patient", request_headers=(SAFE_HEADERS,), at=19),
            ),
            name="ANY /slow",
            at=18,
        ),
        Endpoint(
            path="/quick",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="patient",
                    timeout=Timeout(connect=0.1, read=1.0),
                    request_headers=(SAFE_HEADERS,),
                    at=22,
                ),
            ),
            name="ANY /quick",
            at=21,
        ),
        Endpoint(
            path="/other",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="partly", request_headers=(SAFE_HEADERS,), at=25),
            ),
            name="ANY /other",
            at=24,
        ),
    ),
    upstreams=(
        Upstream(
            name="patient",
            url="http://slow.internal",
            timeout=Timeout(connect=0.5, read=600.0, write=1.5, pool=3600.0),
            max_connections=20,
            idle_timeout=55.0,
            at=5,
        ),
        Upstream(
            name="partly",
            url="http://other.internal",
            timeout=Timeout(read=5.0),
            at=10,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
