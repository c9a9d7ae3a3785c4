"""Generated gateways, and routes files with mistakes in them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import get_args

import hypothesis
from hypothesis import HealthCheck
from hypothesis import strategies as st

from hxroute import nodes
from hxroute.ir import (
    BearerAuth,
    Client,
    ClientAddress,
    Endpoint,
    ErrorAnswer,
    ErrorTable,
    Gateway,
    HeaderRules,
    Limits,
    Node,
    Server,
    Setting,
    StatusRule,
    Timeout,
    Upstream,
)
from hxroute.keys import Jwt, Key
from hxroute.limiting import Limit, Store
from hxroute.resilience import (
    Balance,
    CircuitBreaker,
    Concurrency,
    OutlierDetection,
    Policy,
    Retry,
    Target,
)
from hxroute.resilience import (
    HealthCheck as TargetHealth,
)

ROUTES = Path(__file__).parent.parent / "routes.yaml"

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
"""Whether to look for what takes long to find: other examples at each run, and many."""


def examples(count: int) -> hypothesis.settings:
    """Return the settings of a property: so many examples, the same at each run."""
    return hypothesis.settings(
        derandomize=not LONG,
        database=None,
        deadline=None,
        max_examples=count * 20 if LONG else count,
        suppress_health_check=[HealthCheck.large_base_example, HealthCheck.too_slow],
    )


HOSTILE = (
    '"""',
    "'''",
    "\\",
    "\\\\'",
    "'\"",
    "\\N{BULLET}",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b[31m",
    "\u2028",
    "\ufeff",
    "\u202e",
    "\ud800",
    "é",
    "日本",
    "👩\u200d🚀",
    "#",
    "{x!r}",
    "%s",
    "{{ settings.x }}",
    "{% raw %}",
    '")]}',
    "__import__('os')",
)

texts = st.one_of(
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join),
    st.text("abc '\"\\", max_size=100),
)
names = st.one_of(st.sampled_from(["a", "b_2", "app", "gateway", "Not a name"]), texts)
lines = st.integers(0, 10**6)
maybe_text = st.none() | texts
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
text_tuples = st.lists(texts, max_size=4).map(tuple)
statuses = st.none() | st.integers(100, 599)
shares = st.floats(0, 1)
counts = st.integers(0, 10**6)
seconds = st.floats(0, 1e9) | st.integers(0, 100).map(float)
stores = st.builds(
    Store, name=texts, url=texts, timeout=seconds, prefix=texts, at=lines
)
limits = st.builds(
    Limit,
    name=texts,
    requests=st.integers(1, 1000),
    per=seconds,
    by=texts,
    burst=st.none() | st.integers(1, 1000),
    endpoint=texts,
    store=st.none() | stores,
    when_store_down=st.sampled_from(["open", "closed"]),
    fields=st.booleans(),
    at=lines,
)


