"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import (
    BearerAuth,
    Endpoint,
    Gateway,
    HeaderRules,
    Jwt,
    Setting,
    Timeout,
    Upstream,
)
from hxroute.nodes import Authenticate, Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:67da1c80626155fb1f2b2b175e073a819e73d600a1834870a7a6fa1d1b9161a3"

PEOPLE_AUTH = BearerAuth(
    name="people",
    jwt=Jwt(
        issuer="https://acme.cloudflareaccess.com",
        audience=("gateway",),
        jwks="https://acme.cloudflareaccess.com/cdn-cgi/access/certs",
        upstream="jwks of people",
        at=12,
    ),
    header="cf-access-jwt-assertion",
    at=9,
)

SAFE_HEADERS = HeaderRules(
    name="safe",
    drop=("authorization", "cookie", "x-api-key", "cf-access-jwt-assertion"),
    at=16,
)

CLIENTS_AUTH = BearerAuth(
    name="clients",
    keys=("{{ settings.client_key }}",),
    header="x-api-key",
    at=8,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/staff",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=PEOPLE_AUTH, at=19),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=19),
            ),
            name="ANY /staff",
            at=19,
        ),
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=17),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=20),
            ),
            name="ANY /{rest:path}",
            at=20,
        ),
    ),
    upstreams=(
        Upstream(name="api", url="https://api.internal", at=6),
        Upstream(
            name="jwks of people",
            url="https://acme.cloudflareaccess.com/cdn-cgi/access/certs",
            timeout=Timeout(connect=5.0, read=5.0, total=10.0),
            at=12,
        ),
    ),
    settings=(Setting(name="client_key", env=("CLIENT_KEY",), secret=True, at=4),),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
