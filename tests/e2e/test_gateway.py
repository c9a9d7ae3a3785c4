"""The gateway as its user runs it, in front of the embedded upstream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.client import HTTPConnection

import pytest

from hxroute.sandbox.embedded import Embedded
from hxroute.sandbox.serving import serving

MASTER_KEY = "sk-hx-e2e"
HEADERS = {"authorization": f"Bearer {MASTER_KEY}", "content-type": "application/json"}


@pytest.fixture(scope="module")
def port(gateway: Callable[[int], AbstractContextManager[int]]) -> Iterator[int]:
    # A minute between two chunks: who holds one back for the next is found out.
    with serving(Embedded(delay=60)) as upstream, gateway(upstream) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[HTTPConnection]:
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    yield client
    client.close()


def test_headers_pass_both_ways(client: HTTPConnection) -> None:
    client.request("GET", "/v1/models", headers={**HEADERS, "x-request-id": "mine"})
    response = client.getresponse()
    assert response.status == 200
    assert response.headers["x-request-id"] == "mine"
    assert response.headers["x-ratelimit-limit-requests"] == "1000"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "server" not in response.headers
    assert [model["id"] for model in json.load(response)["data"]] == [
        "hx-chat",
        "emb-light",
    ]


def test_prompt_becomes_input(client: HTTPConnection) -> None:
    body = json.dumps({"model": "emb-light", "prompt": "Hello?"})
    client.request("POST", "/v1/embeddings", body, HEADERS)
    response = client.getresponse()
    assert (response.status, len(json.load(response)["data"])) == (200, 1)


def test_streamed_chunk_is_not_held_back(client: HTTPConnection) -> None:
    messages = [{"role": "user", "content": "Hello?"}]
    body = json.dumps({"model": "hx-chat", "messages": messages, "stream": True})
    client.request("POST", "/v1/chat/completions", body, HEADERS)
    response = client.getresponse()
    assert response.headers["content-type"] == "text/event-stream"
    assert response.readline().startswith(b"data: {")


def test_upstream_error_passes(client: HTTPConnection) -> None:
    client.request("GET", "/v1/models/none", headers=HEADERS)
    response = client.getresponse()
    assert response.status == 404
    assert json.load(response)["error"]["code"] == "model_not_found"


def test_health_needs_no_key(client: HTTPConnection) -> None:
    client.request("GET", "/healthz")
    assert json.load(client.getresponse())["ok"] is True
