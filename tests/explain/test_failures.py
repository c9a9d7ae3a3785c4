"""What is said of failures is what clients get, provoked one by one."""

from __future__ import annotations

import asyncio

import pytest

from hxroute.explain import Explanation, Question, ask
from hxroute.sandbox.scripted import OK, Script
from tests.explain.compared import KEPT_ALIVE, Veil, got, text_of
from tests.explain.files import RICH, SECRETS, compiled, explained
from tests.explain.served import Place
from tests.runtime.serving import Answer, served
from tests.runtime.serving import ask as asked

SHOWS_NOTHING = Veil({})

FAULTS: dict[str, tuple[str, Script]] = {
    "closed": ("disconnected", [{"close": True}]),
    "reset": ("disconnected", [{"reset": True}]),
    "no HTTP": ("bad_response", ["SSH-2.0-x\r\n\r\n", {"close": True}]),
    "cut short": (
        "bad_response",
        ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", {"close": True}],
    ),
    "bad field": ("bad_response", ["HTTP/1.1 200 OK\r\nx: \x01\r\n\r\n"]),
    "too slow": ("read_timeout", [{"sleep": 60}]),
}


def answer_of(explanation: Explanation, kind: str, reason: str = "") -> object:
    """Return what is said of one kind of failure."""
    found = [
        (item.answer.status, list(item.answer.headers), item.answer.body)
        for item in explanation.failures
        if item.kind == kind and item.reason.startswith(reason)
    ]
    assert len(found) == 1
    return found[0]


def what_came(answer: Answer) -> object:
    """Return the same of what a client got."""
    fields = got(answer, SHOWS_NOTHING, KEPT_ALIVE)
    return answer.status, fields, text_of(answer.body.decode("latin-1"))


def question_for(name: str, method: str = "POST") -> Question:
    """Return a request that the rich file's plain endpoint takes."""
    return ask(method, "/plain/x?q=1", [f"x-hx-case: {name}"], b"abc")


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_an_upstream_gets_the_answer_that_is_said(
    gateways: dict[str, Place], fault: str
) -> None:
    kind, script = FAULTS[fault]
    question, place = question_for(fault), gateways["rich"]

    answer, seen = place.play(question, script)

    assert len(seen) == 1
    assert what_came(answer) == answer_of(place.explain(question), kind)


def test_upstream_that_nobody_serves(gateways: dict[str, Place]) -> None:
    question, place = ask("GET", "/nobody"), gateways["rich"]

    answer, _ = place.play(question, OK)

    assert what_came(answer) == answer_of(place.explain(question), "connect_failed")


def test_own_timeout_of_a_call_is_the_one_that_is_said(
    gateways: dict[str, Place],
) -> None:
    question, place = ask("PUT", "/call/a/b", body=b'{"name":"n"}'), gateways["sparse"]

    answer, _ = place.play(question, [{"sleep": 60}])

    said = answer_of(place.explain(question), "read_timeout")
    assert what_came(answer) == said
    assert "nothing for 0.1 s" in answer.body.decode()


@pytest.mark.parametrize("path", ["/brief", "/brief/h1"])
def test_call_takes_too_long_in_all(gateways: dict[str, Place], path: str) -> None:
    question, place = ask("GET", path), gateways["rich"]

    answer, _ = place.play(question, [{"sleep": 60}])

    said = answer_of(place.explain(question), "total_timeout")
    assert what_came(answer) == said
    assert "more than 0.1 s" in answer.body.decode()


def test_call_without_a_limit_in_all_never_takes_too_long(
    gateways: dict[str, Place],
) -> None:
    explanation = gateways["rich"].explain(question_for("any"))

    kinds = {item.kind for item in explanation.failures}
    assert "read_timeout" in kinds
    assert "total_timeout" not in kinds


