"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, Server
from hxroute.nodes import MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:b3630def75822414d0fb5767e20e2d642e4be871c03e31509c8301315868cff5"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/whoami",
            pipeline=(Observe(), MapErrors(), Respond(text="{{ client.host }}", at=9)),
            name="ANY /whoami",
            at=9,
        ),
    ),
    server=Server(
        host="0.0.0.0",
        port=8080,
        trusted_proxies=("10.0.0.0/8", "::1", "192.0.2.7"),
        client_address="forwarded",
        at=4,
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
