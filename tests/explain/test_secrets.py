"""No secret and no credential of a client is ever shown."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from hxroute.compiler import Compiled
from hxroute.explain import Explanation, ask, explain, json, text
from tests.explain.files import compiled, explained

SECRETIVE = r"""
version: 1
settings:
  url: {env: URL, default: "http://127.0.0.1:9"}
  one: {env: ONE, secret: true}
  two: {file: FILE, secret: true}
  address: {env: ADDRESS, secret: true}
  blank: {env: BLANK, secret: true, default: ""}
  three: {env: THREE, secret: true, default: defaultsecret3}
  size: {env: SIZE, secret: true, type: size, default: 1234567B}
  number: {env: NUMBER, secret: true, type: integer, default: 7654321}
  flag: {env: FLAG, secret: true, type: boolean, default: true}
  wait: {env: WAIT, secret: true, type: duration, default: 98765s}
  never: {env: NEVER, secret: true, optional: true}
upstreams:
  u: {url: "{{ settings.url }}/{{ settings.one }}/x"}
  whole: {url: "{{ settings.address }}"}
auth:
  k: {bearer: ["{{ settings.one }}", "staff-{{ settings.three }}", "{{ settings.two }}"]}
  own: {header: x-acme, bearer: ["{{ settings.one }}"]}
headers:
  all: {forward: [authorization, cookie, x-acme]}
  made:
    set:
      x-one: "{{ settings.one }}"
      x-more: "{{ settings.one | upper }}{{ settings.two | lower | default('no') }}"
      x-joined: "{{ 'a' ~ settings.three ~ settings.number ~ settings.never }}"
      x-list: "{{ [settings.one, settings.wait, settings.flag] | tojson }}"
      x-if: "{{ 'yes' if settings.never else settings.three | trim }}"
      x-creds: "{{ headers.authorization }}, {{ headers.cookie | upper }}"
      x-key: "{{ headers['x-api-key'] | tojson }}"
      authorization: "Bearer {{ settings.two if settings.flag else settings.one }}"
  back: {set: {x-back: "{{ headers.authorization }}{{ headers['x-token'] }}"}}
defaults:
  request: {headers: [all, made], max_body: "{{ settings.size }}"}
  response: {headers: back}
endpoints:
  - {path: "/plain/{rest:path}", auth: k, upstream: u}
  - {path: "/open/{id}", auth: none, request: {headers: all}, upstream: u}
  - {path: "/own/{id}", auth: own, request: {headers: all}, upstream: u}
  - {path: "/whole/{id}", auth: none, upstream: whole}
  - path: "/call/{id}"
    auth: none
    upstream:
      name: u
      path: "/{{ settings.one }}/{{ path.id }}/{{ settings.number }}/{{ headers.cookie }}"
      query:
        a: "{{ settings.one }}"
        b: "{{ settings.two }}{{ headers.authorization }}"
        c: "{{ settings.three | upper }}"
        blank: "{{ settings.blank }}"
      headers: {x-own: "{{ settings.one ~ settings.size }}"}
      body:
        one: "{{ settings.one }}"
        number: "{{ settings.number }}"
        list: [["{{ settings.two }}", "-{{ settings.three }}-"], {"k": "{{ headers.authorization }}"}]
        flag: "{{ settings.flag }}"
  - path: "/answer/{id}"
    auth: k
    respond: {json: {c: "{{ headers.cookie }}", a: "{{ headers['x-token'] }}"}}
"""

CREDENTIAL_FIELDS = [
    *("Authorization", "Cookie", "X-Api-Key", "api-key", "Proxy-Authorization"),
    *("x-token", "X-Auth-Token", "x-goog-api-key", "X-Amz-Security-Token", "apikey"),
    *("x-csrf-token", "x-session-id", "X-Vault-Token", "ocp-apim-subscription-key"),
    *(
        "X-Acme",
        "x_acme",
        "x-access-key",
        "x-signature",
        "set-cookie",
        "x-password",
        "client-secret",
    ),
]
LEGAL = st.characters(
    min_codepoint=33, max_codepoint=0x2FFF, exclude_characters="/\x7f"
)
ODD = st.text(LEGAL, max_size=4)
WORDS = st.text("zqxjkZQXJK", min_size=6, max_size=12)


@st.composite
def secrets(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a word that must not be seen, and a secret that holds it."""
    word = draw(WORDS)
    return word, f"{draw(ODD)}{word}{draw(ODD)}"


def shown(explanation: Explanation) -> str:
    """Return everything that is ever printed of an explanation."""
    screen = Console(file=io.StringIO(), width=1000, force_terminal=True)
    for line in text.lines(explanation):
        screen.print(line, soft_wrap=True)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue() + json.render(explanation)


