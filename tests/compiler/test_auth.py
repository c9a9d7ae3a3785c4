"""Keys that have a name, a digest or an end."""

from __future__ import annotations

import hashlib

import pytest

from hxroute.diagnostics.text import render
from hxroute.keys import Key
from hxroute.nodes import Authenticate
from tests.compiler.compiling import gateway_of, mistakes_of, report_of, warnings_of

DIGEST = hashlib.sha256(b"a random key").hexdigest()


def source(*items: str) -> str:
    """Return a file with keys, whose settings are `a`, `b` and `public`."""
    return f"""\
version: 1
settings:
  a: {{env: A, secret: true}}
  b: {{env: B, secret: true}}
  public: {{env: P, default: everyone-knows}}
auth: {{clients: {{bearer: [{", ".join(items)}]}}}}
endpoints:
  - {{path: /x, auth: clients, respond: {{text: "{{{{ settings.public }}}}"}}}}
  - {{path: /y, auth: none, request: {{max_body: 1KiB}}, respond: {{}}}}
""".replace("request: {max_body: 1KiB}, ", "")


def keys_of(*items: str) -> tuple[str | Key, ...]:
    for node in gateway_of(source(*items)).endpoints[0].pipeline:
        if isinstance(node, Authenticate):
            return node.auth.keys
    raise AssertionError


def codes(*items: str) -> list[str]:
    return [found.code for found in mistakes_of(source(*items))]


A, B = '"{{ settings.a }}"', '"{{ settings.b }}"'


def test_keys_keep_what_is_said_of_them() -> None:
    assert keys_of(
        A,
        f"{{name: x, key: {B}, not_after: 2099-01-31}}",
        f"{{sha256: {DIGEST.upper()}}}",
    ) == (
        "{{ settings.a }}",
        Key("x", key="{{ settings.b }}", not_after="2099-01-31"),
        Key(sha256=DIGEST),
    )


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([f"{{name: x, key: {A}, sha256: {DIGEST}}}"], "HX107"),
        (["{name: x}"], "HX107"),
        (["{name: 'a b', sha256: " + DIGEST + "}"], "HX105"),
        (["{name: '', sha256: " + DIGEST + "}"], "HX105"),
        ([f"{{key: {A}, nam: x}}"], "HX101"),
        ([f"{{key: {A}, not_after: 2027-02-30}}"], "HX105"),
        ([f"{{key: {A}, not_after: tomorrow}}"], "HX105"),
        ([f"{{key: {A}, not_after: 2027}}"], "HX103"),
        (["{sha256: abc}"], "HX105"),
        (["{sha256: 12}"], "HX103"),
        (["{key: hush-hush}"], "HX319"),
        ([A, A], "HX323"),
        ([A, f"{{name: x, key: {A}}}"], "HX323"),
        ([f"{{sha256: {DIGEST}}}", f"{{sha256: {DIGEST.upper()}}}"], "HX323"),
        (['{key: "{{ settings.public }}"}'], "HX320"),
    ],
)
def test_mistakes_of_keys(items: list[str], code: str) -> None:
    assert codes(*items) == [code]


@pytest.mark.parametrize("guess", ["", "password", "sk-1234", "everyone-knows"])
def test_digest_of_what_everyone_knows_is_refused(guess: str) -> None:
    digest = hashlib.sha256(guess.encode()).hexdigest()
    assert codes(f"{{sha256: {digest}}}") == ["HX325"]


@pytest.mark.parametrize(
    "item",
    [
        "{name: x, sha256: hush-hush}",
        "{name: x, sha256: [hush-hush]}",
        "{name: x, sha265: hush-hush}",
        "{name: x, key: hush-hush}",
        "{name: x, token: hush-hush}",
        "{name: x, sha256: hush-hush, other: 1}",
        "{name: x, sha256: {a: hush-hush}}",
    ],
)
def test_key_in_the_place_of_a_digest_is_not_shown(item: str) -> None:
    report = report_of(source(item))

    assert report.failed
    assert "hush" not in render(report)
    assert "hush" not in repr(report.diagnostics)


def test_name_and_end_of_a_key_are_shown() -> None:
    shown = render(
        report_of(source(f"{{name: alice, key: {A}, not_after: 2027-02-30}}"))
    )

    assert "name: alice" in shown
    assert "not_after: 2027-02-30" in shown


def test_expired_key_is_a_warning() -> None:
    item = f"{{key: {A}, not_after: 2001-01-31T00:00:00Z}}"
    (found,) = warnings_of(source(B, item))

    assert (found.code, found.message) == (
        "HX324",
        "this key is refused since `2001-01-31T00:00:00Z`",
    )


def test_two_keys_of_one_name_are_no_mistake() -> None:
    assert (
        codes(f"{{name: x, key: {A}, not_after: 2099-01-31}}", f"{{name: x, key: {B}}}")
        == []
    )


def in_field(header: str, more: str = f"bearer: [{A}]") -> str:
    return source(A).replace(f"{{bearer: [{A}]}}", f"{{header: {header}, {more}}}")


def test_header_of_keys_is_in_lower_case() -> None:
    (endpoint, _) = gateway_of(in_field("X-Api-Key")).endpoints
    (node,) = (item for item in endpoint.pipeline if isinstance(item, Authenticate))

    assert node.auth.header == "x-api-key"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Authorization", "behind the word Bearer"),
        ("cookie", "more than a key"),
        ("Host", "made anew"),
        ("connection", "made anew"),
        ("content-length", "made anew"),
    ],
)
def test_header_that_can_hold_no_key_is_refused(header: str, said: str) -> None:
    (found,) = mistakes_of(in_field(header))

    assert (found.code, said in found.message) == ("HX105", True)


@pytest.mark.parametrize("header", ["'x api key'", "''"])
def test_header_that_is_no_name_is_refused(header: str) -> None:
    assert [found.code for found in mistakes_of(in_field(header))] == ["HX112"]


def test_header_without_keys_is_one_mistake() -> None:
    found = mistakes_of(in_field("x-api-key", ""))

    assert "HX107" in [item.code for item in found]
