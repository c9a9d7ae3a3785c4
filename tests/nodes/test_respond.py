from __future__ import annotations

from hxroute.http import Request, first
from hxroute.nodes import Respond
from tests.nodes.fakes import start, through


def test_respond_with_json() -> None:
    response = through(Respond(json='{"note":"–"}'), Request("GET", b"/"))
    assert response.body == '{"note":"–"}'.encode()
    assert response.headers == [
        (b"content-type", b"application/json"),
        (b"content-length", b"14"),
    ]


def test_respond_with_text_over_the_request() -> None:
    node = Respond(status=203, text="{{ path.name }} {{ settings.s }} {{ query.q }}")
    request = Request("GET", b"/a%20b", query=b"q=1&q=2", params={"name": b"a%20b"})
    response = through(node, request, start({"s": "set"}))
    assert (response.status, response.body) == (203, b"a b set 1")
    assert first(response.headers, b"content-type") == b"text/plain; charset=utf-8"


def test_respond_with_json_over_the_body() -> None:
    node = Respond(json='{"n":"{{ body.n }}","client":"{{ client.host }}"}')
    request = Request("POST", b"/", body=b'{"n":[1,2]}', client="::1")
    assert through(node, request).body == b'{"n":[1,2],"client":"::1"}'


def test_respond_with_headers_of_its_own() -> None:
    node = Respond(headers=(("content-type", "text/html"),), text="<p>")
    headers = through(node, Request("GET", b"/")).headers
    assert headers == [(b"content-type", b"text/html"), (b"content-length", b"3")]


def test_respond_with_nothing() -> None:
    response = through(Respond(status=204), Request("GET", b"/"))
    assert (response.status, response.body) == (204, b"")
    assert first(response.headers, b"content-type") is None


def test_respond_with_a_status_that_has_no_body_has_no_length() -> None:
    response = through(Respond(status=304, json="{}"), Request("GET", b"/"))
    assert (response.body, first(response.headers, b"content-length")) == (b"", None)
