from __future__ import annotations

import asyncio
import json
import logging

import pytest

from hxroute.errors import (
    KINDS,
    BadPath,
    ClientGone,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ReadTimeout,
    Unauthorized,
)
from hxroute.http import Request, Response, first
from hxroute.ir import ErrorAnswer, ErrorTable
from hxroute.nodes import MapErrors
from tests.nodes.fakes import start


def answered(error: BaseException, *answers: ErrorAnswer) -> Response:
    async def failing(request: Request) -> Response:
        raise error

    async def scenario() -> Response:
        handler = MapErrors(ErrorTable("t", answers)).wrap(failing, start({"s": "set"}))
        return await handler(Request("GET", b"/secret-path"))

    return asyncio.run(scenario())


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"client_gone"}))
def test_map_errors_answers_problem_details_where_nothing_is_stated(kind: str) -> None:
    response = answered(KINDS[kind]())
    assert isinstance(response.body, bytes)
    problem = json.loads(response.body)
    assert response.status == problem["status"] == KINDS[kind].status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"] == KINDS[kind].detail
    assert first(response.headers, b"content-type") == b"application/problem+json"


def test_map_errors_challenges_where_a_key_is_missing() -> None:
    assert (b"www-authenticate", b"Bearer") in answered(Unauthorized()).headers


def test_map_errors_says_what_is_allowed() -> None:
    response = answered(MethodNotAllowed(allow=("GET", "PUT")))
    assert first(response.headers, b"allow") == b"GET, PUT"


def test_map_errors_uses_the_nearest_parent() -> None:
    timeout = ErrorAnswer("timeout", status=599, text="slow: {{ error.detail }}")
    response = answered(ReadTimeout("for 1 s"), timeout)
    assert (response.status, response.body) == (599, b"slow: for 1 s")
    assert first(response.headers, b"content-type") == b"text/plain; charset=utf-8"


def test_map_errors_prefers_the_kind_itself() -> None:
    answers = (
        ErrorAnswer("bad_request", text="parent"),
        ErrorAnswer("bad_path", text="own"),
    )
    assert answered(BadPath(), *answers).body == b"own"


def test_map_errors_templates_see_the_error() -> None:
    answer = ErrorAnswer(
        "payload_too_large",
        json='{"k":"{{ error.kind }}","n":"{{ error.max_size }}",'
        '"s":"{{ error.status }}","x":"{{ settings.s }}"}',
    )
    response = answered(PayloadTooLarge(max_size=5), answer)
    assert response.body == b'{"k":"payload_too_large","n":5,"s":413,"x":"set"}'


def test_map_errors_answers_problem_details_where_a_template_has_no_value() -> None:
    answer = ErrorAnswer("not_found", status=400, text="{{ error.max_size + 1 }}")

    response = answered(NotFound(), answer)

    assert response.status == 404
    assert (b"content-type", b"application/problem+json") in response.headers


def test_map_errors_sends_the_headers_that_are_stated() -> None:
    answer = ErrorAnswer("unauthorized", headers=(("x-why", "key"),))
    response = answered(Unauthorized(), answer)
    assert response.headers == [(b"x-why", b"key"), (b"content-length", b"0")]


def test_map_errors_answers_a_defect_and_logs_where_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "hxroute.error"):
        response = answered(ValueError("sk-secret"))
    assert response.status == 500
    assert "ValueError in GET /secret-path" in caplog.text
    assert "test_map_errors.py" in caplog.text
    assert "sk-secret" not in caplog.text
    assert b"sk-secret" not in response.body  # type: ignore[operator]


def test_map_errors_has_no_answer_for_a_client_that_left() -> None:
    with pytest.raises(ClientGone):
        answered(ClientGone())


@pytest.mark.parametrize(
    ("stated", "sent"),
    [
        ({}, [b'Bearer error="invalid_token"']),
        ({"www-authenticate": "Bearer"}, [b'Bearer error="invalid_token"']),
        (
            {"www-authenticate": 'Bearer realm="a"'},
            [b'Bearer realm="a", error="invalid_token"'],
        ),
        ({"www-authenticate": 'Basic realm="a"'}, [b'Basic realm="a"']),
    ],
)
def test_map_errors_says_what_is_wrong_with_a_token(
    stated: dict[str, str], sent: list[bytes]
) -> None:
    error = Unauthorized(challenge=b'error="invalid_token"')
    answer = ErrorAnswer("unauthorized", headers=tuple(stated.items()))
    headers = answered(error, answer).headers
    assert [value for name, value in headers if name == b"www-authenticate"] == sent


def test_map_errors_challenges_only_where_it_asks_for_a_key() -> None:
    error = Unauthorized(challenge=b'error="invalid_token"')
    answer = ErrorAnswer("unauthorized", status=403)
    assert b"www-authenticate" not in dict(answered(error, answer).headers)