def assert_hidden(explanation: Explanation, words: list[str]) -> None:
    """Look for words in every form in which they might be printed."""
    printed = shown(explanation)
    for form in (printed, unquote(printed), unquote(unquote(printed))):
        for word in words:
            assert word.lower() not in form.lower()


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to hold a secret."""
    return tmp_path_factory.mktemp("secrets") / "two"


@functools.cache
def secretive(file: Path) -> Compiled:
    """Compile the file in which secrets go wherever they can."""
    return compiled(SECRETIVE.replace("FILE", str(file)))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_nothing_secret_is_ever_shown(secret_file: Path, data: st.DataObject) -> None:
    (one, whole), (two, filed), (three, url) = data.draw(st.tuples(*[secrets()] * 3))
    secret_file.write_text(filed, encoding="utf-8")
    environ = {"ONE": whole, "THREE": url, "ADDRESS": f"http://{one}.example"}
    size, number = data.draw(st.tuples(*[st.integers(10**9, 10**12)] * 2))
    environ |= {"SIZE": f"{size}B", "NUMBER": str(number)}
    theirs, typed = data.draw(secrets())
    names = data.draw(st.lists(st.sampled_from(CREDENTIAL_FIELDS), max_size=4))
    scheme = data.draw(st.sampled_from(["", "Bearer ", "Basic ", "<", "x ", theirs]))
    fields = [f"{name}: {scheme}{typed}" for name in names]
    key = data.draw(
        st.sampled_from([whole, filed, f"staff-{url}", typed, f"<{whole}>"])
    )
    fields.insert(0, f"Authorization: Bearer {key}")
    path = data.draw(
        st.sampled_from(["plain/a", "open/a", "whole/a", "call/a", "answer/a"])
    )
    method = data.draw(st.sampled_from(["GET", "POST", "HEAD"]))
    body = data.draw(st.sampled_from([b"", b"{}", b'{"a":1}', b"x"]))

    explanation = explain(
        secretive(secret_file), ask(method, f"/{path}", fields, body), environ
    )

    assert_hidden(explanation, [one, two, three, theirs, str(size), str(number)])


def test_defaults_of_secrets_are_not_shown(secret_file: Path) -> None:
    for path in ("plain/a", "open/a", "whole/a", "call/a", "answer/a"):
        explanation = explained(secretive(secret_file), f"GET /{path}")

        words = ["defaultsecret3", "1234567", "7654321", "98765"]
        assert_hidden(explanation, words)


def test_secret_in_the_url_stands_as_its_name(secret_file: Path) -> None:
    call = explained(
        secretive(secret_file), "GET /call/x%2Cy", environ={"ONE": "a/b c"}
    ).call

    assert call is not None
    start = "http://127.0.0.1:9/<one>/x/<one>/x%2Cy/1/?a=<one>&"
    assert call.url.startswith(start)
    assert ("x-own", "<one>1048576") in call.headers
    assert '"one":"<one>"' in call.body


def test_url_that_is_a_secret_as_a_whole(secret_file: Path) -> None:
    call = explained(secretive(secret_file), "GET /whole/x").call

    assert call is not None
    assert call.url == "<address>/whole/x"
    assert call.headers[0] == ("host", "?")


def test_client_that_writes_a_name_in_brackets_is_not_taken_for_a_secret() -> None:
    result = compiled(SECRETIVE)
    fields = ["cookie: <mine", "authorization: Bearer <mine>"]

    explanation = explained(result, "GET /open/%3Cone%3E?a=%3Cone%3E", *fields)

    assert explanation.call is not None
    assert explanation.call.url.endswith("/open/%3Cone%3E?a=%3Cone%3E")
    headers = explanation.call.headers
    assert ("cookie", "***") in headers
    assert ("authorization", "Bearer ***") in headers
    assert "mine" not in json.render(explanation)


def test_secret_that_is_unset_or_empty_decides_as_it_does_at_run_time() -> None:
    result = compiled(SECRETIVE)

    call = explained(result, "GET /call/x", environ={"ONE": "1"}).call

    assert call is not None
    assert "blank=" not in call.url
    assert ("x-if", "<three>") in call.headers
    assert dict(call.headers)["x-list"] == '["<one>",1.0,false]'


def test_numbers_that_are_secret_are_replaced_and_noted(secret_file: Path) -> None:
    environ = {"ONE": "1", "ADDRESS": "http://a"}

    notes = explained(secretive(secret_file), "GET /plain/a", environ=environ).notes

    assert [note for note in notes if "secret;" in note] == [
        "setting `size` is secret; explained as `1048576`",
        "setting `number` is secret; explained as `1`",
        "setting `flag` is secret; explained as `false`",
        "setting `wait` is secret; explained as `1.0`",
    ]


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("Bearer abc", "Bearer ***"),
        ("bEARER abc def", "bEARER ***"),
        ("Basic YTpi", "Basic ***"),
        ("abc def", "***"),
        ("abc", "***"),
        ("", ""),
    ],
)
def test_credential_shows_its_scheme_at_most(
    secret_file: Path, value: str, hidden: str
) -> None:
    found = explained(
        secretive(secret_file), "GET /open/a", f"Authorization: {value}"
    ).fields

    assert [item.value for item in found if item.name == "authorization"] == [hidden]


def test_ordinary_fields_are_shown_as_they_are(secret_file: Path) -> None:
    names = ["x-author", "tokens", "accept", "x-max-tokens", "x-request-id", "keys"]
    fields = [f"{name}: seen" for name in names]

    found = explained(secretive(secret_file), "GET /open/a", *fields).fields

    assert [item.name for item in found if item.value == "seen"] == names
