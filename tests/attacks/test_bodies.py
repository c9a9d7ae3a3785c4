"""JSON bodies of an enemy: a value, or a 400 in words of ours; never a 500."""

from __future__ import annotations

import json

import pytest

from tests.attacks.stage import Exchange, exchanges, post
from tests.runtime.serving import compiled

GATEWAY = compiled(
    """\
    - path: /rename
      methods: [POST]
      request: {max_body: 1MiB, json: {rename: {prompt: input}}}
      upstream: u
    - path: /template
      methods: [POST]
      request: {max_body: 1MiB}
      upstream: {name: u, path: /t, body: {input: "{{ body.prompt }}"}}
    - path: /echo
      methods: [POST]
      request: {max_body: 1MiB}
      respond: {json: {input: "{{ body.prompt }}"}}
    """
)
ENDPOINTS = ("rename", "template", "echo")

REFUSED = {
    "G16-digits-5000": b'{"prompt":' + b"1" * 5_000 + b"}",
    "G16-digits-negative": b'{"prompt":-' + b"1" * 5_000 + b"}",
    "G16-brackets-100k": b"[" * 100_000,
    "G16-brackets-100k-closed": b'{"prompt":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "G16-braces-100k": b'{"prompt":' * 100_000,
    "G16-lone-quote": b'"',
    "G16-cut-escape": b'{"prompt":"\\ud8',
    "G16-cut-text": b'{"prompt":"\xc3',
    "G16-not-utf-8": b'{"prompt":"\xff\xfe"}',
    "G16-overlong-slash": b'{"prompt":"\xc0\xaf"}',
    "G16-half-utf-16": '{"prompt":1}'.encode("utf-16") + b"\0",
    "G16-utf-7": b"+AHsAIgBwACI-:1}",
    "G16-two-values": b'{"prompt":1}{"prompt":2}',
    "G16-comment": b'{"prompt":1}//',
    "G16-trailing-comma": b'{"prompt":1,}',
    "G16-single-quotes": b"{'prompt':1}",
    "G16-control": b'{"prompt":"a\x01"}',
    "G16-nul-behind": b'{"prompt":1}\0',
    "G16-hexadecimal": b'{"prompt":0x10}',
    "G16-leading-zero": b'{"prompt":017}',
    "G16-plus": b'{"prompt":+1}',
}
"""What is refused by whatever reads a body."""

PASSED = {
    "G16-members-twice": (b'{"prompt":1,"prompt":2}', "2"),
    "G16-surrogate": (b'{"prompt":"\\ud800"}', '"\\ud800"'),
    "G16-surrogate-in-bytes": (b'{"prompt":"\xed\xa0\x80"}', '"\\ud800"'),
    "G16-byte-order-mark": (b'\xef\xbb\xbf{"prompt":1}', "1"),
    "G16-utf-16": ('{"prompt":"\u00e9"}'.encode("utf-16"), '"\u00e9"'),
    "G16-digits-300": (b'{"prompt":' + b"1" * 300 + b"}", "1" * 300),
    "G16-nul-in-a-text": (b'{"prompt":"\\u0000"}', '"\\u0000"'),
    "G16-prototype": (b'{"prompt":{"__proto__":{"a":1}}}', '{"__proto__":{"a":1}}'),
    "G16-not-a-number": (b'{"prompt":NaN}', "NaN"),
    "G16-beyond-floats": (b'{"prompt":1e999}', "Infinity"),
    "G16-beyond-floats-negative": (b'{"prompt":[-1e999]}', "[-Infinity]"),
    "G7-nested-300": (
        b'{"prompt":' + b"[" * 300 + b"]" * 300 + b"}",
        "[" * 300 + "]" * 300,
    ),
    "G7-objects-nested-300": (
        b'{"prompt":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}",
        '{"a":' * 300 + "1" + "}" * 300,
    ),
}
"""What passes, as the old gateway let it pass, and how it is written."""


@pytest.fixture(scope="module")
def found() -> dict[str, Exchange]:
    bodies = {**REFUSED, **{name: body for name, (body, _) in PASSED.items()}}
    requests = {
        f"{name}-{endpoint}": post(f"/{endpoint}", body)
        for name, body in bodies.items()
        for endpoint in ENDPOINTS
    }
    return exchanges(GATEWAY, requests)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", REFUSED)
def test_body_is_refused(found: dict[str, Exchange], name: str, endpoint: str) -> None:
    exchange = found[f"{name}-{endpoint}"]

    assert (exchange.status, exchange.seen) == (400, ())
    problem = json.loads(exchange.answer.body)
    assert set(problem) == {"type", "title", "status", "detail"}
    assert len(problem["detail"]) < 80


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", PASSED)
def test_body_passes(found: dict[str, Exchange], name: str, endpoint: str) -> None:
    exchange, written = found[f"{name}-{endpoint}"], PASSED[name][1]

    assert exchange.status == 200
    sent = (
        exchange.answer.body
        if endpoint == "echo"
        else exchange.call.body.encode("latin-1")
    )
    assert sent.decode() == f'{{"input":{written}}}'


def test_g16_body_that_nothing_reads_goes_on_byte_for_byte() -> None:
    gateway = compiled("- {path: /x, methods: [POST], upstream: u}")

    found = exchanges(gateway, {k: post("/x", body) for k, body in REFUSED.items()})

    for name, exchange in found.items():
        assert exchange.call.body.encode("latin-1") == REFUSED[name]
