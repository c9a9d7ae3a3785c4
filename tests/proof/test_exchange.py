"""What two gateways are compared by, and what not: as the legacy README says."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.proof.exchange import (
    LARGE,
    canonical,
    client_facts,
    digested,
    upstream_facts,
    without_invented,
)
from hxroute.proof.messages import Answer, Headers, Request
from hxroute.sandbox.seen import Seen

GET = Request("GET", "/a")


def answered(*headers: tuple[str, str], body: str = "", status: int = 200) -> Answer:
    return Answer(status, headers, body)


def seen(
    request: Request, *headers: tuple[str, str], body: str = ""
) -> dict[str, tuple[str, ...]]:
    arrived = Seen(request.method, request.target, headers, body)
    return upstream_facts(request, [("u", arrived)])


# ---- what the client gets


def test_answer_is_stated_by_its_facts() -> None:
    answer = Answer(201, (("x-a", "1"),), "body", False, (("x-t", "2"),))

    assert client_facts(answer) == {
        "client.status": ("201",),
        "client.headers.x-a": ("1",),
        "client.body": ("body",),
        "client.trailers.x-t": ("2",),
        "client.complete": ("false",),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Date", "Mon, 23 Nov 2026 18:00:00 GMT"),
        ("server", "uvicorn"),
        ("CONNECTION", "Close"),
        ("connection", "keep-alive"),
        ("Transfer-Encoding", "chunked"),
    ],
)
def test_fields_of_the_server_are_not_compared(name: str, value: str) -> None:
    assert client_facts(answered((name, value))) == client_facts(answered())


@pytest.mark.parametrize(
    "name", ["content-length", "via", "x-request-id", "keep-alive", "set-cookie"]
)
def test_any_other_field_is_compared(name: str) -> None:
    facts = client_facts(answered((name, "x")))

    assert facts[f"client.headers.{name}"] == ("x",)


def test_case_and_order_of_names_are_not_compared() -> None:
    one = answered(("X-A", "1"), ("x-b", "2"))
    other = answered(("x-B", "2"), ("x-a", "1"))

    assert client_facts(one) == client_facts(other)


def test_order_and_number_of_values_are_compared() -> None:
    one, swapped, merged, alone = (
        client_facts(answered(*(("x-a", value) for value in values)))
        for values in (("1", "2"), ("2", "1"), ("1, 2",), ("1",))
    )

    assert one["client.headers.x-a"] == ("1", "2")
    assert (
        len({tuple(f["client.headers.x-a"]) for f in (one, swapped, merged, alone)})
        == 4
    )


def test_case_of_values_is_compared() -> None:
    assert client_facts(answered(("x", "A"))) != client_facts(answered(("x", "a")))


def test_body_of_an_answer_is_compared_byte_for_byte() -> None:
    bodies = ('{"a":1}', '{"a": 1}', '{"a":1}\n')

    assert len({client_facts(answered(body=b))["client.body"] for b in bodies}) == 3


# ---- what reaches the upstream


def test_requests_are_counted_and_numbered() -> None:
    arrived = [("a", Seen("GET", "/1", ())), ("b", Seen("PUT", "/2", (), "x"))]

    facts = upstream_facts(GET, arrived, usual="")

    assert facts == {
        "upstream.name": ("a",),
        "upstream.method": ("GET",),
        "upstream.target": ("/1",),
        "upstream.body": ("",),
        "upstream.2.name": ("b",),
        "upstream.2.method": ("PUT",),
        "upstream.2.target": ("/2",),
        "upstream.2.body": ("x",),
        "upstream.requests": ("2",),
    }
    assert upstream_facts(GET, []) == {"upstream.requests": ("0",)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "127.0.0.1:4000"),
        ("connection", "close"),
        ("Connection", "keep-alive"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
    ],
)
def test_fields_of_the_connection_are_not_compared(name: str, value: str) -> None:
    assert seen(GET, (name, value)) == seen(GET)


@pytest.mark.parametrize("name", ["te", "x-forwarded-for", "authorization", "accept"])
def test_any_other_field_of_a_request_is_compared(name: str) -> None:
    assert seen(GET, (name, "x"))[f"upstream.headers.{name}"] == ("x",)


INVENTED: Headers = (
    ("accept", "*/*"),
    ("accept-encoding", "gzip"),
    ("user-agent", "python-httpx"),
)


def test_invented_fields_are_dropped_where_the_client_sent_none() -> None:
    facts = seen(GET, *INVENTED, ("x-accept", "1"), ("accept-language", "de"))

    assert without_invented(GET, facts) == seen(
        GET, ("x-accept", "1"), ("accept-language", "de")
    )


@pytest.mark.parametrize(("name", "value"), INVENTED)
def test_invented_field_stays_where_the_client_sent_one(name: str, value: str) -> None:
    request = Request("GET", "/a", ((name.title(), "own"),))

    facts = without_invented(request, seen(request, *INVENTED))

    assert facts == seen(request, (name, value))


def test_invented_fields_are_dropped_of_each_request() -> None:
    one = Seen("GET", "/a", INVENTED)
    bare = Seen("GET", "/a", ())

    facts = upstream_facts(GET, [("u", one), ("u", one)])

    assert without_invented(GET, facts) == upstream_facts(GET, [("u", bare)] * 2)


def test_invented_fields_of_an_answer_stay() -> None:
    facts = client_facts(answered(("user-agent", "x"), ("accept", "y")))

    assert without_invented(GET, facts) == facts


# ---- bodies


def posted(sent: str, arrived: str) -> str:
    return seen(Request("POST", "/a", (), sent), body=arrived)["upstream.body"][0]


def test_body_that_passes_is_compared_byte_for_byte() -> None:
    for body in ('{"a":1, "b":2}', '{ "b":2,"a":1}', "no json", "\xff\xfe"):
        assert posted(body, body) == body


def test_body_that_passes_in_chunks_is_the_same() -> None:
    request = Request(
        "POST",
        "/a",
        (("Transfer-Encoding", "chunked"),),
        '7\r\n{ "a":1\r\n1\r\n}\r\n0\r\n\r\n',
    )

    assert seen(request, body='{ "a":1}')["upstream.body"] == ('{ "a":1}',)


def test_rewritten_body_is_compared_as_a_value() -> None:
    one = posted('{"prompt":1}', '{"b":1,"a":"\xc3\xa9"}')
    other = posted('{"prompt":1}', '{ "a":"\\u00e9", "b":1 }')

    assert one == other


SAME = [
    ('{"a":1,"b":[1,2]}', '{\n "b": [1, 2], "a": 1}'),
    ('{"a":{"c":1,"b":2}}', '{"a":{"b":2,"c":1}}'),
    ('"\\u0041\\/"', '"A/"'),
    ('"\xc3\xa9"', '"\\u00E9"'),
    ('"\xf0\x9f\x98\x80"', '"\\ud83d\\ude00"'),
    ("1.0", "1.00"),
    ("1e2", "100.0"),
    ("1E+2", "1e2"),
    ("123456789012345678901234567890", "123456789012345678901234567890 "),
    ("0.1", "0.1000000000000000055"),
    ("[NaN,Infinity]", "[NaN, Infinity]"),
    ("-0", "0"),
    ('{"a":NaN}', '{ "a" : NaN }'),
]
OTHER = [
    ("1", "1.0"),
    ("1", '"1"'),
    ("1", "true"),
    ("0", "false"),
    ("null", "0"),
    ("[1,2]", "[2,1]"),
    ("[]", "{}"),
    ('{"a":1}', '{"A":1}'),
    ('{"a":null}', "{}"),
    ('"\\u00e9"', '"e\\u0301"'),
    ('"\\ud83d"', '"\\ufffd"'),
    ("9007199254740993", "9007199254740992"),
    ("123456789012345678901234567890", "123456789012345678901234567891"),
    ("1e400", "1e500"),
    ("1e400", "Infinity"),
    ("NaN", "null"),
    ('{"a":1,"a":2}', '{"a":2}'),
    ('{"a":1,"a":2}', '{"a":1}'),
    ('{"a":{"b":1,"b":1}}', '{"a":{"b":1}}'),
    ('\xef\xbb\xbf{"a":1}', '{"a":1}'),
    ('{\x00"\x00a\x00"\x00:\x001\x00}\x00', '{"a":1}'),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_json_value_is_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_json_value_is_another(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a':1}",
        "[1,]",
        "\xff",
        "[" * 100_000,
        "1" * 5000,
        '{"a":1,"a":1}',
        "1e999",
    ],
)
def test_what_has_no_one_value_is_left(text: str) -> None:
    assert canonical(text) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=VALUES, indent=st.sampled_from([None, 0, 3]), ascii=st.booleans())
def test_way_of_writing_json_is_no_part_of_its_value(
    value: object, indent: int | None, ascii: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    written = text.encode("utf-8", "surrogatepass").decode("latin-1")

    assert canonical(written) == canonical(json.dumps(value))
    assert canonical(canonical(written)) == canonical(written)


def test_large_body_is_told_by_its_digest() -> None:
    body = "\xff" * (LARGE + 1)
    sha256 = hashlib.sha256(b"\xff" * (LARGE + 1)).hexdigest()

    assert digested(body) == f"({LARGE + 1} bytes, sha256 {sha256})"
    assert digested(body[1:]) == body[1:]
    assert client_facts(answered(body=body))["client.body"] == (digested(body),)
    assert posted("x", body) == digested(body)


# ---- what varies
