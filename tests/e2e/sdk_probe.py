"""Drive a gateway with the official openai SDK and print what it saw, as JSON.

    python tests/e2e/sdk_probe.py BASE_URL KEY

It runs in the SDK's own environment, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import openai  # type: ignore[import-not-found, unused-ignore]

MESSAGES: list[Any] = [{"role": "user", "content": "Hello?"}]


def models(client: openai.OpenAI) -> object:
    return [model.id for model in client.models.list()]


def chat(client: openai.OpenAI, model: str = "gpt-mock") -> object:
    answer = client.chat.completions.create(model=model, messages=MESSAGES)
    return answer.choices[0].message.content


def chat_headers(client: openai.OpenAI) -> object:
    raw = client.chat.completions.with_raw_response
    return dict(raw.create(model="gpt-mock", messages=MESSAGES).headers)


def streamed_chat(client: openai.OpenAI) -> object:
    chunks = client.chat.completions.create(
        model="gpt-mock", messages=MESSAGES, stream=True
    )
    choices = [chunk.choices[0] for chunk in chunks]
    return [[choice.delta.content, choice.finish_reason] for choice in choices]


def embeddings_by_input(client: openai.OpenAI) -> object:
    answer = client.embeddings.create(model="embed-mock", input="Hello?")
    return answer.data[0].embedding


def embeddings_by_prompt(client: openai.OpenAI) -> object:
    body = {"model": "embed-mock", "prompt": "Hello?"}
    answer: Any = client.post("/embeddings", cast_to=object, body=body)
    return answer["data"][0]["embedding"]


def wrong_key(client: openai.OpenAI) -> object:
    return models(client.with_options(api_key="sk-wrong"))


def unknown_model(client: openai.OpenAI) -> object:
    return chat(client, "no-such-model")


def rate_limited(client: openai.OpenAI) -> object:
    return chat(client, "rate-limited")


def broken(client: openai.OpenAI) -> object:
    return chat(client, "broken")


def timeout(client: openai.OpenAI) -> object:
    return chat(client, "timeout")


PROBES: tuple[Callable[[openai.OpenAI], object], ...] = (
    models,
    chat,
    chat_headers,
    streamed_chat,
    embeddings_by_input,
    embeddings_by_prompt,
    wrong_key,
    unknown_model,
    rate_limited,
    broken,
    timeout,
)


def seen(probe: Callable[[openai.OpenAI], object], client: openai.OpenAI) -> object:
    """Return what the probe returns, or the error that the SDK made of it."""
    try:
        return probe(client)
    except openai.APIStatusError as error:
        return {
            "error": type(error).__name__,
            "status": error.status_code,
            "headers": dict(error.response.headers),
            "body": error.response.json(),
        }
    except openai.APIError as error:
        return {"error": type(error).__name__, "message": str(error)}


def main(base_url: str, key: str) -> None:
    """Run every probe, one after the other, without the SDK's own retries."""
    with openai.OpenAI(
        base_url=base_url, api_key=key, max_retries=0, timeout=30
    ) as client:
        answers = {probe.__name__: seen(probe, client) for probe in PROBES}
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
