"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway, HeaderRules, Server, Upstream
from hxroute.nodes import Execute, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:8c7adb2cc4ec7350c218e7361aedee99cbd7f4c1904da03bd0fb979abb6d2ff7"

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=11)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/files/{bucket}/{key:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="files", request_headers=(SAFE_HEADERS,), at=19),
            ),
            methods=("GET", "HEAD"),
            name="read a file",
            at=16,
        ),
        Endpoint(
            path="/files/{bucket}/{key:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="files", request_headers=(SAFE_HEADERS,), at=23),
            ),
            methods=("PUT",),
            name="PUT /files/{bucket}/{key:path}",
            at=21,
        ),
        Endpoint(
            path="/files/",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="files", request_headers=(SAFE_HEADERS,), at=26),
            ),
            name="ANY /files/",
            at=25,
        ),
        Endpoint(
            path="/grüße/{who}/%7Euser",
            pipeline=(Observe(), MapErrors(), Respond(text="{{ path.who }}", at=29)),
            name="ANY /grüße/{who}/%7Euser",
            at=28,
        ),
    ),
    upstreams=(Upstream(name="files", url="http://files.internal:8080/root", at=8),),
    server=Server(host="::1", port=0, at=4),
    paths="as_sent",
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
