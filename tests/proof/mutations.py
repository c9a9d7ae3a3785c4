"""Single faults in the HX gateway's routes.yaml, each shown by a recorded exchange.

A mutation is a text that stands in the file once, and what takes its place. It must
compile, and `prove` must find it: by the case named here, in the environment that the
case was recorded in, through the facts named here. `blamed` is the beginning of the line
of the mutated file that is to be named (without its indent).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.processes import ROOT

__all__ = ["MUTATIONS", "ORIGINAL", "Mutation"]

ORIGINAL = (ROOT / "routes.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault, the case that shows it, and why it does."""

    name: str
    old: str
    new: str
    case: str
    facts: tuple[str, ...]
    blamed: str
    why: str
    environment: str = "default"

    @property
    def text(self) -> str:
        """The mutated file."""
        return ORIGINAL.replace(self.old, self.new)


BODY = ("client.body", "client.headers.content-length")
SHORT_ANSWER = ("client.status", *BODY)
REST = "  - path: /v1/{rest:path}\n    upstream: litellm\n"
RULE = """\
    upstream_status:
      - match: 5xx
        unless: json_error
        json: {error: upstream_error, detail: "The upstream answered with status {{ error.status }}."}
"""

MUTATIONS = (
    # request headers
    Mutation(
        "cookie forwarded",
        "    drop:\n      - authorization\n      - cookie\n",
        "    forward: [cookie]\n    drop:\n      - authorization\n",
        "hdr-sensitive",
        ("upstream.headers.cookie",),
        "forward: [cookie]",
        "the client sends a cookie, which must stay here",
    ),
    Mutation(
        "forwarded-for kept",
        "      - x-forwarded-for\n",
        "",
        "hdr-sensitive",
        ("upstream.headers.x-forwarded-for",),
        "drop:",
        "the client says where it comes from, which nobody may believe",
    ),
    Mutation(
        "traceparent dropped",
        "      - www-authenticate\n",
        "      - www-authenticate\n      - traceparent\n",
        "hdr-tracing",
        ("upstream.headers.traceparent",),
        "- traceparent",
        "tracing fields pass",
    ),
    Mutation(
        "credential forwarded by default",
        "forward_auth: {env: HX_FORWARD_AUTH, type: boolean, default: false}",
        "forward_auth: {env: HX_FORWARD_AUTH, type: boolean, default: true}",
        "models-ok",
        ("upstream.headers.authorization",),
        "authorization: >-",
        "the client's key does not reach the upstream unless that is asked for",
    ),
    Mutation(
        "credential first, upstream key second",
        """\
        {{ 'Bearer ' ~ settings.upstream_key if settings.upstream_key
        else headers.authorization if settings.forward_auth
        else none }}
""",
        """\
        {{ headers.authorization if settings.forward_auth
        else 'Bearer ' ~ settings.upstream_key if settings.upstream_key
        else none }}
""",
        "forward-and-upstream-key",
        ("upstream.headers.authorization",),
        "authorization: >-",
        "where both are set, the upstream's key goes on",
        "forward_and_key",
    ),
    Mutation(
        "client address untrusted",
        "client.host if settings.trust_proxy_ip else none",
        "client.host if not settings.trust_proxy_ip else none",
        "trusted-ip",
        ("upstream.headers.x-hx-client-ip",),
        "x-hx-client-ip:",
        "the address is stated just where the setting says so",
        "trusted",
    ),
    # response headers
    Mutation(
        "nosniff missing",
        "      x-content-type-options: nosniff\n",
        "",
        "models-ok",
        ("client.headers.x-content-type-options",),
        "set:",
        "every answer of the upstream gets the security fields",
    ),
    Mutation(
        "frame options changed",
        "x-frame-options: DENY",
        "x-frame-options: SAMEORIGIN",
        "models-ok",
        ("client.headers.x-frame-options",),
        "x-frame-options:",
        "every answer of the upstream gets the security fields",
    ),
    Mutation(
        "location dropped",
        "drop: [server, date]",
        "drop: [server, date, location]",
        "up-301",
        ("client.headers.location",),
        "drop: [server, date, location]",
        "a redirect's location passes",
    ),
    Mutation(
        "response rules missing",
        "  response: {headers: to_client}\n",
        "",
        "models-ok",
        ("client.headers.x-frame-options",),
        "upstream: litellm",
        "every answer of the upstream gets the security fields",
    ),
    # the gateway's own answers
    Mutation(
        "not found reworded",
        "not_found: {json: {detail: Not Found}}",
        "not_found: {json: {detail: Nothing here}}",
        "path-root",
        BODY,
        "not_found:",
        "no endpoint has the path",
    ),
    Mutation(
        "unauthorized is 403",
        "unauthorized: {headers",
        "unauthorized: {status: 403, headers",
        "auth-missing",
        ("client.status",),
        "unauthorized:",
        "the request shows no key",
    ),
    Mutation(
        "challenge missing",
        "headers: {www-authenticate: Bearer}, json: {error: Unauthorized}",
        "json: {error: Unauthorized}",
        "auth-missing",
        ("client.headers.www-authenticate",),
        "unauthorized:",
        "a 401 says which scheme is wanted",
    ),
    Mutation(
        "unauthorized is text",
        "json: {error: Unauthorized}",
        "text: Unauthorized",
        "auth-suffix",
        (*BODY, "client.headers.content-type"),
        "unauthorized:",
        "the request shows another key",
    ),
    Mutation(
        "size of the limit missing",
        'payload_too_large: {json: {error: Payload too large, max_size: "{{ error.max_size }}"}}',
        "payload_too_large: {json: {error: Payload too large}}",
        "small-over",
        BODY,
        "payload_too_large:",
        "the body is one byte too long",
        "small",
    ),
    Mutation(
        "bad path is 404",
        "bad_path: {json",
        "bad_path: {status: 404, json",
        "enc-encoded-dotdot",
        ("client.status",),
        "bad_path:",
        "the path holds dot segments",
    ),
    Mutation(
        "detail of bad JSON missing",
        'invalid_json: {json: {error: Invalid JSON in request body, detail: "{{ error.detail }}"}}',
        "invalid_json: {json: {error: Invalid JSON in request body}}",
        "emb-invalid-json-eof",
        BODY,
        "invalid_json:",
        "the body is cut short",
    ),
    Mutation(
        "no object reworded",
        "Request body must be a JSON object",
        "Request body must be an object",
        "emb-list",
        BODY,
        "not_an_object:",
        "the body is a list",
    ),
    Mutation(
        "unreachable reworded",
        "detail: All connection attempts failed",
        "detail: No connection",
        "down-get",
        BODY,
        "connect_failed:",
        "the upstream does not listen",
        "down",
    ),
    Mutation(
        "disconnected unnamed",
        """\
    disconnected:
      json: {error: upstream_unreachable, detail: Server disconnected without sending a response.}
""",
        "",
        "fault-close-before-response",
        BODY,
        "hx:",
        "the upstream closes the connection without an answer",
    ),
    Mutation(
        "bad response is 500",
        "    bad_response:\n",
        "    bad_response:\n      status: 500\n",
        "fault-garbage",
        ("client.status",),
        "status: 500",
        "the upstream's answer is no HTTP",
    ),
    # answers of the upstream that are replaced
    Mutation(
        "statuses not replaced",
        RULE,
        "",
        "up-500-text",
        (*BODY, "client.headers.content-type"),
        "hx:",
        "the upstream's 500 is a text",
    ),
    Mutation(
        "JSON errors replaced",
        "        unless: json_error\n",
        "",
        "up-501-json",
        BODY,
        "- match: 5xx",
        "the upstream's 501 is a JSON error already",
    ),
    Mutation(
        "only 503 replaced",
        "match: 5xx",
        "match: 503",
        "up-502-html",
        (*BODY, "client.headers.content-type"),
        "upstream_status:",
        "the upstream's 502 is a page",
    ),
    Mutation(
        "replacement is 502",
        "        unless: json_error\n",
        "        unless: json_error\n        status: 502\n",
        "up-503-empty",
        ("client.status",),
        "status: 502",
        "a replaced answer keeps its status",
    ),
    # bodies
    Mutation(
        "rename missing",
        "    request: {json: {rename: {prompt: input}}}\n",
        "",
        "emb-prompt",
        ("upstream.body",),
        "- path: /v1/embeddings",
        "the body has `prompt`, and the upstream wants `input`",
    ),
    Mutation(
        "renamed to another key",
        "rename: {prompt: input}",
        "rename: {prompt: text}",
        "emb-prompt-list",
        ("upstream.body",),
        "request: {json: {rename: {prompt: text}}}",
        "the body has `prompt`, and the upstream wants `input`",
    ),
    Mutation(
        "limit doubled",
        "type: size, default: 1MiB",
        "type: size, default: 2MiB",
        "size-over-limit",
        ("client.status", "upstream.requests"),
        "request: {headers: to_litellm, max_body:",
        "the body is one byte too long",
    ),
    Mutation(
        "limit halved",
        "type: size, default: 1MiB",
        "type: size, default: 512KiB",
        "size-over-limit",
        BODY[:1],
        "request: {headers: to_litellm, max_body:",
        "the answer states the limit",
    ),
    Mutation(
        "limit fixed",
        'max_body: "{{ settings.max_body_size }}"',
        "max_body: 1MiB",
        "small-over",
        ("client.status", "upstream.requests"),
        "request: {headers: to_litellm, max_body: 1MiB}",
        "the environment sets another limit",
        "small",
    ),
    # keys
    Mutation(
        "endpoint open",
        "  - path: /v1/{rest:path}\n",
        "  - path: /v1/{rest:path}\n    auth: none\n",
        "auth-missing",
        ("client.status", "upstream.requests"),
        "auth: none",
        "the request shows no key",
    ),
    Mutation(
        "health wants a key",
        "    auth: none\n",
        "",
        "path-healthz",
        SHORT_ANSWER,
        "auth: master",
        "the request shows no key, and needs none",
    ),
    Mutation(
        "variables of the key swapped",
        "env: [HX_MASTER_KEY, MASTER_KEY]",
        "env: [MASTER_KEY, HX_MASTER_KEY]",
        "keyed-good",
        ("client.status", "upstream.requests"),
        "master: {bearer:",
        "both are set, and the first counts",
        "keyed",
    ),
    # endpoints
    Mutation(
        "health reworded",
        "HX wrapper – proxy mode",
        "HX wrapper",
        "path-healthz",
        BODY,
        "respond:",
        "the endpoint's own answer",
    ),
    Mutation(
        "health is 201",
        "respond: {json: {ok",
        "respond: {status: 201, json: {ok",
        "down-healthz",
        ("client.status",),
        "respond:",
        "the endpoint's own answer, whether or not the upstream listens",
        "down",
    ),
    Mutation(
        "health by GET only",
        "  - path: /healthz\n",
        "  - path: /healthz\n    methods: [GET]\n",
        "path-healthz-post",
        SHORT_ANSWER,
        "methods: [GET]",
        "any method will do",
    ),
    Mutation(
        "health elsewhere",
        "  - path: /healthz\n",
        "  - path: /health\n",
        "path-healthz",
        SHORT_ANSWER,
        "- path: /health",
        "nothing else is here",
    ),
    Mutation(
        "embeddings by PUT",
        "methods: [POST]",
        "methods: [PUT]",
        "emb-prompt",
        ("upstream.body",),
        "methods: [PUT]",
        "what only the other endpoint takes is not renamed",
    ),
    Mutation(
        "embeddings elsewhere",
        "  - path: /v1/embeddings\n",
        "  - path: /v1/embedding\n",
        "emb-prompt",
        ("upstream.body",),
        "- path: /v1/{rest:path}",
        "the other endpoint takes it, and renames nothing",
    ),
    Mutation(
        "rest restricted",
        "/v1/{rest:path}",
        "/v1/models/{rest:path}",
        "chat-ok",
        ("client.status", "upstream.requests"),
        "- path: /v1/models/{rest:path}",
        "another path below /v1/",
    ),
    Mutation(
        "query lost",
        REST,
        "  - path: /v1/{rest:path}\n    upstream: {name: litellm, query: {}}\n",
        "query-simple",
        ("upstream.target",),
        "upstream: {name: litellm, query: {}}",
        "the query goes on",
    ),
    Mutation(
        "path rewritten",
        REST,
        "  - path: /v1/{rest:path}\n"
        '    upstream: {name: litellm, path: "/{{ path.rest }}"}\n',
        "models-ok",
        ("upstream.target",),
        "upstream: {name: litellm, path:",
        "the path goes on as it came",
    ),
    Mutation(
        "method rewritten",
        REST,
        "  - path: /v1/{rest:path}\n    upstream: {name: litellm, method: POST}\n",
        "models-ok",
        ("upstream.method",),
        "upstream: {name: litellm, method: POST}",
        "the method goes on as it came",
    ),
    Mutation(
        "paths strict",
        "paths: as_sent",
        "paths: strict",
        "enc-encoded-slash",
        ("client.status", "upstream.requests"),
        "paths: strict",
        "names of models hold encoded slashes",
    ),
    # limits
    Mutation(
        "patience lost",
        "read: 30s",
        "read: 1s",
        "fault-read-timeout",
        BODY[:1],
        "timeout: {connect: 30s, read: 1s",
        "the upstream sends nothing for 33 s, and the answer states the limit",
    ),
    Mutation(
        "targets short",
        "server: {host: 127.0.0.1, port: 4010}\n",
        "server: {host: 127.0.0.1, port: 4010}\nlimits: {max_target: 256B}\n",
        "enc-long",
        ("client.status", "upstream.requests"),
        "limits: {max_target: 256B}",
        "the path is longer",
    ),
)
