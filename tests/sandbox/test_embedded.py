from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.sandbox.embedded import MODELS, Embedded
from hxroute.sandbox.serving import Message

HELLO = {"model": "hx-chat", "messages": [{"role": "user", "content": "good morning"}]}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    parts: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[Any]:
        assert self.parts[-1] == b"data: [DONE]\n\n"
        return [json.loads(part.removeprefix(b"data: ")) for part in self.parts[:-1]]


def call(
    method: str,
    path: str,
    body: object = b"",
    headers: dict[str, str] | None = None,
    app: Embedded | None = None,
) -> Answer:
    return asyncio.run(exchange(app or Embedded(delay=0), method, path, body, headers))


async def exchange(
    app: Embedded, method: str, path: str, body: object, headers: dict[str, str] | None
) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    messages: list[Message] = [
        {"type": "http.request", "body": data[:9], "more_body": True},
        {"type": "http.request", "body": data[9:]},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()  # the client stays
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    pairs = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs}
    await app(scope, receive, send)
    start, *parts = sent
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]
    lines = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], lines, [part["body"] for part in parts])


def embed(text: object, **fields: object) -> Any:
    body = {"model": "emb-light", "input": text, **fields}
    answer = call("POST", "/v1/embeddings", body)
    assert answer.status == 200
    return [item["embedding"] for item in answer.json()["data"]]


def test_models_are_listed() -> None:
    answer = call("GET", "/v1/models")
    assert answer.status == 200
    assert [model["id"] for model in answer.json()["data"]] == list(MODELS)


def test_one_model_is_described() -> None:
    answer = call("GET", "/v1/models/emb-light")
    assert answer.json()["id"] == "emb-light"
    assert answer.headers["content-length"] == str(len(answer.body))


def test_liveliness_is_as_litellm_has_it() -> None:
    assert call("GET", "/health/liveliness").json() == "I'm alive!"


def test_chat_mentions_the_last_user_message() -> None:
    said = [{"type": "text", "text": "what is"}, {"type": "text", "text": "the time"}]
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "user", "content": said},
        {"role": "assistant", "content": None},
    ]
    body = {"model": "hx-chat", "messages": messages}
    answer = call("POST", "/v1/chat/completions", body).json()
    (choice,) = answer["choices"]
    assert "“what is the time”" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert answer["usage"]["prompt_tokens"] == 5


def test_chat_is_deterministic() -> None:
    first, second = (call("POST", "/v1/chat/completions", HELLO) for _ in "12")
    assert first.body == second.body


def test_chat_without_a_user_message_still_answers() -> None:
    body = {"model": "hx-chat", "messages": [{"role": "system", "content": "x"}]}
    answer = call("POST", "/v1/chat/completions", body).json()
    assert "“nothing”" in answer["choices"][0]["message"]["content"]


def test_stream_says_what_the_whole_answer_says() -> None:
    whole = call("POST", "/v1/chat/completions", HELLO).json()
    answer = call("POST", "/v1/chat/completions", {**HELLO, "stream": True})
    choices = [event["choices"][0] for event in answer.events()]
    said = "".join(choice["delta"].get("content", "") for choice in choices)
    assert said == whole["choices"][0]["message"]["content"]
    assert len(choices) > 5
    assert choices[0]["delta"]["role"] == "assistant"
    reasons = [choice["finish_reason"] for choice in choices]
    assert reasons == [None] * (len(choices) - 1) + ["stop"]


