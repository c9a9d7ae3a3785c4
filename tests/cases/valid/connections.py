"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Timeout, Upstream
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:d04fd7ed44504f74555badb875500563de9dee63f9b7d101838dd86e360040ef"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=15)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/slow",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="patient", request_headers=(SAFE_HEADERS,), at=21),
            ),
            name="ANY /slow",
            at=20,
        ),
        Endpoint(
            path="/quick",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="patient",
                    timeout=Timeout(connect=0.1, read=1.0, total=5.0),
                    request_headers=(SAFE_HEADERS,),
                    at=24,
                ),
            ),
            name="ANY /quick",
            at=23,
        ),
        Endpoint(
            path="/other",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="partly", request_headers=(SAFE_HEADERS,), at=27),
            ),
            name="ANY /other",
            at=26,
        ),
        Endpoint(
            path="/third",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="chosen", request_headers=(SAFE_HEADERS,), at=30),
            ),
            name="ANY /third",
            at=29,
        ),
    ),
    upstreams=(
        Upstream(
            name="patient",
            url="http://slow.internal",
            timeout=Timeout(
                connect=0.5,
                read=600.0,
                write=1.5,
                pool=3600.0,
                first_byte=60.0,
                total=3600.0,
            ),
            max_connections=20,
            idle_timeout=55.0,
            client="httpx2",
            at=5,
        ),
        Upstream(
            name="partly",
            url="http://other.internal",
            timeout=Timeout(read=5.0),
            at=11,
        ),
        Upstream(
            name="chosen",
            url="http://third.internal",
            timeout=Timeout(total=120.0),
            client="httpx2",
            at=12,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
