"""The endpoints at a glance."""

from __future__ import annotations

import io
import json
import re

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.console import Console

from hxroute import overview
from hxroute.ir import BearerAuth, Endpoint, Gateway, Upstream
from hxroute.nodes import Authenticate, Execute, Respond
from tests.explain.files import REPOSITORY, compiled
from tests.strategies import texts

FILE = """\
version: 1
settings: {key: {env: KEY, secret: true}}
upstreams: {u: {url: "http://127.0.0.1:9"}, w: {url: "http://127.0.0.1:9"}}
auth: {end: {bearer: ["{{ settings.key }}"]}}
headers: {h: {drop: [authorization, cookie]}}
defaults: {auth: none, request: {headers: h}}
endpoints:
  - {path: /, respond: {text: root}}
  - {path: /v1/models, methods: [GET], upstream: u}
  - {path: /a/b, name: named, upstream: u}
  - {path: /v1, methods: [GET], upstream: u}
  - {path: "/v1/models/{m}", auth: end, upstream: u}
  - {path: /v1, methods: [POST, PUT], auth: end, upstream: w}
  - {path: /v1/, methods: [POST], respond: {status: 404}}
  - {path: /a, upstream: u}
  - {path: "/styles/{rest:path}", upstream: u}
"""
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "endpoints"],
    "properties": {
        "version": {"const": 1},
        "endpoints": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": list(overview.Row.__dataclass_fields__),
                "properties": {
                    "name": {"type": "string"},
                    "line": {"type": "integer", "minimum": 0},
                    "path": {"type": "string"},
                    "methods": {"type": "array", "items": {"type": "string"}},
                    "auth": {"type": "string"},
                    "upstream": {"type": "string"},
                    "status": {"type": "integer", "minimum": 0, "maximum": 599},
                    "nodes": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
VALIDATOR = Draft202012Validator(SCHEMA)


@st.composite
def gateways(draw: st.DrawFn) -> Gateway:
    """Draw gateways with names and paths that no file would hold."""
    upstreams = tuple(Upstream(name, "") for name in draw(st.sets(texts, min_size=1)))
    last = st.one_of(
        st.sampled_from(upstreams).map(lambda item: Execute(item.name)),
        st.builds(Respond, status=st.integers(200, 599)),
    )
    checks = st.builds(Authenticate, st.builds(BearerAuth, texts, st.just(())))
    before = st.lists(checks, max_size=1)
    pipeline = st.builds(lambda some, one: (*some, one), before, last)
    methods = st.lists(texts, max_size=2).map(tuple)
    paths = texts.map("/{}".format)
    endpoints = st.lists(
        st.builds(Endpoint, paths, pipeline, methods, texts), min_size=1
    )
    return Gateway(tuple(draw(endpoints)), upstreams)


def gateway(text: str = FILE) -> Gateway:
    """Compile a file."""
    made = compiled(text).gateway
    assert made is not None
    return made


def drawn(made: Gateway, title: str = "routes.yaml") -> str:
    """Return the tree as it is printed."""
    screen = Console(file=io.StringIO(), width=1 << 16)
    screen.print(overview.as_tree(made, title))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_tree_holds_each_path_once_in_the_order_of_the_file() -> None:
    assert drawn(gateway()) == (
        "routes.yaml\n"
        "├── /  ANY  answers 200  open  line 8\n"
        "├── /v1  GET  -> u  open  line 11\n"
        "│        POST,PUT  -> w  auth end  line 13\n"
        "│   ├── /models  GET  -> u  open  line 9\n"
        "│   │   └── /{m}  ANY  -> u  auth end  line 12\n"
        "│   └── /  POST  answers 404  open  line 14\n"
        "├── /a  ANY  -> u  open  line 15\n"
        "│   └── /b  ANY  -> u  open  line 10\n"
        "└── /styles\n"
        "    └── /{rest:path}  ANY  -> u  open  line 16\n"
    )


@given(gateways(), texts)
def test_tree_prints_nothing_that_a_terminal_would_obey(
    made: Gateway, title: str
) -> None:
    assert drawn(made, title).replace("\n", "").isprintable()


def test_rows_are_in_the_order_of_the_file() -> None:
    found = overview.rows(gateway())

    assert [row.line for row in found] == list(range(8, 17))
    assert found[5] == overview.Row(
        name="POST,PUT /v1",
        line=13,
        path="/v1",
        methods=("POST", "PUT"),
        auth="end",
        upstream="w",
        status=0,
        nodes=("Observe", "MapErrors", "Authenticate", "Execute"),
    )
    assert (found[2].name, found[2].method, found[2].methods) == ("named", "ANY", ())
    assert (found[6].upstream, found[6].status) == ("", 404)


@given(gateways())
def test_json_has_one_shape_and_is_ascii(made: Gateway) -> None:
    printed = overview.as_json(made)

    VALIDATOR.validate(json.loads(printed))
    assert all(" " <= item <= "~" or item == "\n" for item in printed)


def test_mermaid_draws_a_box_for_each_auth() -> None:
    assert overview.as_mermaid(gateway(REPOSITORY)) == (
        "flowchart LR\n"
        "  client([client])\n"
        '  subgraph a0["open"]\n'
        '    e0["ANY /healthz"]\n'
        "  end\n"
        "  client --> a0\n"
        '  subgraph a1["auth master"]\n'
        '    e1["POST /v1/embeddings"]\n'
        '    e2["ANY /v1/#123;rest#58;path#125;"]\n'
        "  end\n"
        "  client --> a1\n"
        "  e1 --> u0\n"
        "  e2 --> u0\n"
        '  u0[("litellm")]\n'
    )


@given(gateways())
def test_no_name_can_change_a_mermaid_graph(made: Gateway) -> None:
    """Each line is one of the few forms, and each label decodes to its text."""
    printed = overview.as_mermaid(made)
    label = r'"((?:[A-Za-z0-9 /_.,*-]|#[0-9]+;)*)"'
    forms = (
        rf"    e[0-9]+\[{label}\]",
        rf"  u[0-9]+\[\({label}\)\]",
        rf"  subgraph a[0-9]+\[{label}\]",
        r"  (?:end|client --> a[0-9]+|e[0-9]+ --> u[0-9]+|client\(\[client\]\))()",
    )

    first, *rest = printed.splitlines()
    found = [re.fullmatch("|".join(forms), line) for line in rest]

    assert first == "flowchart LR"
    assert all(found)
    labels = [
        re.sub("#([0-9]+);", lambda code: chr(int(code[1])), match[1])
        for match in found
        if match is not None and match[1] is not None
    ]
    wanted = [f"{row.method} {row.path}" for row in overview.rows(made)]
    assert sorted(labels) == sorted(wanted)
