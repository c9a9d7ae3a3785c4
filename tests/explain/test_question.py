"""What a person types, as a request."""

from __future__ import annotations

import re

import pytest

from hxroute.explain import Question, ask
from hxroute.ir import Server


def test_method_is_taken_in_any_case_and_a_host_is_added() -> None:
    question = ask("get", "/v1/models?a=1", server=Server("::1", 4010))

    headers = ((b"host", b"[::1]:4010"),)
    assert question == Question("GET", "/v1/models?a=1", headers)


def test_fields_are_taken_as_curl_takes_them() -> None:
    question = ask("GET", "/", ["X-A:1", "x-b :\t a: b ", "x-empty:", "X-A: caf\xe9"])

    assert question.headers[1:] == (
        (b"x-a", b"1"),
        (b"x-b", b"a: b"),
        (b"x-empty", b""),
        (b"x-a", "caf\xe9".encode()),
    )


def test_arguments_that_are_no_utf_8_stay_as_they_are() -> None:
    question = ask("GET", "/\udcff?\udcfe", ["x: \udcfd"])

    assert question.target == "/%FF?%FE"
    assert question.headers[1] == (b"x", b"\xfd")


@pytest.mark.parametrize(
    ("target", "sent", "host"),
    [
        ("http://a.example/x?y=1", "/x?y=1", b"a.example"),
        ("HTTPS://A:81", "/", b"A:81"),
        ("http://a?x=1", "/?x=1", b"a"),
        ("http://me:secret@a/x#part", "/x", b"a"),
        ("/to?u=http://x/y", "/to?u=http://x/y", b"127.0.0.1:8000"),
        ("//a/b", "//a/b", b"127.0.0.1:8000"),
        ("/a b\u00e9#part?", "/a%20b%C3%A9", b"127.0.0.1:8000"),
        ("/a?b?c=%zz", "/a?b?c=%zz", b"127.0.0.1:8000"),
        ("/a\nb", "/a%0Ab", b"127.0.0.1:8000"),
    ],
)
def test_target_is_a_path_or_a_whole_url(target: str, sent: str, host: bytes) -> None:
    question = ask("GET", target)

    assert question.target == sent
    assert question.headers == ((b"host", host),)


def test_host_that_is_given_is_the_only_one() -> None:
    question = ask("GET", "http://a/", ["Host: b"])

    assert question.headers == ((b"host", b"b"),)


def test_body_gets_its_length_where_none_is_given() -> None:
    assert (b"content-length", b"3") in ask("POST", "/", body=b"abc").headers
    chunked = ask("POST", "/", ["transfer-encoding: chunked"], b"abc")
    assert b"content-length" not in dict(chunked.headers)
    assert ask("POST", "/", ["content-length: 3"], b"abc").notes() == ()
    assert ask("POST", "/", ["content-length: 5"], b"abc").notes() == (
        "`content-length` says 5 bytes, but the body has 3",
    )


@pytest.mark.parametrize(
    ("method", "target", "fields", "message"),
    [
        ("G T", "/", [], "`G T` is no method"),
        ("", "/", [], "`` is no method"),
        ("G\udcff", "/", [], "`G\udcff` is no method"),
        ("GET", "x/y", [], "`x/y` is no path; a path starts with `/`"),
        ("GET", "*", [], "`*` is no path; a path starts with `/`"),
        ("GET", "", [], "`` is no path; a path starts with `/`"),
        ("GET", "http:///x", [], "`http:///x` is no path; a path starts with `/`"),
        ("GET", "/", ["x"], "`x` is no header; write `name: value`"),
        ("GET", "/", [": x"], "`` is no header; write `name: value`"),
        ("GET", "/", ["a b: x"], "`a b` is no header; write `name: value`"),
        ("GET", "/", ["\u212a: x"], "`\u212a` is no header; write `name: value`"),
        ("GET", "/", ["x: a\nb"], "the value of `x` holds a control character"),
        (
            "GET",
            "/",
            ["content-length: x"],
            "the value of `content-length` is no number",
        ),
        (
            "GET",
            "/",
            ["content-length: -1"],
            "the value of `content-length` is no number",
        ),
        ("GET", "http://a\n/", [], "the value of `host` holds a control character"),
    ],
)
def test_what_is_no_request_is_refused(
    method: str, target: str, fields: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ask(method, target, fields)
