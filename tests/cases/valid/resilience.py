"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import (
    Balance,
    BearerAuth,
    Endpoint,
    ErrorAnswer,
    ErrorTable,
    Gateway,
    HeaderRules,
    HealthCheck,
    OutlierDetection,
    Retry,
    Setting,
    Target,
    Timeout,
    Upstream,
)
from hxroute.nodes import (
    Authenticate,
    Execute,
    Fallback,
    LimitBody,
    MapErrors,
    Observe,
    Respond,
)
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:b165a3ab8b6abeb29e4a608894c9f3cdc4d1f8c47987e49e62bbe614213d379a"

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

CLIENTS_AUTH = BearerAuth(name="clients", keys=("{{ settings.client_key }}",), at=23)

PLAIN_HEADERS = HeaderRules(name="plain", drop=("authorization", "cookie"), at=26)

TO_BACKUP_HEADERS = HeaderRules(
    name="to_backup",
    drop=("cookie",),
    set=(("authorization", "Bearer {{ settings.backup_key }}"),),
    at=27,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/healthz",
            pipeline=(
                Observe(),
                MapErrors(table=OPENAI_ERRORS),
                Respond(text="ok", at=37),
            ),
            name="ANY /healthz",
            at=35,
        ),
        Endpoint(
            path="/v1/chat/completions",
            pipeline=(
                Observe(),
                MapErrors(table=OPENAI_ERRORS),
                Authenticate(auth=CLIENTS_AUTH, at=30),
                LimitBody(max_body="1MiB", at=32),
                Fallback(
                    calls=(
                        Execute(
                            upstream="turns",
                            request_headers=(PLAIN_HEADERS,),
                            errors=OPENAI_ERRORS,
                            at=43,
                        ),
                        Execute(
                            upstream="backup",
                            path="/v1/chat",
                            timeout=Timeout(read=5.0),
                            request_headers=(TO_BACKUP_HEADERS,),
                            errors=OPENAI_ERRORS,
                            at=44,
                        ),
                    ),
                    when=("unreachable", "5xx", "429"),
                    at=41,
                ),
                Execute(
                    upstream="models",
                    retry=Retry(per_try=20.0, max_retry_after=1.0, at=45),
                    request_headers=(PLAIN_HEADERS,),
                    errors=OPENAI_ERRORS,
                    at=45,
                ),
            ),
            methods=("POST",),
            name="POST /v1/chat/completions",
            at=38,
        ),
        Endpoint(
            path="/v1/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(table=OPENAI_ERRORS),
                Authenticate(auth=CLIENTS_AUTH, at=30),
                LimitBody(max_body="1MiB", at=32),
                Execute(
                    upstream="turns",
                    request_headers=(PLAIN_HEADERS,),
                    errors=OPENAI_ERRORS,
                    at=47,
                ),
            ),
            name="ANY /v1/{rest:path}",
            at=46,
        ),
        Endpoint(
            path="/{rest:path}",
            pipeline=(
                Observe(),
                MapErrors(table=OPENAI_ERRORS),
                Authenticate(auth=CLIENTS_AUTH, at=30),
                LimitBody(max_body="1MiB", at=32),
                Fallback(
                    calls=(
                        Execute(
                            upstream="backup",
                            request_headers=(TO_BACKUP_HEADERS,),
                            errors=OPENAI_ERRORS,
                            at=50,
                        ),
                    ),
                    at=50,
                ),
                Execute(
                    upstream="models",
                    request_headers=(PLAIN_HEADERS,),
                    errors=OPENAI_ERRORS,
                    at=49,
                ),
            ),
            name="ANY /{rest:path}",
            at=48,
        ),
    ),
    upstreams=(
        Upstream(
            name="models",
            url="{{ settings.first }}",
            targets=(
                Target(url="{{ settings.first }}", weight=3, at=11),
                Target(url="http://10.0.0.2:4000/base", at=12),
            ),
            balance=Balance(policy="hash", key="{{ headers['x-user'] }}", at=13),
            health=HealthCheck(
                path="/health/readiness?quick=1",
                interval=10.0,
                statuses=("2xx", "401"),
                at=14,
            ),
            outlier_detection=OutlierDetection(
                consecutive_5xx=3,
                failure_percentage=0.85,
                max_ejected=0.5,
                at=15,
            ),
            retry=Retry(
                attempts=2,
                when=("unreachable", "503"),
                methods=("GET", "POST"),
                backoff=0.1,
                budget=0.1,
                at=16,
            ),
            at=9,
        ),
        Upstream(
            name="turns",
            url="http://10.0.0.1:4000",
            targets=(
                Target(url="http://10.0.0.1:4000", at=18),
                Target(url="http://10.0.0.2:4000", at=18),
            ),
            balance=Balance(policy="least_requests", at=19),
            at=17,
        ),
        Upstream(name="backup", url="https://backup.example", at=20),
    ),
    settings=(
        Setting(name="first", env=("FIRST",), default="http://10.0.0.1:4000", at=4),
        Setting(name="backup_key", env=("BACKUP_KEY",), secret=True, at=5),
        Setting(name="client_key", env=("CLIENT_KEY",), secret=True, at=6),
    ),
    unmatched=(Observe(), MapErrors(table=OPENAI_ERRORS)),
)

app: Starlette = application(gateway, format=FORMAT)
