"""Routes files of any size, with the mix of endpoints that a gateway has."""

from __future__ import annotations

__all__ = ["routes"]

_HEAD = """\
version: 1

settings:
  upstream_url: {env: UPSTREAM_URL, default: "http://127.0.0.1:4000"}
  client_key: {env: CLIENT_KEY, secret: true}
  upstream_key: {env: UPSTREAM_KEY, optional: true, secret: true}

upstreams:
  api: {url: "{{ settings.upstream_url }}", timeout: {connect: 5s, read: 60s}}

auth:
  clients: {bearer: ["{{ settings.client_key }}"]}

headers:
  to_api:
    drop: [authorization, cookie, x-forwarded-for]
    set:
      authorization: "{{ 'Bearer ' ~ settings.upstream_key if settings.upstream_key else none }}"

defaults: {auth: clients, errors: openai, request: {headers: to_api, max_body: 1MiB}}

endpoints:
"""
_KINDS = (
    """\
  - path: /v1/lists%d
    methods: [GET]
    upstream: api
""",
    """\
  - path: /v1/things%d/{id}
    methods: [GET, POST]
    request: {json: {rename: {prompt: input}}}
    upstream: api
""",
    """\
  - path: /v1/calls%d/{id}
    methods: [POST]
    upstream:
      name: api
      path: "/v2/items/{{ path.id }}"
      query: {trace: "{{ query.trace }}"}
      body: {model: small, text: "{{ body.text }}"}
""",
    """\
  - path: /static/%d
    auth: none
    respond: {json: {ok: true}}
""",
)
_REST = """\
  - path: /v1/{rest:path}
    upstream: api
"""


def routes(endpoints: int) -> str:
    """Return a routes file with that many endpoints."""
    made = (_KINDS[n % len(_KINDS)] % n for n in range(endpoints - 1))
    return _HEAD + "\n".join([*made, _REST])
