"""An OpenAI-compatible upstream that needs no network, no key and no model.

One ASGI application on the standard library. The same request gets the same
answer, apart from the request id and the rate-limit count in its headers.
It checks no credential: that is the gateway's business.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import math
import re
import struct
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from hxroute.sandbox.serving import Message, Receive, Send

__all__ = ["MODELS", "REQUEST_LIMIT", "Embedded"]

Json: TypeAlias = dict[str, Any]

MODELS = {"hx-chat": "chat", "emb-light": "embeddings"}
REQUEST_LIMIT = 1000
_CREATED = 1_700_000_000  # a fixed time, so that answers can be compared
_MODEL = "/v1/models/"


class Embedded:
    """Answer as OpenAI would, with `delay` seconds between the chunks of a stream."""

    def __init__(self, delay: float = 0.05) -> None:
        self.delay = delay
        self._served = itertools.count(1)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = await _read(receive)
        status, answer = _answer(scope["method"], scope["path"], body)
        headers = self._headers(dict(scope["headers"]), answer)
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        if isinstance(answer, bytes):
            await _send_part(send, answer)
        else:
            await self._stream(answer, receive, send)

    def _headers(
        self, request: dict[bytes, bytes], answer: bytes | Iterator[Json]
    ) -> list[tuple[bytes, bytes]]:
        new = f"req_{uuid.uuid4().hex}".encode()
        remaining = max(0, REQUEST_LIMIT - next(self._served))
        headers = [
            (b"x-request-id", request.get(b"x-request-id", new)),
            (b"x-ratelimit-limit-requests", b"%d" % REQUEST_LIMIT),
            (b"x-ratelimit-remaining-requests", b"%d" % remaining),
        ]
        if not isinstance(answer, bytes):
            return [(b"content-type", b"text/event-stream"), *headers]
        length = (b"content-length", b"%d" % len(answer))
        return [(b"content-type", b"application/json"), length, *headers]

    async def _stream(
        self, events: Iterator[Json], receive: Receive, send: Send
    ) -> None:
        # The body was read to its end, so all that can come is a disconnect.
        left = asyncio.ensure_future(receive())
        try:
            for event in events:
                await _send_part(send, b"data: %b\n\n" % _dump(event), more=True)
                await asyncio.wait([left], timeout=self.delay)
                if left.done():
                    return
        finally:
            left.cancel()
        await _send_part(send, b"data: [DONE]\n\n")


class _OpenAIError(Exception):
    """An answer in the shape of OpenAI's own errors."""

    def __init__(self, status: int, message: str, **fields: str) -> None:
        self.status = status
        kind = "invalid_request_error"
        error: Json = {"message": message, "type": kind, "param": None, "code": None}
        self.body = {"error": error | fields}


def _answer(method: str, path: str, body: bytes) -> tuple[int, bytes | Iterator[Json]]:
    """Return a status with a whole body, or with the events of a stream."""
    try:
        answer = _handle(method, path, body)
    except _OpenAIError as error:
        return error.status, _dump(error.body)
    return 200, answer if isinstance(answer, Iterator) else _dump(answer)


def _handle(method: str, path: str, body: bytes) -> object:
    route = _ROUTES.get(_MODEL if path.startswith(_MODEL) else path)
    if route is None:
        raise _OpenAIError(404, f"Invalid URL ({method} {path})")
    allowed, handler = route
    if method != allowed:
        raise _OpenAIError(405, f"Not allowed to {method} on {path}.")
    return handler(path if allowed == "GET" else _parse(body))


def _models(path: str) -> Json:
    return {"object": "list", "data": [_model(_MODEL + name) for name in MODELS]}


def _model(path: str) -> Json:
    name = _known(path.removeprefix(_MODEL))
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "hxroute"}