timeouts = st.builds(
    Timeout,
    connect=seconds,
    read=seconds,
    write=seconds,
    pool=seconds,
    first_byte=st.none() | seconds,
    total=st.none() | seconds,
)
keys = st.builds(
    Key,
    name=names,
    key=maybe_text,
    sha256=maybe_text,
    not_after=maybe_text,
    at=lines,
)
jwts = st.builds(
    Jwt,
    issuer=texts,
    audience=text_tuples,
    jwks=maybe_text,
    jwks_file=maybe_text,
    upstream=texts,
    algorithms=text_tuples,
    leeway=seconds,
    claims=st.lists(
        st.tuples(texts, texts | st.integers() | seconds | st.booleans()), max_size=3
    ).map(tuple),
    key=texts,
    at=lines,
)
auths = st.builds(
    BearerAuth,
    name=names,
    keys=st.lists(texts | keys, max_size=4).map(tuple),
    jwt=st.none() | jwts,
    header=texts,
    at=lines,
)
header_rules = st.builds(
    HeaderRules,
    name=names,
    drop=text_tuples,
    keep=st.none() | text_tuples,
    forward=text_tuples,
    set=pairs,
    at=lines,
)
error_answers = st.builds(
    ErrorAnswer,
    kind=texts,
    status=statuses,
    headers=pairs,
    json=maybe_text,
    text=maybe_text,
    at=lines,
)
status_rules = st.builds(
    StatusRule,
    match=text_tuples,
    unless=st.none() | st.just("json_error"),
    status=statuses,
    headers=pairs,
    json=maybe_text,
    text=maybe_text,
    at=lines,
)
error_tables = st.builds(
    ErrorTable,
    name=names,
    answers=st.lists(error_answers, max_size=2).map(tuple),
    upstream_status=st.lists(status_rules, max_size=2).map(tuple),
    at=lines,
)
settings = st.builds(
    Setting,
    name=names,
    env=text_tuples,
    file=maybe_text,
    type=st.sampled_from(["string", "boolean", "integer", "size", "duration"]),
    default=st.none() | texts | st.integers() | st.booleans(),
    optional=st.booleans(),
    secret=st.booleans(),
    at=lines,
)
concurrencies = st.builds(
    Concurrency,
    max=st.integers(1, 10**6),
    queue=st.integers(0, 10**6),
    queue_timeout=seconds,
    retry_after=seconds,
)
breakers = st.builds(
    CircuitBreaker,
    failures=st.none() | st.integers(1, 9),
    ratio=st.none() | st.floats(0.001, 1),
    minimum=st.integers(1, 9),
    window=seconds,
    open=seconds,
    half_open=st.integers(1, 9),
    when=text_tuples,
)
targets = st.builds(Target, url=texts, weight=counts, at=lines)
balances = st.builds(
    Balance, policy=st.sampled_from(get_args(Policy)), key=maybe_text, at=lines
)
health_checks = st.builds(
    TargetHealth,
    path=texts,
    interval=seconds,
    timeout=seconds,
    healthy=counts,
    unhealthy=counts,
    statuses=text_tuples,
    at=lines,
)
outlier_detections = st.builds(
    OutlierDetection,
    consecutive_5xx=counts,
    consecutive_gateway_failure=counts,
    success_rate_stdev=seconds,
    failure_percentage=shares,
    interval=seconds,
    ejection_time=seconds,
    max_ejection_time=seconds,
    max_ejected=shares,
    minimum_targets=counts,
    minimum_requests=counts,
    at=lines,
)
retries = st.builds(
    Retry,
    attempts=counts,
    when=text_tuples,
    methods=text_tuples,
    per_try=st.none() | seconds,
    backoff=seconds,
    max_backoff=seconds,
    max_retry_after=seconds,
    budget=shares,
    min_retries=counts,
    at=lines,
)
upstreams = st.builds(
    Upstream,
    name=names,
    url=texts,
    client=st.sampled_from(get_args(Client)),
    timeout=timeouts,
    max_connections=st.integers(1, 10**6),
    idle_timeout=seconds,
    ca_file=maybe_text,
    concurrency=st.none() | concurrencies,
    circuit_breaker=st.none() | breakers,
    targets=st.lists(targets, max_size=3).map(tuple),
    balance=balances,
    health=st.none() | health_checks,
    outlier_detection=st.none() | outlier_detections,
    retry=st.none() | retries,
    at=lines,
)
executions = st.builds(
    nodes.Execute,
    upstream=names,
    method=maybe_text,
    path=maybe_text,
    query=st.none() | pairs,
    headers=pairs,
    body=maybe_text,
    timeout=st.none() | timeouts,
    retry=st.none() | retries,
    request_headers=st.lists(header_rules, max_size=2).map(tuple),
    response_headers=st.lists(header_rules, max_size=2).map(tuple),
    errors=error_tables,
    at=lines,
)
_BY_NODE: dict[type, st.SearchStrategy[Node]] = {
    nodes.Observe: st.builds(nodes.Observe, access_log=st.booleans(), at=lines),
    nodes.Cors: st.builds(
        nodes.Cors,
        origins=text_tuples,
        methods=text_tuples,
        headers=text_tuples,
        expose=text_tuples,
        credentials=st.booleans(),
        max_age=st.none() | st.integers(0, 10**6),
        at=lines,
    ),
    nodes.MapErrors: st.builds(nodes.MapErrors, table=error_tables, at=lines),
    nodes.Authenticate: st.builds(nodes.Authenticate, auth=auths, at=lines),
    nodes.RateLimit: st.builds(
        nodes.RateLimit, limits=st.lists(limits, max_size=3).map(tuple), at=lines
    ),
    nodes.LimitConcurrency: st.builds(
        nodes.LimitConcurrency, endpoint=names, limit=concurrencies, at=lines
    ),
    nodes.LimitMemory: st.builds(
        nodes.LimitMemory, max=st.integers(0, 1 << 40), at=lines
    ),
    nodes.LimitBody: st.builds(nodes.LimitBody, max_body=texts, at=lines),
    nodes.RenameJson: st.builds(nodes.RenameJson, rename=pairs, at=lines),
    nodes.Health: st.builds(
        nodes.Health, kind=st.sampled_from(["live", "ready"]), at=lines
    ),
    nodes.Respond: st.builds(
        nodes.Respond,
        status=st.integers(200, 599),
        headers=pairs,
        json=maybe_text,
        text=maybe_text,
        at=lines,
    ),
    nodes.StreamError: st.builds(nodes.StreamError, json=texts, event=texts, at=lines),
    nodes.Fallback: st.builds(
        nodes.Fallback,
        calls=st.lists(executions, max_size=2).map(tuple),
        when=text_tuples,
        at=lines,
    ),
    nodes.Execute: executions,
}
pipelines = st.lists(
    st.sampled_from(nodes.NODES).flatmap(lambda node: _BY_NODE[node]), max_size=4
).map(tuple)
endpoints = st.builds(
    Endpoint,
    path=texts,
    pipeline=pipelines,
    methods=text_tuples,
    name=names,
    at=lines,
)
client_limits = st.builds(
    Limits,
    head_timeout=seconds,
    body_timeout=seconds,
    min_body_rate=counts,
    idle_timeout=seconds,
    send_timeout=seconds,
    max_head=counts,
    max_fields=counts,
    max_target=counts,
    at=lines,
)
gateways = st.builds(
    Gateway,
    endpoints=st.lists(endpoints, max_size=3).map(tuple),
    upstreams=st.lists(upstreams, max_size=2).map(tuple),
    settings=st.lists(settings, max_size=2).map(tuple),
    server=st.builds(
        Server,
        host=texts,
        port=st.integers(0, 65535),
        trusted_proxies=text_tuples,
        client_address=st.sampled_from(get_args(ClientAddress)),
        at=lines,
    ),
    limits=client_limits,
    paths=st.sampled_from(["strict", "as_sent"]),
    unmatched=pipelines,
)
"""Gateways as the data allows them, far beyond what the compiler would make."""

