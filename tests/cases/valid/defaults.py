"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import (
    BearerAuth,
    Endpoint,
    ErrorAnswer,
    ErrorTable,
    Gateway,
    HeaderRules,
    Setting,
    Upstream,
)
from hxroute.nodes import (
    Authenticate,
    Execute,
    LimitBody,
    MapErrors,
    Observe,
    RenameJson,
    Respond,
)
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:89acd062f6b0fc2d8336dd68610486b3ef05641e9b0cea377a1cbfe7f1b775eb"

PLAIN_ERRORS = ErrorTable(
    name="plain",
    answers=(
        ErrorAnswer(kind="not_found", text="nothing here", at=21),
        ErrorAnswer(kind="other", text="{{ error.kind }}", at=21),
    ),
    at=21,
)

USERS_AUTH = BearerAuth(name="users", keys=("{{ settings.key }}",), at=12)

TO_API_HEADERS = HeaderRules(name="to_api", drop=("authorization", "cookie"), at=15)

TO_CLIENT_HEADERS = HeaderRules(name="to_client", drop=("server",), at=18)

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

TO_OTHER_HEADERS = HeaderRules(
    name="to_other",
    drop=("authorization", "cookie", "referer"),
    at=16,
)

OWN_HEADERS = HeaderRules(name="own", keep=("accept",), at=17)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/all-defaults",
            pipeline=(
                Observe(access_log=False, at=26),
                MapErrors(table=PLAIN_ERRORS),
                Authenticate(auth=USERS_AUTH, at=24),
                LimitBody(max_body="1MiB", at=27),
                RenameJson(rename=(("prompt", "input"),), at=27),
                Execute(
                    upstream="api",
                    request_headers=(TO_API_HEADERS,),
                    response_headers=(TO_CLIENT_HEADERS,),
                    errors=PLAIN_ERRORS,
                    at=32,
                ),
            ),
            name="ANY /all-defaults",
            at=31,
        ),
        Endpoint(
            path="/overridden",
            pipeline=(
                Observe(at=36),
                MapErrors(table=OPENAI_ERRORS),
                Authenticate(auth=USERS_AUTH, at=24),
                LimitBody(max_body="2MiB", at=37),
                RenameJson(rename=(("q", "query"),), at=37),
                Execute(
                    upstream="api",
                    request_headers=(TO_OTHER_HEADERS,),
                    response_headers=(TO_CLIENT_HEADERS,),
                    errors=OPENAI_ERRORS,
                    at=38,
                ),
            ),
            name="ANY /overridden",
            at=34,
        ),
        Endpoint(
            path="/half-overridden",
            pipeline=(
                Observe(access_log=False, at=26),
                MapErrors(table=PLAIN_ERRORS),
                Authenticate(auth=USERS_AUTH, at=24),
                LimitBody(max_body="1MiB", at=27),
                RenameJson(rename=(("prompt", "input"),), at=27),
                Execute(
                    upstream="api",
                    request_headers=(TO_OTHER_HEADERS,),
                    response_headers=(TO_CLIENT_HEADERS,),
                    errors=PLAIN_ERRORS,
                    at=42,
                ),
            ),
            name="ANY /half-overridden",
            at=40,
        ),
        Endpoint(
            path="/removed",
            pipeline=(
                MapErrors(),
                Execute(upstream="api", request_headers=(OWN_HEADERS,), at=50),
            ),
            name="ANY /removed",
            at=44,
        ),
        Endpoint(
            path="/respond",
            pipeline=(
                Observe(access_log=False, at=26),
                MapErrors(table=PLAIN_ERRORS),
                Authenticate(auth=USERS_AUTH, at=24),
                Respond(text="no request defaults here", at=53),
            ),
            name="ANY /respond",
            at=52,
        ),
    ),
    upstreams=(Upstream(name="api", url="https://api.internal", at=9),),
    settings=(Setting(name="key", env=("KEY",), secret=True, at=6),),
    unmatched=(Observe(access_log=False, at=26), MapErrors(table=PLAIN_ERRORS)),
)

app: Starlette = application(gateway, format=FORMAT)