def test_no_connection_becomes_free(gateways: dict[str, Place]) -> None:
    question, place = ask("GET", "/narrow"), gateways["rich"]
    data = b"GET /narrow HTTP/1.1\r\nhost: x\r\n\r\n"

    async def two() -> Answer:
        place.upstream.reply("", [{"sleep": 60}])
        place.upstream.seen.clear()
        first = asyncio.create_task(asked(place.port, data))
        await place.upstream.arrived("")
        second = await asked(place.port, data)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await place.upstream.idle()
        return second

    answer = place.runner.run(two())

    assert what_came(answer) == answer_of(place.explain(question), "pool_timeout")


def test_upstream_takes_nothing(gateways: dict[str, Place]) -> None:
    place, body = gateways["rich"], b"x" * (24 << 20)
    question = ask("POST", "/narrow", [], body)
    result = compiled(RICH)
    assert result.gateway is not None
    gateway = result.gateway

    async def stuck() -> Answer:
        left = asyncio.Event()

        async def never_read(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await left.wait()
            writer.close()

        server = await asyncio.start_server(never_read, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, served(gateway, {**place.environ, "URL": url}) as port:
            head = b"POST /narrow HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
            try:
                return await asked(port, head % len(body) + body)
            finally:
                left.set()

    answer = place.runner.run(stuck())

    assert what_came(answer) == answer_of(place.explain(question), "write_timeout")


@pytest.mark.parametrize(
    ("status", "place_of_rule"),
    [(503, "503"), (404, "404 or 5xx, here 404"), (418, "")],
)
def test_status_of_an_upstream_gets_the_answer_that_is_said(
    gateways: dict[str, Place], status: int, place_of_rule: str
) -> None:
    question, place = question_for(f"status {status}"), gateways["rich"]
    script = [f"HTTP/1.1 {status} Nope\r\ncontent-length: 0\r\n\r\n"]

    answer, _ = place.play(question, script)

    if not place_of_rule:
        assert answer.status == status
        return
    reason = f"the upstream answered {place_of_rule}"
    said = answer_of(place.explain(question), "upstream_status", reason)
    assert what_came(answer) == said


def test_head_lets_every_status_pass(gateways: dict[str, Place]) -> None:
    question, place = ask("HEAD", "/plain/x"), gateways["rich"]

    answer, _ = place.play(question, ["HTTP/1.1 503 No\r\nx-q: theirs\r\n\r\n"])

    kinds = {item.kind for item in place.explain(question).failures}
    assert answer.status == 503
    assert "upstream_status" not in kinds


def test_status_of_one_rule_is_not_shown_by_another() -> None:
    text = RICH.replace("match: 503,", 'match: ["50x" , 500],').replace('"50x" , ', "")

    explanation = explained(compiled(text), "GET /plain/x")

    reasons = [i.reason for i in explanation.failures if i.kind == "upstream_status"]
    assert reasons == [
        "the upstream answered 500",
        "the upstream answered 404 or 5xx, here 404, unless its body is a JSON error",
    ]


def test_every_failure_names_the_line_of_its_answer() -> None:
    rows = RICH.splitlines()
    explanation = explained(compiled(RICH), "GET /keyed/1", environ=dict(SECRETS))

    for item in explanation.failures:
        row = rows[item.line - 1]
        named = item.reason.rpartition("answers ")[2].strip("`")
        assert named.partition("upstream answered")[0] in row or "match" in row


def test_failure_without_an_answer_in_the_file() -> None:
    explanation = explained(compiled(RICH), "GET /keyed/1/signed")

    found = {item.kind: item for item in explanation.failures}
    assert found["unauthorized"].reason == "problem details (RFC 9457)"
    assert found["unauthorized"].line == 0
    assert ("www-authenticate", "Bearer") in found["unauthorized"].answer.headers


def test_size_limit_is_named_where_a_body_is_too_large() -> None:
    explanation = explained(compiled(RICH), "GET /rename/1")
    assert explanation.endpoint == ""

    explanation = explained(compiled(RICH), "PUT /rename/1")

    found = {item.kind: item for item in explanation.failures}
    assert found["payload_too_large"].answer.body == '{"max":40}'
