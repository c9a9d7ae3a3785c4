"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import BearerAuth, Endpoint, Gateway, Setting, Timeout, Upstream
from hxroute.nodes import Authenticate, Execute, LimitBody, MapErrors, Observe
from hxroute.runtime import application

FORMAT = 1
SOURCE = "sha256:faa974d94426b22fdef85d11eaa7aa0dc53cc56b9c12c5e578ae64e3017fb462"

CLIENTS_AUTH = BearerAuth(name="clients", keys=("sk-a-public-example",), at=13)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/v1/summaries/{language}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=18),
                LimitBody(max_body="256KiB", at=19),
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
                    at=21,
                ),
            ),
            methods=("POST",),
            name="POST /v1/summaries/{language}",
            at=16,
        ),
        Endpoint(
            path="/v1/models/{owner}/{model}",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=40),
                Execute(
                    upstream="openai",
                    method="{{ 'HEAD' if query.only == 'head' else 'GET' }}",
                    path="/catalogue/{{ path.owner }}/{{ path.model }}/{{ headers['x-part'] }}",
                    query=(),
                    at=42,
                ),
            ),
            methods=("GET",),
            name="GET /v1/models/{owner}/{model}",
            at=38,
        ),
    ),
    upstreams=(Upstream(name="openai", url="https://api.example.com/base", at=10),),
    settings=(
        Setting(name="api_key", env=("API_KEY",), secret=True, at=6),
        Setting(name="model", env=("MODEL",), default="small", at=7),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