_TOKENS = (
    *(": ", "- ", "[", "]", "{", "}", ", ", "&a ", "*a", "!!str ", "? ", "| ", "> "),
    *("'", '"', "#", "%", "@", "`", "\t", "---\n", "...\n", "<<: ", "none", "null"),
    *("true", "no", "0x1F", "1e999", "-1", "''", "{{ settings.nope }}", "{{ body.x }}"),
    *(
        "{{",
        "}}",
        "{%",
        "\\",
        "\0",
        "\u2028",
        "\x85",
        "\r",
        "👩",
        "é",
        "upstream: ",
        "5xx",
    ),
)


def mistaken_routes() -> st.SearchStrategy[str]:
    """Return the repository's routes file after a few random edits."""
    return mistaken(ROUTES.read_text(encoding="utf-8"))


@st.composite
def mistaken(draw: st.DrawFn, source: str) -> str:
    """Return a file after a few random edits."""
    for _ in range(draw(st.integers(1, 4))):
        edit = draw(st.sampled_from([_edit_line, _edit_token, _edit_text]))
        source = edit(draw, source)
    return source


def _edit_line(draw: st.DrawFn, source: str) -> str:
    """Delete, double, move or indent a line."""
    rows = source.split("\n")
    here, there = draw(st.tuples(*[st.integers(0, len(rows) - 1)] * 2))
    row = rows[here]
    changes = {
        "delete": [],
        "double": [row, row],
        "replace": [rows[there]],
        "indent": [draw(st.sampled_from([" ", "  ", "\t"])) + row],
        "dedent": [row[1:]],
        "cut": [row[: draw(st.integers(0, len(row)))]],
    }
    rows[here : here + 1] = changes[draw(st.sampled_from(sorted(changes)))]
    return "\n".join(rows)


def _edit_token(draw: st.DrawFn, source: str) -> str:
    """Replace, delete or double a word or a sign."""
    words = re.split(r"(\w+|[^\w\s])", source)
    here = draw(st.integers(0, len(words) - 1))
    words[here] = draw(
        st.sampled_from(["", words[here] * 2, *_TOKENS]) | st.sampled_from(words)
    )
    return "".join(words)


def _edit_text(draw: st.DrawFn, source: str) -> str:
    """Insert anything anywhere."""
    here = draw(st.integers(0, len(source)))
    inserted = draw(st.text(max_size=5) | st.sampled_from(_TOKENS))
    return source[:here] + inserted + source[here:]
