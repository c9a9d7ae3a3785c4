"""Templates of an enemy: none leaves the sandbox, none grows without bounds."""

from __future__ import annotations

import asyncio
import json

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from tests.attacks import bounded
from tests.attacks.bounded import Outcome
from tests.attacks.expressions import (
    BOMBS,
    ESCAPES,
    GROWING,
    KEYS,
    SLOTS,
    STATEMENTS,
    UNDEFINED,
    file_of,
)
from tests.runtime.serving import ask, compiled, served

OF_THE_LANGUAGE = {"HX303", "HX304", "HX206", "HX313", "HX321"}
"""Statement or operation, variable, setting, filter or test, and who has a say."""

NO_EXPRESSIONS = {**ESCAPES, **UNDEFINED}
TRIED = ("answer", "header", "upstream", "key")
"""Slots whose templates are made into values in different ways and at different times."""

AT_MOST = 16 << 20
"""Bytes that no answer made of a request of 1 MiB is larger than."""


@pytest.mark.parametrize("name", NO_EXPRESSIONS)
def test_expression_compiles_in_no_slot(name: str) -> None:
    expression = NO_EXPRESSIONS[name]
    for slot in SLOTS:
        report = compile(file_of(slot, f"{{{{ {expression} }}}}"), "routes.yaml").report

        assert report.failed, slot
        codes = {item.code for item in report.diagnostics}
        assert codes & OF_THE_LANGUAGE, render(report)


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_compiles_in_no_slot(name: str) -> None:
    for slot in SLOTS:
        report = compile(file_of(slot, STATEMENTS[name]), "routes.yaml").report

        assert report.failed, slot
        assert "HX303" in {item.code for item in report.diagnostics}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    files = {
        f"{name}-{slot}": file_of(slot, f"{{{{ {expression} }}}}")
        for name, expression in {**BOMBS, **GROWING}.items()
        for slot in TRIED
    }
    return bounded.compiled(tmp_path_factory.mktemp("bombs"), files)


@pytest.mark.parametrize("slot", TRIED)
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_and_not_tried(
    outcomes: dict[str, Outcome], name: str, slot: str
) -> None:
    found = outcomes[f"{name}-{slot}"]

    assert found.ended == ""
    assert OF_THE_LANGUAGE.intersection(found.codes)


@pytest.mark.parametrize("slot", TRIED)
@pytest.mark.parametrize("name", GROWING)
def test_constant_that_grows_is_compiled_within_bounds(
    outcomes: dict[str, Outcome], name: str, slot: str
) -> None:
    assert outcomes[f"{name}-{slot}"].ended == ""


POST = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"


def answered(endpoint: str, value: object, path: bytes = b"/x") -> tuple[int, bytes]:
    """Return status and body of what an endpoint makes of a value of its body."""
    sent = json.dumps({"a": value}).encode()

    async def scenario() -> tuple[int, bytes]:
        async with served(compiled(endpoint), {"URL": "http://127.0.0.1:9"}) as port:
            answer = await ask(port, POST % (path, len(sent), sent))
            return answer.status, answer.body

    return asyncio.run(scenario())


def echo(expression: str) -> str:
    return (
        "- {path: /x, methods: [POST], request: {max_body: 1MiB}, "
        f"respond: {{text: '{{{{ {expression} }}}}'}}}}"
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("body.a" + ' | join("aaaaaaaaaa")' * 6, "a" * 10),
        ("body.a" + " | tojson" * 22, '"'),
        ('body.a | join("' + "a" * 100 + '")', "a" * 500_000),
        ('body.a | join("' + "a" * 100 + '")', list("a" * 200_000)),
        ("body.a ~ " * 35 + "body.a", "a" * 1_000_000),
        ("body.a }}{{ " * 34 + "body.a", "a" * 1_000_000),
        ("[" + "body.a, " * 37 + "] | tojson", "\x01" * 170_000),
    ],
    ids=[
        "G10-joins",
        "G10-tojsons",
        "G10-long-separator",
        "G10-long-separator-of-a-list",
        "G10-concatenations",
        "G10-repeated",
        "G10-repeated-in-a-list",
    ],
)
def test_answer_made_of_a_request_is_bounded(expression: str, value: object) -> None:
    status, body = answered(echo(expression), value)

    assert len(body) <= AT_MOST
    assert status in (200, 400, 413, 500)


@pytest.mark.parametrize("key", KEYS, ids="G9-{}".format)
def test_attribute_is_a_key_of_the_request(key: str) -> None:
    endpoint = echo(f'body.a["{key}"]')

    assert answered(endpoint, {key: "theirs"}) == (200, b"theirs")
    assert answered(endpoint, {})[0] == 400
    assert answered(endpoint, "a text")[0] == 400
    assert answered(endpoint, ["a list"])[0] == 400


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("body.b", 1),
        ("body.a.b", 1),
        ("body.a.b.c", {}),
        ("body.a[7]", [1]),
        ("body.a + 1", "x"),
        ("body.a < 1", None),
        ("[body.b] | tojson", 1),
        ("body.b if body.a else 1", True),
    ],
)
def test_g15_undefined_value_is_a_bad_request(expression: str, value: object) -> None:
    status, body = answered(echo(expression), value)

    assert status == 400
    assert json.loads(body)["title"] == "Bad Request"
