"""Tokens at a gateway that is served, with the keys of an issuer that is served too."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.errors import Overloaded, StartError
from hxroute.http import Request, Response
from hxroute.ir import Gateway
from hxroute.runtime import Running
from hxroute.tokens.claims import Wanted
from hxroute.tokens.source import PAUSE, Known, Source, lifetime
from hxroute.tokens.verifier import Verifier
from tests.nodes.fakes import start, through
from tests.runtime.serving import Answer, ask, served
from tests.tokens.issuer import NOW, SAID, issuing, key, keys, public, token

ROUTES = """\
version: 1
settings:
  jwks: {env: JWKS}
  alice: {env: ALICE, default: an own key, secret: true}
auth:
  clients:
    bearer: [{name: own, key: "{{ settings.alice }}"}]
    jwt: {issuer: "https://issuer", audience: gateway, jwks: "{{ settings.jwks }}"}
endpoints: [{path: /x, auth: clients, respond: {text: hello}}]
"""
SET = keys(public(key(), kid="one"))


def gateway(text: str = ROUTES) -> Gateway:
    result = compile(text.encode(), "routes.yaml")
    assert result.gateway is not None, render(result.report)
    return result.gateway


def good(kid: str = "one", number: int = 1, **more: Any) -> bytes:
    """Return a token that is good for five minutes from now on."""
    said = {**SAID, "exp": time.time() + 300, **more}
    return token(said, {"alg": "RS256", "kid": kid}, key(number=number))


async def show(port: int, shown: bytes) -> Answer:
    head = b"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
    return await ask(port, head + shown + b"\r\n\r\n")


def test_token_and_key_open_the_same_door() -> None:
    async def scenario() -> None:
        async with (
            issuing(SET) as issuer,
            served(gateway(), {"JWKS": issuer.url}) as at,
        ):
            await issuer.asked_times(1)
            assert (await show(at, good())).body == b"hello"
            assert (await show(at, b"an own key")).body == b"hello"
            assert (await show(at, good(sub="bob"))).status == 200
            refused = await show(at, good(exp=time.time() - 300))
            challenge = 'Bearer error="invalid_token"'
            assert (refused.status, refused.get("www-authenticate")) == (401, challenge)
            missing = await ask(at, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (missing.status, missing.get("www-authenticate")) == (401, "Bearer")
            assert (await show(at, good(number=3))).status == 401
            assert issuer.asked == 1

    asyncio.run(scenario())


def test_before_any_key_is_known_the_answer_is_503() -> None:
    async def scenario() -> None:
        async with (
            issuing(SET, fails=True) as issuer,
            served(gateway(), {"JWKS": issuer.url}) as at,
        ):
            answer = await show(at, good())
            assert (answer.status, answer.get("retry-after")) == (503, "5")
            assert (await show(at, b"an own key")).status == 200
            assert (await show(at, b"nonsense")).status == 401
            issuer.fails = False
            await issuer.asked_times(issuer.asked + 1)  # the job tries again by itself
            assert (await show(at, good())).status == 200

    asyncio.run(scenario())


def test_tokens_of_unknown_keys_cause_no_storm() -> None:
    async def scenario() -> None:
        async with (
            issuing(SET) as issuer,
            served(gateway(), {"JWKS": issuer.url}) as at,
        ):
            await issuer.asked_times(1)
            answers = await asyncio.gather(
                *(show(at, good(f"k{n}")) for n in range(20))
            )
            assert {answer.status for answer in answers} == {401}
            assert issuer.asked <= 2  # on a machine that takes ten seconds for this

    asyncio.run(scenario())


def test_keys_outlive_a_reload_and_the_issuer() -> None:
    async def scenario() -> None:
        async with issuing(SET) as issuer:
            environ = {"JWKS": issuer.url}
            first = Running(gateway(), environ)
            first.begin()
            request = Request("GET", b"/x")
            request.headers = [(b"authorization", b"Bearer " + good())]
            assert (await first.handler(request)(request)).status == 200
            assert request.key == "alice"
            issuer.fails = True
            second = Running(gateway(), environ, first.kept)
            second.begin()
            await first.close()
            assert (await second.handler(request)(request)).status == 200
            third = Running(gateway(), {"JWKS": f"{issuer.url}2"}, second.kept)
            assert (await third.handler(request)(request)).status == 503
            await second.close()
            await third.close()

    asyncio.run(scenario())


class Clocked:
    """A source whose time and answers a test decides."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.now, self.slept = 0.0, [0.0][1:]
        self.answers = list(answers)
        self.known = Known()
        self.source = Source(
            self.known, "jwks", self.fetch, b"", lambda: self.now, self.sleep
        )

    async def fetch(self, request: Request) -> Response:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if not self.answers:
            raise asyncio.CancelledError

    def run(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(self.source.run())


@pytest.mark.parametrize(
    ("seconds", "fetched"), [(1.0, False), (PAUSE, True), (-3600.0, True)]
)
def test_unknown_keys_cause_a_fetch_once_in_a_while(
    seconds: float, fetched: bool
) -> None:
    clocked = Clocked(answer(), answer())

    async def scenario() -> None:
        await clocked.source.refresh()
        clocked.now += seconds
        await clocked.source.refresh()

    asyncio.run(scenario())
    assert (not clocked.answers) is fetched


def answer(age: str = "", body: bytes = SET, status: int = 200) -> Response:
    fields = [(b"cache-control", age.encode())] if age else []
    return Response(status, fields, body)


def test_keys_are_fetched_again_when_they_are_old() -> None:
    this = Clocked(answer("public, max-age=3600"), answer("max-age=1"), answer())
    this.run()

    assert this.slept == [3600.0, 60.0, 600.0]


def test_old_keys_serve_on_while_there_are_no_new_ones() -> None:
    failures: list[Response | Exception] = [
        *(Overloaded(), answer(status=404), answer(body=b"{}"), OSError("secret")),
        *(answer(status=500) for _ in range(5)),
    ]
    this = Clocked(answer("max-age=60"), *failures)
    this.run()

    assert this.known.keys is not None
    assert this.slept == [60.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0]


def test_new_key_of_the_issuer_is_fetched_when_a_token_names_it() -> None:
    new = keys(public(key(number=2), kid="two"))
    this = Clocked(answer(), answer(body=new), answer(body=new))
    wanted = Wanted("https://issuer", frozenset({"gateway"}), 30.0, (), "sub")
    verifier = Verifier(wanted, ["RS256"], this.known, this.source, lambda: NOW)
    second = token(header={"alg": "RS256", "kid": "two"}, pair=key(number=2))
    third = token(header={"alg": "RS256", "kid": "three"}, pair=key(number=3))

    async def scenario() -> None:
        assert await verifier.name_of(token()) == "alice"
        assert await verifier.name_of(second) is None, "it was tried a moment ago"
        this.now += 10
        shown = (verifier.name_of(item) for item in (second, second, third, second))
        assert await asyncio.gather(*shown) == ["alice", "alice", None, "alice"]
        assert len(this.answers) == 1, "one fetch for all of them"
        assert await verifier.name_of(third) is None
        assert await verifier.name_of(token()) is None, "its key is gone"
        assert len(this.answers) == 1

    asyncio.run(scenario())


def test_what_is_no_issuer_s_text_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Clocked(OSError("secret"), answer(status=500)).run()

    assert [record.getMessage() for record in caplog.records] == [
        "no keys from jwks: OSError",
        "no keys from jwks: status 500",
    ]


def test_set_that_does_not_end_is_given_up() -> None:
    closed: list[int] = []

    async def endless() -> Any:
        try:
            while True:
                yield b" " * 65536
        finally:
            closed.append(1)

    this = Clocked(Response(200, [], endless()))
    this.run()

    assert this.known.keys is None
    assert closed == [1]


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("max-age=3600", 3600.0),
        ("Max-Age=3600", 3600.0),
        ("no-cache", 600.0),
        ("s-max-age=9999", 600.0),
        ("max-age=999999999", 86400.0),
        ("max-age=-1", 600.0),
        ("max-age=0", 60.0),
        ("", 600.0),
    ],
)
def test_lifetime_is_bounded(field: str, seconds: float) -> None:
    assert lifetime([(b"cache-control", field.encode())]) == seconds


def test_keys_of_a_file_need_no_issuer(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(SET)
    text = ROUTES.replace('jwks: "{{ settings.jwks }}"', f"jwks_file: {path}")
    text = text.replace("  jwks: {env: JWKS}\n", "")

    async def scenario() -> None:
        async with served(gateway(text), {}) as at:
            assert (await show(at, good())).status == 200
            assert (await show(at, good("two"))).status == 401

    asyncio.run(scenario())
    path.write_text("{}")
    with pytest.raises(StartError, match=r"line 7: .*jwks\.json holds no key"):
        Running(gateway(text), {})
    path.unlink()
    with pytest.raises(StartError, match=r"jwks\.json cannot be read"):
        Running(gateway(text), {})


def test_gateway_without_tokens_loads_nothing_for_them() -> None:
    script = (
        "import sys, hxroute.runtime, hxroute.nodes; print('joserfc' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


def test_gateway_that_lacks_the_extra_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hxroute.tokens.wiring", None)
    node = gateway().endpoints[0].pipeline[2]

    with pytest.raises(StartError, match=r"line 8: .*pip install 'hxroute\[jwt\]'"):
        through(node, Request("GET", b"/"), start({"alice": "x"}))