def _chat(request: Json) -> Json | Iterator[Json]:
    model = _known(request.get("model"), "chat")
    messages = _objects(_required(request, "messages", list))
    reply = _reply(model, messages)
    usage = _usage([_text(message) for message in messages], reply)
    name = f"chatcmpl-{hashlib.sha256(_dump(request)).hexdigest()[:24]}"
    head: Json = {"id": name, "created": _CREATED, "model": model}
    if request.get("stream") is True:
        options = request.get("stream_options")
        counted = isinstance(options, dict) and options.get("include_usage") is True
        head["object"] = "chat.completion.chunk"
        return _chunks(head, reply, usage if counted else None)
    message = {"role": "assistant", "content": reply}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return head | {"object": "chat.completion", "choices": [choice], "usage": usage}


def _embeddings(request: Json) -> Json:
    model = _known(request.get("model"), "embeddings")
    given = _required(request, "input", str, list)
    texts = given if isinstance(given, list) else [given]
    vectors = [_vector(text, request.get("encoding_format")) for text in texts]
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    usage = _usage(map(str, texts))
    return {"object": "list", "data": data, "model": model, "usage": usage}


_ROUTES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "/health/liveliness": ("GET", lambda _: "I'm alive!"),
    "/v1/models": ("GET", _models),
    _MODEL: ("GET", _model),
    "/v1/chat/completions": ("POST", _chat),
    "/v1/embeddings": ("POST", _embeddings),
}


def _parse(body: bytes) -> Json:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise _OpenAIError(400, "The request body is not a JSON object.")
    return request


def _required(request: Json, name: str, *kinds: type) -> Any:
    value = request.get(name)
    if not value:
        raise _OpenAIError(400, f"Missing required parameter: '{name}'", param=name)
    if not isinstance(value, kinds):
        raise _OpenAIError(400, f"Invalid type for '{name}'.", param=name)
    return value


def _known(model: object, purpose: str | None = None) -> str:
    """Return the model if there is one of this name and for this purpose."""
    for name, use in MODELS.items():
        if name == model and purpose in (None, use):
            return name
    text = f"Unknown model: {model}"
    raise _OpenAIError(404, text, param="model", code="model_not_found")


def _reply(model: str, messages: list[Json]) -> str:
    said = [_text(message) for message in messages if message.get("role") == "user"]
    last = " ".join(said[-1].split())[:80] if said else "nothing"
    return f"Hello from {model}! You said: “{last}”. No network was needed for this."


def _text(message: Json) -> str:
    """Return what a message says, be its content a text or a list of parts."""
    content = message.get("content") or ""
    parts = content if isinstance(content, list) else [{"text": content}]
    return " ".join(str(part.get("text", "")) for part in _objects(parts))


def _objects(values: list[Any]) -> list[Json]:
    return [value for value in values if isinstance(value, dict)]


def _usage(texts: Iterable[str], reply: str = "") -> Json:
    """Count words as tokens."""
    prompt, completion = sum(len(text.split()) for text in texts), len(reply.split())
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    return counts | {"total_tokens": prompt + completion}


def _chunks(head: Json, reply: str, usage: Json | None) -> Iterator[Json]:
    """Yield the events of a streamed reply, one a word."""
    deltas: list[Json] = [{"content": word} for word in re.findall(r"\S+\s*", reply)]
    deltas[0]["role"] = "assistant"
    for delta in [*deltas, {}]:
        reason = None if delta else "stop"
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        yield head | {"choices": [choice]}
    if usage:
        yield head | {"choices": [], "usage": usage}


def _vector(text: object, form: object) -> object:
    """Return eight 32-bit floats of length one that depend on the text alone."""
    numbers = struct.unpack("<8h", hashlib.sha256(_dump(text)).digest()[:16])
    length = math.hypot(*numbers)
    packed = struct.pack("<8f", *(number / length for number in numbers))
    if form == "base64":
        return base64.b64encode(packed).decode()
    return struct.unpack("<8f", packed)


def _dump(value: object) -> bytes:
    # A lone surrogate goes out as it may have come in: escaped.
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")


async def _read(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def _send_part(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
