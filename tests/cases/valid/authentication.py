"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import BearerAuth, Endpoint, Gateway, HeaderRules, Setting, Upstream
from hxroute.nodes import Authenticate, Execute, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:d1a37554bcfea944148dcef2e0ca7d1c7b42def15a0dbb6fd91e99090f1000f8"

ADMINS_AUTH = BearerAuth(name="admins", keys=("{{ settings.admin_key }}",), at=13)

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=16)

USERS_AUTH = BearerAuth(
    name="users",
    keys=("{{ settings.user_key }}", "{{ settings.admin_key }}"),
    at=12,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/open",
            pipeline=(Observe(), MapErrors(), Respond(text="open", at=23)),
            name="ANY /open",
            at=21,
        ),
        Endpoint(
            path="/admin/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=ADMINS_AUTH, at=26),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=27),
            ),
            name="ANY /admin/{rest:path}",
            at=25,
        ),
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=USERS_AUTH, at=18),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=30),
            ),
            name="ANY /{rest:path}",
            at=29,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=9),),
    settings=(
        Setting(name="user_key", env=("USER_KEY",), secret=True, at=5),
        Setting(name="admin_key", env=("ADMIN_KEY",), secret=True, at=6),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
