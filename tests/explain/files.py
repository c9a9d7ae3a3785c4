"""Routes files to explain, and what their settings are in a test."""

from __future__ import annotations

from hxroute.compiler import Compiled, compile
from hxroute.diagnostics.text import render
from hxroute.explain import Explanation, ask, explain
from tests.processes import ROOT

REPOSITORY = (ROOT / "routes.yaml").read_text(encoding="utf-8")

RICH = r"""
version: 1
settings:
  url: {env: URL}
  one: {env: ONE, secret: true}
  two: {env: TWO, secret: true}
  token: {env: TOKEN, optional: true, secret: true}
  base: {env: BASE, optional: true, secret: true}
  team: {env: TEAM, optional: true}
  forward: {env: FORWARD, type: boolean, default: false}
  limit: {env: LIMIT, type: size, default: 64B}
  pin: {env: PIN, type: integer, secret: true}
upstreams:
  main: {url: "{{ settings.url }}/base/", timeout: {read: 200ms}}
  other:
    url: "{{ settings.url }}/o/{{ settings.base or 'none' }}"
  nobody: {url: "http://127.0.0.1:9", timeout: {connect: 3s}}
  narrow:
    url: "{{ settings.url }}"
    max_connections: 1
    timeout: {pool: 50ms, write: 250ms, read: 5s}
  brief:
    url: "{{ settings.url }}"
    client: httpx2
    timeout: {first_byte: 5s, total: 100ms}
  brief_h1: {url: "{{ settings.url }}", client: h1, timeout: {total: 100ms}}
auth:
  keys: {bearer: ["{{ settings.one }}", "{{ settings.two }}"]}
  bare: {header: X-Access-Key, bearer: ["{{ settings.one }}"]}
headers:
  clean:
    drop:
      - Authorization
      - cookie
      - X-Drop
      - x-access-key
  few:
    keep: [x-keep, X-A, content-type, accept, authorization, x-access-key]
  all_creds: {forward: [authorization, cookie, x-access-key]}
  signed:
    set:
      Authorization: >-
        {{ 'Bearer ' ~ settings.token if settings.token
        else headers.authorization if settings.forward else none }}
      x-team: "{{ settings.team }}"
      x-id: "{{ headers.x_id | default('none') }}"
      x-asked: "{{ query.q }} at {{ headers.host }} by {{ client.host }}"
      x-a: "{{ headers['x-b'] }}"
  last:
    drop: [x-team]
    set: {x-keep: "again", X-Twice: "2"}
  first: {set: {x-twice: "1", x-first: "{{ headers['x-api-key'] }}"}}
  out:
    drop: [server, x-internal, set-cookie]
    set: {x-frame-options: DENY, x-q: "{{ query.q }}", x-none: "{{ query.none }}"}
  out_few:
    keep:
      - content-type
      - x-internal
      - x-q
      - x-kept
errors:
  own:
    unauthorized: {status: 403, headers: {x-why: key}, text: "no: {{ error.detail }}"}
    payload_too_large: {json: {max: "{{ error.max_size }}"}}
    timeout: {status: 503, json: {late: "{{ error.detail }}"}}
    other: {json: {kind: "{{ error.kind }}", detail: "{{ error.detail }}"}}
    upstream_status:
      - {match: 503, status: 502, headers: {X-Q: "own", retry-after: "1"}, json: {s: "{{ error.status }}"}}
      - {match: [404, 5xx], unless: json_error, text: "upstream said {{ error.status }}"}
defaults:
  auth: none
  errors: own
  request: {headers: clean}
  response: {headers: out}
endpoints:
  - {path: "/plain/{rest:path}", upstream: main}
  - {path: /nobody, upstream: nobody}
  - {path: /narrow, upstream: narrow}
  - {path: /brief, upstream: brief}
  - {path: /brief/h1, upstream: brief_h1}
  - {path: "/few/{id}", request: {headers: [few, signed]}, upstream: other}
  - path: "/many/{id}"
    request: {headers: [all_creds, first, signed, last]}
    response: {headers: [out, out_few]}
    upstream: other
  - path: "/keyed/{id}"
    auth: keys
    request: {headers: all_creds}
    response: {headers: [out_few, out]}
    upstream: main
  - path: "/keyed/{id}/signed"
    auth: keys
    errors: none
    request: {headers: [clean, signed], max_body: "{{ settings.limit }}"}
    upstream: other
  - {path: "/bare/{id}", auth: bare, request: {headers: all_creds}, upstream: main}
  - path: "/call/{id}/{name}"
    request: {headers: [all_creds, first], max_body: "{{ settings.limit }}"}
    response: {headers: none}
    upstream:
      name: other
      method: "{{ 'PUT' if body.put is defined else 'POST' }}"
      path: "/made/{{ path.id }}/{{ body.name | default(3) }}/{{ settings.token }}"
      query:
        q: "{{ query.q }}"
        token: "{{ settings.token }}"
        cookie: "{{ headers.cookie }}"
        n: 3
      headers:
        X-Own: "{{ body.name | d }}-{{ settings.token }}"
        x-gone: "{{ query.none }}"
      body:
        team: "{{ settings.team }}"
        token: "{{ settings.token }}"
        nested: ["{{ body }}", "{{ headers.authorization }}", "{{ path.name }}"]
      timeout: {read: 100ms, connect: 2s}
  - path: "/pinned"
    request: {headers: [clean, few]}
    upstream: {name: main, path: /fixed, query: {}, body: {pin: "{{ settings.pin + 1 }}"}}
  - path: "/rename/{id}"
    methods: [POST, PUT]
    request: {max_body: 40, json: {rename: {prompt: input, a: b}}}
    upstream: main
  - path: "/answer/{id}"
    methods: [GET, HEAD, POST]
    respond:
      status: 201
      headers: {x-own: "yes"}
      json: {id: "{{ path.id }}", q: "{{ query.q }}", c: "{{ headers.cookie }}"}
  - {path: /closed, auth: keys, respond: {text: open}}
  - {path: /empty, respond: {status: 204}}
  - {path: /plain, methods: [GET], respond: {text: plain}}
"""

SECRETS = {
    "one": "first-Key+/=%value",
    "two": "second key",
    "token": 't0k/en "x"?&=%2F é',
    "base": "b4se-s~%20cret",
    "pin": "90817263",
}
ENVIRONMENTS = {
    "all": {
        **{name.upper(): value for name, value in SECRETS.items()},
        "TEAM": "red team",
        "FORWARD": "yes",
    },
    "few": {
        "ONE": SECRETS["one"],
        "TWO": SECRETS["two"],
        "PIN": SECRETS["pin"],
        "LIMIT": "20",
    },
}


def compiled(text: str, file: str = "routes.yaml") -> Compiled:
    """Compile a file that has no mistakes."""
    result = compile(text.encode(), file)
    assert result.gateway is not None, render(result.report)
    return result


def explained(
    result: Compiled,
    line: str,
    *fields: str,
    body: bytes = b"",
    environ: dict[str, str] | None = None,
) -> Explanation:
    """Explain a request given as `METHOD PATH`, as the command does."""
    assert result.gateway is not None
    method, _, target = line.partition(" ")
    question = ask(method, target, fields, body, result.gateway.server)
    return explain(result, question, environ or {})
