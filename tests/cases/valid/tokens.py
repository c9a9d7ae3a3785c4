"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import BearerAuth, Endpoint, Gateway, Jwt, Key, Setting, Timeout, Upstream
from hxroute.nodes import Authenticate, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:49b005bdcdf1f76949adac6c6a1f77a27ff08b025f4187043a05bb7cb1852684"

CLIENTS_AUTH = BearerAuth(
    name="clients",
    keys=(Key(name="ops", key="{{ settings.ops }}", at=7),),
    jwt=Jwt(
        issuer="{{ settings.issuer }}",
        audience=("gateway", "https://api.example.com"),
        jwks="{{ settings.issuer }}.well-known/jwks.json",
        upstream="jwks of clients",
        algorithms=("RS256", "ES256"),
        leeway=10.0,
        claims=(("tenant", "acme"), ("email_verified", True)),
        key="client_id",
        at=9,
    ),
    at=6,
)

MACHINES_AUTH = BearerAuth(
    name="machines",
    jwt=Jwt(
        issuer="https://machines",
        audience=("gateway",),
        jwks_file="/etc/hxroute/jwks.json",
        at=17,
    ),
    at=16,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/whoami",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=19),
                Respond(text="a known client", at=19),
            ),
            name="ANY /whoami",
            at=19,
        ),
        Endpoint(
            path="/machines",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=MACHINES_AUTH, at=20),
                Respond(text="a known machine", at=20),
            ),
            name="ANY /machines",
            at=20,
        ),
    ),
    upstreams=(
        Upstream(
            name="jwks of clients",
            url="{{ settings.issuer }}.well-known/jwks.json",
            timeout=Timeout(connect=5.0, read=5.0, total=10.0),
            at=9,
        ),
    ),
    settings=(
        Setting(
            name="issuer",
            env=("ISSUER",),
            default="https://login.example.com/",
            at=3,
        ),
        Setting(name="ops", env=("OPS_KEY",), secret=True, at=4),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
