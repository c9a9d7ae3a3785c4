"""What a request holds goes into its slot of a call and nowhere else."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, unquote_to_bytes

import pytest

from hxroute.ir import Client
from tests.attacks.stage import Exchange, exchanges, get, post
from tests.runtime.serving import HEAD, ask, compiled, served

CALL = compiled(
    """\
    - path: /call/{id}
      methods: [POST]
      request: {max_body: 1MiB}
      upstream:
        name: u
        method: "{{ body.method | default('POST') }}"
        path: "/p/{{ path.id }}/{{ body.path | default('') }}"
        query: {q: "{{ body.query | default('') }}"}
        headers: {x-h: "{{ body.header | default('') }}"}
        body: {text: "<{{ body.text | default('') }}>", whole: "{{ body.whole | default(1) }}"}
    - path: /echo/{id}
      methods: [POST]
      request: {max_body: 1MiB}
      respond:
        json: ["{{ path.id }}", "{{ query.q }}", "{{ headers['x-h'] }}", "{{ body.text }}"]
    """
)

VALUES = {
    "dots": "..",
    "dots-and-slash": "../../admin",
    "slash": "a/b",
    "backslash": "a\\..\\b",
    "question-mark": "a?admin=1",
    "hash": "a#b",
    "at-sign": "@evil.example",
    "authority": "//evil.example/x",
    "url": "http://169.254.169.254/latest",
    "port": ":80",
    "semicolon": ";x=1",
    "crlf": "a\r\nX-Evil: 1\r\n\r\nGET /admin HTTP/1.1",
    "blank": "a b",
    "escape": "%2e%2e%2f",
    "nul": "a\0b",
    "not-ascii": "\u00e9\u2024\uff0f",
    "number": "1",
}
AMBIGUOUS = ("dots", "dots-and-slash", "backslash", "nul")
"""What a path does not even hold encoded: an upstream may decode before it resolves."""

REFUSED_PARAMETERS = {
    "dots": "..",
    "dots-encoded": "%2e%2E",
    "slash": "a%2Fb",
    "backslash": "a%5Cb",
    "raw-backslash": "a\\",
    "nul": "%00",
    "crlf": "%0d%0a",
    "bad-escape": "%zz",
}
RAW_PARAMETERS = (
    "a%3Fb",
    "a%23b",
    "%40evil",
    "a%25b",
    "a%252e",
    "a;b",
    "a:80",
    "@evil",
)
CONTROLS = {
    "crlf": "k\r\nX: 1",
    "lf": "k\nX: 1",
    "cr": "k\rX: 1",
    "nul": "k\0",
    "control": "k\x01",
    "delete": "k\x7f",
    "request": "\r\n\r\nGET / HTTP/1.1",
}
METHODS = ("CONNECT", "TRACE", "get", "GET /x", "GET\r\nX: 1", "P\u00d6ST", "-", "")
INJECTIONS = {
    "members": 'a","admin":true,"b":"',
    "backslash": "\\",
    "escaped-quote": '\\"',
    "brackets": '"}]}',
    "controls": "\u2028\u0000\u001f",
    "markup": "</script>",
    "mapping": "{'admin': True}",
    "list": "[1]",
    "true": "true",
    "null": "null",
    "number": "1e3",
}
SOURCES = {
    "setting": "{{ settings.key }}",
    "sum": "{{ 7 + 7 }}",
    "statement": "{% raw %}",
    "comment": "{# #}",
    "open": "{{",
    "class": "{{ ''.__class__ }}",
    "spring": "#{7*7}",
    "shell": "${7*7}",
    "erb": "<%= 7 %>",
}
SLOTS = ("path", "query", "header", "text", "whole")


def _requests() -> dict[str, bytes]:
    made = {f"path-{k}": post("/call/1", {"path": v}) for k, v in VALUES.items()}
    made |= {f"query-{k}": post("/call/1", {"query": v}) for k, v in VALUES.items()}
    made |= {
        f"parameter-{k}": post(f"/call/{v}", {}) for k, v in REFUSED_PARAMETERS.items()
    }
    made |= {f"parameter-{raw}": post(f"/call/{raw}", {}) for raw in RAW_PARAMETERS}
    made |= {f"header-{k}": post("/call/1", {"header": v}) for k, v in CONTROLS.items()}
    made |= {f"method-{m}": post("/call/1", {"method": m}) for m in METHODS}
    made |= {
        f"json-{k}": post("/call/1", {"text": v, "whole": v})
        for k, v in INJECTIONS.items()
    }
    for name, source in SOURCES.items():
        quoted = quote(source, safe="")
        fields = (b"X-H: " + source.encode(),)
        made[f"echo-{name}"] = post(
            f"/echo/{name}?q={quoted}", {"text": source}, *fields
        )
        made[f"call-{name}"] = post("/call/1", dict.fromkeys(SLOTS, source))
    return made


@pytest.fixture(scope="module")
def found(each_client: Client) -> dict[str, Exchange]:
    return exchanges(CALL, _requests())


@pytest.mark.parametrize("name", VALUES, ids="G13-path-{}".format)
def test_value_in_a_path_is_one_segment(found: dict[str, Exchange], name: str) -> None:
    exchange = found[f"path-{name}"]

    if name in AMBIGUOUS:
        assert (exchange.status, exchange.seen) == (400, ())
    else:
        assert exchange.call.target == f"/p/1/{quote(VALUES[name], safe='')}"


@pytest.mark.parametrize("name", VALUES, ids="G13-query-{}".format)
def test_value_in_a_query_is_one_value(found: dict[str, Exchange], name: str) -> None:
    path, _, query = found[f"query-{name}"].call.target.partition("?q=")

    assert path == "/p/1/"
    assert unquote_to_bytes(query).decode() == VALUES[name]
    assert not set(query) & set("&=+#?/\\@:; \r\n")


@pytest.mark.parametrize("name", REFUSED_PARAMETERS, ids="G13-parameter-{}".format)
def test_path_parameter_is_checked_first(found: dict[str, Exchange], name: str) -> None:
    exchange = found[f"parameter-{name}"]

    assert (exchange.status, exchange.seen) == (400, ())


@pytest.mark.parametrize("raw", RAW_PARAMETERS, ids="G13-raw-{}".format)
def test_path_parameter_keeps_its_raw_bytes(
    found: dict[str, Exchange], raw: str
) -> None:
    assert found[f"parameter-{raw}"].call.target == f"/p/{raw}/"


@pytest.mark.parametrize("name", CONTROLS, ids="B16-{}".format)
def test_header_value_with_a_control_is_sent_nowhere(
    found: dict[str, Exchange], name: str
) -> None:
    exchange = found[f"header-{name}"]

    assert (exchange.status, exchange.seen) == (400, ())
    assert b"X: 1" not in exchange.answer.body


@pytest.mark.parametrize("method", METHODS, ids="G13-method-{!r}".format)
def test_method_of_a_request_is_a_method(
    found: dict[str, Exchange], method: str
) -> None:
    exchange = found[f"method-{method}"]

    assert (exchange.status, exchange.seen) == (400, ())


@pytest.mark.parametrize("name", INJECTIONS, ids="G14-{}".format)
def test_value_in_json_is_a_value(found: dict[str, Exchange], name: str) -> None:
    value = INJECTIONS[name]

    assert found[f"json-{name}"].sent == {"text": f"<{value}>", "whole": value}


@pytest.mark.parametrize("name", SOURCES, ids="G11-{}".format)
def test_request_is_never_a_template(found: dict[str, Exchange], name: str) -> None:
    """From each part of a request, into each slot of an answer and of a call."""
    source, quoted = SOURCES[name], quote(SOURCES[name], safe="")
    echoed, called = found[f"echo-{name}"], found[f"call-{name}"]

    assert json.loads(echoed.answer.body) == [name, source, source, source]
    assert called.call.target == f"/p/1/{quoted}?q={quoted}"
    assert called.call.values("x-h") == [source]
    assert called.sent == {"text": f"<{source}>", "whole": source}


def test_g11_setting_is_never_a_template() -> None:
    head = HEAD.replace("settings: {", "settings: {note: {env: NOTE}, ")
    gateway = compiled("- {path: /x, respond: {text: '<{{ settings.note }}>'}}", head)
    source = "{{ settings.key }}{% raw %}"

    async def scenario() -> bytes:
        environ = {"URL": "http://127.0.0.1:9", "NOTE": source}
        async with served(gateway, environ) as port:
            return (await ask(port, get("/x"))).body

    assert asyncio.run(scenario()) == f"<{source}>".encode()


@pytest.mark.usefixtures("each_client")
def test_b16_header_value_of_any_other_text_is_one_value() -> None:
    value = 'a, b; c="d" \u00e9'

    found = exchanges(CALL, {"x": post("/call/1", {"header": value})})

    assert found["x"].call.values("x-h") == [value.encode().decode("latin-1")]
