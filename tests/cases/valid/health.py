"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, Server
from hxroute.nodes import Health, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:9a4e99d0ce37709b6f2c48599b4bbdf1478434ecd2c6aca23b484763ffedddf7"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/live",
            pipeline=(Observe(), MapErrors(), Health(at=7)),
            name="ANY /live",
            at=6,
        ),
        Endpoint(
            path="/ready",
            pipeline=(
                Observe(access_log=False, at=10),
                MapErrors(),
                Health(kind="ready", at=11),
            ),
            methods=("GET",),
            name="GET /ready",
            at=8,
        ),
    ),
    server=Server(grace=30.0, drain_delay=0.5, at=3),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
