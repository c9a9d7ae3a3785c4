"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, Server, Upstream
from hxroute.nodes import Execute, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:679a49de1472301a950a83a5105023ede37405abefec8c38848fa504633f4ae6"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/files/{bucket}/{key:path}",
            pipeline=(Observe(), MapErrors(), Execute(upstream="files", at=16)),
            methods=("GET", "HEAD"),
            name="read a file",
            at=13,
        ),
        Endpoint(
            path="/files/{bucket}/{key:path}",
            pipeline=(Observe(), MapErrors(), Execute(upstream="files", at=20)),
            methods=("PUT",),
            name="PUT /files/{bucket}/{key:path}",
            at=18,
        ),
        Endpoint(
            path="/files/",
            pipeline=(Observe(), MapErrors(), Execute(upstream="files", at=23)),
            name="ANY /files/",
            at=22,
        ),
        Endpoint(
            path="/grüße/{who}/%7Euser",
            pipeline=(Observe(), MapErrors(), Respond(text="{{ path.who }}", at=26)),
            name="ANY /grüße/{who}/%7Euser",
            at=25,
        ),
    ),
    upstreams=(Upstream(name="files", url="http://files.internal:8080/root", at=8),),
    server=Server(host="::1", port=0, at=4),
    paths="as_sent",
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
