"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway
from hxroute.nodes import LimitBody, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:9e9c86dc1cab84192d41d77c448e9f128140ec22e3432b927ec0006a35c9a169"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/healthz",
            pipeline=(
                Observe(),
                MapErrors(),
                Respond(json='{"ok":true,"parts":[1,2.5,null,"grün"]}', at=8),
            ),
            methods=("GET",),
            name="GET /healthz",
            at=5,
        ),
        Endpoint(
            path="/hello/{name}",
            pipeline=(
                Observe(),
                MapErrors(),
                Respond(
                    status=203,
                    headers=(("cache-control", "no-store"),),
                    json='{"name":"{{ path.name }}","tags":["{{ query.tag }}","for {{ client.host }}"],"agent":"{{ headers[\'user-agent\'] | default(\'none\', true) }}"}',
                    at=13,
                ),
            ),
            name="ANY /hello/{name}",
            at=10,
        ),
        Endpoint(
            path="/echo",
            pipeline=(
                Observe(),
                MapErrors(),
                LimitBody(max_body="64KiB", at=23),
                Respond(text="You said {{ body.text }}.", at=24),
            ),
            methods=("POST",),
            name="POST /echo",
            at=20,
        ),
        Endpoint(
            path="/empty",
            pipeline=(Observe(), MapErrors(), Respond(status=204, at=28)),
            name="ANY /empty",
            at=26,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
