"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import (
    Endpoint,
    ErrorAnswer,
    ErrorTable,
    Gateway,
    HeaderRules,
    Setting,
    StatusRule,
    Upstream,
)
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:c0533392ae7f5ed12fc6cbcce36cd9aee67bd5fd81dcb58989490bf93e380599"

HOUSE_ERRORS = ErrorTable(
    name="house",
    answers=(
        ErrorAnswer(
            kind="bad_request",
            json='{"error":"{{ error.kind }}","why":"{{ error.detail }}"}',
            at=12,
        ),
        ErrorAnswer(
            kind="payload_too_large",
            json='{"error":"too large","limit":"{{ error.max_size }}"}',
            at=13,
        ),
        ErrorAnswer(
            kind="timeout",
            status=503,
            headers=(("retry-after", "5"),),
            text="Try again later.",
            at=14,
        ),
        ErrorAnswer(kind="internal", text="Write to {{ settings.contact }}.", at=15),
        ErrorAnswer(kind="other", text="{{ error.kind }}", at=16),
    ),
    upstream_status=(
        StatusRule(
            match=("429", "503"),
            headers=(("retry-after", "1"),),
            json='{"error":"busy"}',
            at=18,
        ),
        StatusRule(
            match=("5xx",),
            unless="json_error",
            status=502,
            text="The upstream answered {{ error.status }}.",
            at=21,
        ),
    ),
    at=11,
)

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=27)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(table=HOUSE_ERRORS),
                Execute(
                    upstream="api",
                    request_headers=(SAFE_HEADERS,),
                    errors=HOUSE_ERRORS,
                    at=33,
                ),
            ),
            name="ANY /{rest:path}",
            at=32,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=8),),
    settings=(
        Setting(name="contact", env=("CONTACT",), default="ops@example.org", at=5),
    ),
    unmatched=(Observe(), MapErrors(table=HOUSE_ERRORS)),
)

app: Starlette = application(gateway, format=FORMAT)
