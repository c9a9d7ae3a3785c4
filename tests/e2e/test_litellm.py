"""The openai SDK, through the gateway, to the real LiteLLM proxy."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

import pytest

pytestmark = pytest.mark.litellm

GATEWAY_KEY = "sk-hx-e2e"
LITELLM_KEY = "sk-upstream-1234"


def post(port: int, key: str, path: str, body: object) -> tuple[int, bytes]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_models(sdk: dict[str, Any]) -> None:
    names = ["gpt-mock", "embed-mock", "rate-limited", "broken", "timeout"]
    assert sdk["models"] == names


def test_chat(sdk: dict[str, Any]) -> None:
    assert sdk["chat"] == "Hello from the mock model."


def test_chat_headers(sdk: dict[str, Any]) -> None:
    headers = sdk["chat_headers"]
    assert headers["x-litellm-version"] == "1.106.2"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["date"].count("GMT") == 1  # the gateway's own, not both


def test_streamed_chat(sdk: dict[str, Any]) -> None:
    said = [text for text, _ in sdk["streamed_chat"]]
    assert said == ["Hel", "lo ", "fro", "m t", "he ", "moc", "k m", "ode", "l.", None]
    assert [reason for _, reason in sdk["streamed_chat"]] == [None] * 9 + ["stop"]


def test_embeddings_by_input(sdk: dict[str, Any]) -> None:
    assert sdk["embeddings_by_input"] == [0.1, 0.2, 0.3]


def test_embeddings_by_prompt(sdk: dict[str, Any]) -> None:
    assert sdk["embeddings_by_prompt"] == [0.1, 0.2, 0.3]


def test_embeddings_by_prompt_without_the_gateway(litellm: int) -> None:
    body = {"model": "embed-mock", "prompt": "Hello?"}
    status, answer = post(litellm, LITELLM_KEY, "/v1/embeddings", body)
    assert status == 400
    assert b"Missing required parameter: 'input'" in answer


def test_wrong_key(sdk: dict[str, Any]) -> None:
    seen = sdk["wrong_key"]
    assert (seen["error"], seen["status"]) == ("AuthenticationError", 401)
    assert seen["headers"]["www-authenticate"] == "Bearer"
    assert seen["body"] == {"error": "Unauthorized"}


def test_litellms_own_key_is_no_key_here(gateway_to_litellm: int) -> None:
    answer = post(gateway_to_litellm, LITELLM_KEY, "/v1/embeddings", {})
    assert answer == (401, b'{"error":"Unauthorized"}')


@pytest.mark.parametrize(
    ("probe", "error", "status", "kind"),
    [
        ("unknown_model", "BadRequestError", 400, "invalid_request_error"),
        ("rate_limited", "RateLimitError", 429, "throttling_error"),
        ("broken", "InternalServerError", 500, "internal_server_error"),
        ("timeout", "APIStatusError", 408, "invalid_request_error"),
    ],
)
def test_errors_are_litellms(
    sdk: dict[str, Any], probe: str, error: str, status: int, kind: str
) -> None:
    seen = sdk[probe]
    assert (seen["error"], seen["status"]) == (error, status)
    assert seen["body"]["error"]["type"] == kind
    assert seen["body"]["error"]["code"] == str(status)


@pytest.mark.parametrize("model", ["no-such-model", "rate-limited", "broken"])
def test_error_bodies_pass_untouched(
    litellm: int, gateway_to_litellm: int, model: str
) -> None:
    path = "/v1/chat/completions"
    body = {"model": model, "messages": [{"role": "user", "content": "Hello?"}]}
    direct = post(litellm, LITELLM_KEY, path, body)
    assert post(gateway_to_litellm, GATEWAY_KEY, path, body) == direct
    assert direct[0] in (400, 429, 500)
