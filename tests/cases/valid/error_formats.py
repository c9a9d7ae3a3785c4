"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, ErrorAnswer, ErrorTable, Gateway, HeaderRules, Upstream
from hxroute.nodes import Execute, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:a216d8e6bd5e558017f07709d0f61f35cd44ffa8f92b9928046cf67a14432695"

OPENAI_ERRORS = ErrorTable(
    name="openai",
    answers=(
        ErrorAnswer(
            kind="bad_request",
            json='{"error":{"message":"{{ error.detail }}","type":"invalid_request_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="unauthorized",
            headers=(("www-authenticate", "Bearer"),),
            json='{"error":{"message":"{{ error.detail }}","type":"authentication_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="not_found",
            json='{"error":{"message":"{{ error.detail }}","type":"invalid_request_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="method_not_allowed",
            json='{"error":{"message":"{{ error.detail }}","type":"invalid_request_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="payload_too_large",
            json='{"error":{"message":"{{ error.detail }}","type":"invalid_request_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="rate_limited",
            json='{"error":{"message":"{{ error.detail }}","type":"rate_limit_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="internal",
            json='{"error":{"message":"{{ error.detail }}","type":"server_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="unreachable",
            json='{"error":{"message":"{{ error.detail }}","type":"server_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="overloaded",
            json='{"error":{"message":"{{ error.detail }}","type":"server_error","param":null,"code":"{{ error.kind }}"}}',
        ),
        ErrorAnswer(
            kind="timeout",
            json='{"error":{"message":"{{ error.detail }}","type":"server_error","param":null,"code":"{{ error.kind }}"}}',
        ),
    ),
)

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=9)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/v1/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(table=OPENAI_ERRORS),
                Execute(
                    upstream="api",
                    request_headers=(SAFE_HEADERS,),
                    errors=OPENAI_ERRORS,
                    at=15,
                ),
            ),
            name="ANY /v1/{rest:path}",
            at=14,
        ),
        Endpoint(
            path="/problem/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(),
                Execute(upstream="api", request_headers=(SAFE_HEADERS,), at=19),
            ),
            name="ANY /problem/{rest:path}",
            at=17,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=6),),
    unmatched=(Observe(), MapErrors(table=OPENAI_ERRORS)),
)

app: Starlette = application(gateway, format=FORMAT)
