"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Setting, Upstream
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:0024e32c4f0979396a60a5524608826494755ebed6c528dc5d7e31e08c5da09b"

NO_CREDENTIALS_HEADERS = HeaderRules(
    name="no_credentials",
    drop=("authorization", "cookie"),
    at=11,
)

ONLY_CONTENT_HEADERS = HeaderRules(
    name="only_content",
    keep=("content-type", "accept"),
    at=12,
)

AS_OURSELVES_HEADERS = HeaderRules(
    name="as_ourselves",
    forward=("cookie",),
    set=(
        ("authorization", "Bearer {{ settings.upstream_key }}"),
        ("x-request-id", "{{ headers['x-request-id'] }}"),
        ("x-client", "{{ client.host }}"),
    ),
    at=13,
)

HARDENED_HEADERS = HeaderRules(
    name="hardened",
    drop=("server",),
    set=(("x-content-type-options", "nosniff"),),
    at=19,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/listed",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="api",
                    request_headers=(
                        NO_CREDENTIALS_HEADERS,
                        ONLY_CONTENT_HEADERS,
                        AS_OURSELVES_HEADERS,
                    ),
                    response_headers=(HARDENED_HEADERS,),
                    at=26,
                ),
            ),
            name="ANY /listed",
            at=22,
        ),
        Endpoint(
            path="/named",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="api",
                    request_headers=(AS_OURSELVES_HEADERS,),
                    response_headers=(HARDENED_HEADERS,),
                    at=32,
                ),
            ),
            name="ANY /named",
            at=28,
        ),
        Endpoint(
            path="/nothing",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(
                    upstream="api",
                    headers=(
                        ("authorization", "{{ headers.authorization }}"),
                        ("cookie", "{{ headers.cookie }}"),
                    ),
                    at=38,
                ),
            ),
            name="ANY /nothing",
            at=34,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=8),),
    settings=(Setting(name="upstream_key", env=("UPSTREAM_KEY",), secret=True, at=5),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
