"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import BearerAuth, Endpoint, Gateway, HeaderRules, Setting, Upstream
from hxroute.nodes import Authenticate, Execute, LimitBody, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:45f98252ed32c6266f773f9213042c054edcf65a7e940b4233aea5a0a51a6e52"

CLIENTS_AUTH = BearerAuth(name="clients", keys=("{{ settings.key }}",), at=17)

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=20)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/v1/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=26),
                LimitBody(max_body="{{ settings.limit }}", at=27),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=28),
            ),
            name="ANY /v1/{rest:path}",
            at=25,
        ),
        Endpoint(
            path="/about",
            pipeline=(
                Observe(),
                MapErrors(),
                Respond(
                    json='{"region":"{{ settings.region }}","verbose":"{{ settings.verbose }}","wait":"{{ settings.tries - settings.grace }}"}',
                    at=33,
                ),
            ),
            name="ANY /about",
            at=30,
        ),
    ),
    upstreams=(Upstream(name="api", url="{{ settings.url }}/v2", at=14),),
    settings=(
        Setting(
            name="url",
            env=("GATEWAY_UPSTREAM", "UPSTREAM"),
            default="http://127.0.0.1:4000",
            at=5,
        ),
        Setting(name="key", file="/run/secrets/key", secret=True, at=6),
        Setting(name="region", env=("REGION",), optional=True, at=7),
        Setting(name="verbose", env=("VERBOSE",), type="boolean", default=False, at=8),
        Setting(name="tries", env=("TRIES",), type="integer", default=3, at=9),
        Setting(name="limit", env=("LIMIT",), type="size", default="1MiB", at=10),
        Setting(name="grace", env=("GRACE",), type="duration", default="250ms", at=11),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
