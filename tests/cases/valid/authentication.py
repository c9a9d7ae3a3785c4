"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import BearerAuth, Endpoint, Gateway, Setting, Upstream
from hxroute.nodes import Authenticate, Execute, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:dcab80f5993e3a252e07c833d308b5dfb7d14c60e245979c0bf96a88ef813ed7"

ADMINS_AUTH = BearerAuth(name="admins", keys=("{{ settings.admin_key }}",), at=13)

USERS_AUTH = BearerAuth(
    name="users",
    keys=("{{ settings.user_key }}", "{{ settings.admin_key }}"),
    at=12,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/open",
            pipeline=(Observe(), MapErrors(), Respond(text="open", at=20)),
            name="ANY /open",
            at=18,
        ),
        Endpoint(
            path="/admin/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=ADMINS_AUTH, at=23),
                Execute(upstream="api", at=24),
            ),
            name="ANY /admin/{rest:path}",
            at=22,
        ),
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=USERS_AUTH, at=15),
                Execute(upstream="api", at=27),
            ),
            name="ANY /{rest:path}",
            at=26,
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
