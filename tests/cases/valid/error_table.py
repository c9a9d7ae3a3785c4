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
    Setting,
    StatusRule,
    Upstream,
)
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:3dbe59dcc8fa52e77fcf0fee015874261405bba84ffd21cbdaaca8969c35e011"

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
    ),
    upstream_status=(
        StatusRule(
            match=("429", "503"),
            headers=(("retry-after", "1"),),
            json='{"error":"busy"}',
            at=17,
        ),
        StatusRule(
            match=("5xx",),
            unless="json_error",
            status=502,
            text="The upstream answered {{ error.status }}.",
            at=20,
        ),
    ),
    at=11,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(table=HOUSE_ERRORS),
                Execute(upstream="api", errors=HOUSE_ERRORS, at=29),
            ),
            name="ANY /{rest:path}",
            at=28,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=8),),
    settings=(
        Setting(name="contact", env=("CONTACT",), default="ops@example.org", at=5),
    ),
    unmatched=(Observe(), MapErrors(table=HOUSE_ERRORS)),
)

app: Starlette = application(gateway, format=FORMAT)