def test_stream_headers_name_no_length() -> None:
    answer = call("POST", "/v1/chat/completions", {**HELLO, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream"
    assert "content-length" not in answer.headers


def test_stream_usage_comes_last_when_asked_for() -> None:
    options = {"include_usage": True}
    body = {**HELLO, "stream": True, "stream_options": options}
    *_, last = call("POST", "/v1/chat/completions", body).events()
    assert last["choices"] == []
    whole = call("POST", "/v1/chat/completions", HELLO).json()
    assert last["usage"] == whole["usage"]


def test_stream_ends_when_the_client_leaves() -> None:
    async def play() -> list[bytes]:
        left = asyncio.Event()
        body = json.dumps({**HELLO, "stream": True}).encode()
        messages = [{"type": "http.request", "body": body}]
        parts: list[bytes] = []

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            parts.append(message.get("body", b""))
            if len(parts) == 2:
                left.set()

        scope = {"type": "http", "method": "POST", "headers": []}
        path = {"path": "/v1/chat/completions"}
        async with asyncio.timeout(5):
            await Embedded(delay=60)(scope | path, receive, send)
        return parts

    assert len(asyncio.run(play())) == 2  # the head and one chunk


def test_embeddings_are_unit_vectors_of_their_text() -> None:
    one, two, again = embed(["one", "two", "one"])
    assert one == again != two
    assert math.hypot(*one) == pytest.approx(1)
    assert embed("one") == [one]


def test_embeddings_in_base64_are_the_same_numbers() -> None:
    (encoded,) = embed("one", encoding_format="base64")
    (plain,) = embed("one", encoding_format="float")
    assert list(struct.unpack("<8f", base64.b64decode(encoded))) == plain


def test_embeddings_by_prompt_lack_their_input() -> None:
    body = {"model": "emb-light", "prompt": "hello"}
    answer = call("POST", "/v1/embeddings", body)
    assert answer.status == 400
    assert answer.json() == {
        "error": {
            "message": "Missing required parameter: 'input'",
            "type": "invalid_request_error",
            "param": "input",
            "code": None,
        }
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/v1/nothing", b"", 404, "Invalid URL (GET /v1/nothing)"),
        ("GET", "/v1/models/none", b"", 404, "Unknown model: none"),
        ("GET", "/v1/embeddings", b"", 405, "Not allowed to GET on /v1/embeddings."),
        ("POST", "/v1/models", b"", 405, "Not allowed to POST on /v1/models."),
        ("POST", "/v1/embeddings", b"{", 400, "The request body is not a JSON object."),
        ("POST", "/v1/embeddings", [], 400, "The request body is not a JSON object."),
        ("POST", "/v1/embeddings", {}, 404, "Unknown model: None"),
        ("POST", "/v1/embeddings", {"model": "hx-chat"}, 404, "Unknown model: hx-chat"),
        (
            "POST",
            "/v1/chat/completions",
            {"model": "hx-chat", "messages": "hi"},
            400,
            "Invalid type for 'messages'.",
        ),
    ],
)
def test_refusals_have_openai_shape(
    method: str, path: str, body: object, status: int, message: str
) -> None:
    answer = call(method, path, body)
    assert (answer.status, answer.json()["error"]["message"]) == (status, message)
    assert answer.headers["content-type"] == "application/json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MESSAGES = st.lists(JSON | st.dictionaries(st.sampled_from(["role", "content"]), JSON))


@settings(deadline=None)
@given(messages=MESSAGES, stream=st.booleans(), options=JSON)
def test_chat_survives_any_json(messages: Any, stream: bool, options: Any) -> None:
    body = {"model": "hx-chat", "messages": messages, "stream": stream}
    answer = call("POST", "/v1/chat/completions", {**body, "stream_options": options})
    assert answer.status in (200, 400)


@settings(deadline=None)
@given(model=st.sampled_from(list(MODELS)) | JSON, texts=JSON, form=JSON)
def test_embeddings_survive_any_json(model: Any, texts: Any, form: Any) -> None:
    body = {"model": model, "input": texts, "encoding_format": form}
    assert call("POST", "/v1/embeddings", body).status in (200, 400, 404)


def test_lone_surrogates_stay_escaped() -> None:
    asked = (
        rb'{"model": "hx-chat", "messages": [{"role": "user", "content": "\ud800"}]}'
    )
    assert rb"\ud800" in call("POST", "/v1/chat/completions", asked).body


def test_request_id_is_echoed_or_new() -> None:
    echoed = call("GET", "/v1/models", headers={"x-request-id": "mine"})
    assert echoed.headers["x-request-id"] == "mine"
    new = {call("GET", "/v1/models").headers["x-request-id"] for _ in range(3)}
    assert len(new) == 3


def test_rate_limit_counts_down() -> None:
    app = Embedded(delay=0)
    answers = [call("GET", path, app=app) for path in ("/v1/models", "/nothing")]
    name = "x-ratelimit-remaining-requests"
    assert [answer.headers[name] for answer in answers] == ["999", "998"]
    assert answers[0].headers["x-ratelimit-limit-requests"] == "1000"


def test_other_scopes_are_not_ours() -> None:
    async def never() -> Message:
        raise AssertionError

    async def nothing(message: Message) -> None:
        raise AssertionError

    with pytest.raises(NotImplementedError, match="lifespan"):
        asyncio.run(Embedded()({"type": "lifespan"}, never, nothing))
