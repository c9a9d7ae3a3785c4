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
    Setting,
    Timeout,
    Upstream,
)
from hxroute.nodes import Authenticate, Execute, LimitBody, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:95aaa303698bf6f9876367a2bb590a93976b6ad90288e1f560e97a6712485cfd"

CLIENTS_AUTH = BearerAuth(name="clients", keys=("{{ settings.client_key }}",), at=14)

SAFE_HEADERS = HeaderRules(name="safe", drop=("authorization", "cookie"), at=17)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/v1/summaries/{language}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=19),
                LimitBody(max_body="256KiB", at=24),
                Execute(
                    upstream="openai",
                    method="POST",
                    path="/v1/chat/completions",
                    query=(
                        ("api-version", "2024-10-21"),
                        ("trace", "{{ query.trace }}"),
                        ("stream", "false"),
                    ),
                    headers=(
                        ("authorization", "Bearer {{ settings.api_key }}"),
                        ("x-language", "{{ path.language | lower }}"),
                    ),
                    body='{"model":"{{ settings.model }}","max_tokens":"{{ body.length | default(200) }}","temperature":0.2,"messages":[{"role":"system","content":"Summarise in {{ path.language }}."},{"role":"user","content":"{{ body.text }}"}]}',
                    timeout=Timeout(read=120.0),
                    request_headers=(SAFE_HEADERS,),
                    at=26,
                ),
            ),
            methods=("POST",),
            name="POST /v1/summaries/{language}",
            at=22,
        ),
        Endpoint(
            path="/v1/models/{owner}/{model}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=19),
                Execute(
                    upstream="openai",
                    method="{{ 'HEAD' if query.only == 'head' else 'GET' }}",
                    path="/catalogue/{{ path.owner }}/{{ path.model }}/{{ headers['x-part'] }}",
                    query=(),
                    request_headers=(SAFE_HEADERS,),
                    at=46,
                ),
            ),
            methods=("GET",),
            name="GET /v1/models/{owner}/{model}",
            at=43,
        ),
    ),
    upstreams=(Upstream(name="openai", url="https://api.example.com/base", at=11),),
    settings=(
        Setting(name="client_key", env=("CLIENT_KEY",), secret=True, at=6),
        Setting(name="api_key", env=("API_KEY",), secret=True, at=7),
        Setting(name="model", env=("MODEL",), default="small", at=8),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
