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
    Limit,
    Setting,
    Store,
    Upstream,
)
from hxroute.nodes import Authenticate, Execute, MapErrors, Observe, RateLimit, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:79395542084a3d844e4e97c3b906a6124d610a84f5725dd23249f0a95f9962df"

PLAIN_STORE = Store(name="plain", url="redis://127.0.0.1:6379/1", at=9)

TO_API_HEADERS = HeaderRules(name="to_api", drop=("authorization", "cookie"), at=13)

CLIENTS_AUTH = BearerAuth(name="clients", keys=("{{ settings.client_key }}",), at=11)

SHARED_STORE = Store(
    name="shared",
    url="{{ settings.valkey_url }}",
    timeout=0.02,
    prefix="staging",
    at=8,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/health",
            pipeline=(Observe(), MapErrors(), Respond(text="ok", at=22)),
            name="ANY /health",
            at=19,
        ),
        Endpoint(
            path="/login",
            pipeline=(
                Observe(),
                MapErrors(),
                RateLimit(
                    limits=(
                        Limit(
                            name="client",
                            requests=5,
                            per=60.0,
                            by="client",
                            endpoint="ANY /login",
                            store=PLAIN_STORE,
                            at=25,
                        ),
                    ),
                    at=25,
                ),
                Execute(upstream="api", request_headers=(TO_API_HEADERS,), at=26),
            ),
            name="ANY /login",
            at=23,
        ),
        Endpoint(
            path="/v1/{tenant}/chat",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=15),
                RateLimit(
                    limits=(
                        Limit(
                            name="template",
                            requests=10,
                            per=1.0,
                            by="{{ path.tenant }}",
                            endpoint="ANY /v1/{tenant}/chat",
                            fields=False,
                            at=29,
                        ),
                        Limit(
                            name="template_2",
                            requests=3,
                            per=0.5,
                            by="{{ headers['x-user'] }}",
                            endpoint="ANY /v1/{tenant}/chat",
                            at=30,
                        ),
                        Limit(
                            name="daily",
                            requests=5000,
                            per=86400.0,
                            by="key",
                            store=SHARED_STORE,
                            when_store_down="closed",
                            at=31,
                        ),
                    ),
                    at=29,
                ),
                Execute(upstream="api", request_headers=(TO_API_HEADERS,), at=37),
            ),
            name="ANY /v1/{tenant}/chat",
            at=27,
        ),
        Endpoint(
            path="/v1/{tenant}/embeddings",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=15),
                RateLimit(
                    limits=(
                        Limit(
                            name="daily",
                            requests=5000,
                            per=86400.0,
                            by="key",
                            store=SHARED_STORE,
                            when_store_down="closed",
                            at=40,
                        ),
                    ),
                    at=40,
                ),
                Execute(upstream="api", request_headers=(TO_API_HEADERS,), at=46),
            ),
            name="ANY /v1/{tenant}/embeddings",
            at=38,
        ),
        Endpoint(
            path="/v1/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=15),
                RateLimit(
                    limits=(
                        Limit(
                            name="key",
                            requests=100,
                            per=60.0,
                            by="key",
                            burst=20,
                            endpoint="ANY /v1/{rest:path}",
                            at=17,
                        ),
                    ),
                    at=17,
                ),
                Execute(upstream="api", request_headers=(TO_API_HEADERS,), at=48),
            ),
            name="ANY /v1/{rest:path}",
            at=47,
        ),
    ),
    upstreams=(Upstream(name="api", url="http://127.0.0.1:4000", at=6),),
    settings=(
        Setting(name="client_key", env=("CLIENT_KEY",), secret=True, at=3),
        Setting(name="valkey_url", env=("VALKEY_URL",), secret=True, at=4),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
