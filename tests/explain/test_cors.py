"""Scripts of other origins, explained."""

from __future__ import annotations

import pytest

from tests.explain.files import compiled, explained

ROUTES = compiled("""\
version: 1
upstreams: {u: {url: "http://127.0.0.1:9"}}
headers: {safe: {drop: [authorization, cookie]}}
defaults: {auth: none, request: {headers: safe}, cors: {origins: ["https://app.example"]}}
endpoints:
  - {path: /u, upstream: u}
  - {path: /own, respond: {text: own}}
""")
ORIGIN = "origin: https://app.example"
ALLOW = ("access-control-allow-origin", "https://app.example")


def test_preflight_is_explained_as_far_as_it_comes() -> None:
    asked = "access-control-request-method: PUT"
    found = explained(ROUTES, "OPTIONS /u", ORIGIN, asked)
    assert [step.node for step in found.steps] == ["Observe", "Cors"]
    assert found.answer is not None
    assert (found.answer.status, found.call, found.failures) == (204, None, ())
    assert ALLOW in found.answer.headers


@pytest.mark.parametrize(("path", "status"), [("/own", 200), ("/nowhere", 404)])
def test_answers_of_the_gateway_have_their_fields(path: str, status: int) -> None:
    answer = explained(ROUTES, f"GET {path}", ORIGIN).answer
    assert answer is not None
    assert answer.status == status
    assert answer.headers[-2:] == (("vary", "Origin"), ALLOW)


def test_failures_and_upstream_answers_have_their_fields() -> None:
    found = explained(ROUTES, "GET /u", ORIGIN)
    assert {failure.answer.headers[-1] for failure in found.failures} == {ALLOW}
    told = [(field.name, field.value) for field in found.answered]
    assert told == [("vary", "Origin"), ALLOW]
