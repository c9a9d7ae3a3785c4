"""Keys: what opens an endpoint, what does not, and where no key goes."""

from __future__ import annotations

import asyncio
import hmac
import sys
from types import FrameType
from typing import Final

import pytest

from hxroute.compiler import compile
from hxroute.errors import Unauthorized
from hxroute.http import Request
from hxroute.ir import BearerAuth
from hxroute.nodes import Authenticate
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.attacks.stage import Exchange, exchanges, get
from tests.nodes.fakes import start, through
from tests.processes import ROOT
from tests.runtime.serving import HEAD, compiled, read_answer, served

KEY: Final = "sk-right-\u00e9"
HEADERS = (
    "settings: {url: {env: URL}, key: {env: KEY, secret: true}, "
    "own: {env: OWN, secret: true}}\n"
)
KEYED = compiled(
    """\
    - {path: /x, upstream: u}
    - {path: /openai, errors: openai, upstream: u}
    - {path: /own, errors: own, upstream: u}
    - path: /forward
      request: {headers: as_sent}
      upstream: u
    """,
    "version: 1\n"
    + HEADERS
    + 'upstreams: {u: {url: "{{ settings.url }}"}}\n'
    + 'auth: {k: {bearer: ["{{ settings.key }}"]}}\n'
    + "headers:\n"
    + "  as_sent: {forward: [authorization, cookie]}\n"
    + '  own_key: {drop: [cookie], set: {authorization: "Bearer {{ settings.own }}"}}\n'
    + "errors: {own: {other: {text: no}, unauthorized: "
    + "{headers: {www-authenticate: Bearer}, text: no}}}\n"
    + "defaults: {auth: k, request: {headers: own_key}}\n",
)
ENVIRON = {"KEY": KEY, "OWN": "sk-of-the-gateway"}

_RIGHT: Final = b"Authorization: Bearer " + KEY.encode()

REFUSED: dict[str, tuple[bytes, ...]] = {
    "none": (),
    "empty": (b"Authorization:",),
    "blank": (b"Authorization:  \t",),
    "scheme-only": (b"Authorization: Bearer",),
    "scheme-and-blank": (b"Authorization: Bearer ",),
    "key-only": (b"Authorization: " + KEY.encode(),),
    "wrong": (b"Authorization: Bearer sk-wrong",),
    "part": (_RIGHT[:-1],),
    "more": (_RIGHT + b"x",),
    "other-case": (_RIGHT.upper().replace(b"BEARER", b"Bearer"),),
    "two-blanks": (_RIGHT.replace(b"Bearer ", b"Bearer  "),),
    "tab": (_RIGHT.replace(b"Bearer ", b"Bearer\t"),),
    "bearer-twice": (_RIGHT.replace(b"Bearer ", b"Bearer Bearer "),),
    "quoted": (b'Authorization: Bearer "' + KEY.encode() + b'"',),
    "list": (_RIGHT + b", Bearer x",),
    "list-behind": (b"Authorization: Bearer x, Bearer " + KEY.encode(),),
    "parameter": (b"Authorization: Bearer token=" + KEY.encode(),),
    "basic": (b"Authorization: Basic c2stcmlnaHQ6",),
    "digest": (b"Authorization: Digest " + KEY.encode(),),
    "latin-1": (b"Authorization: Bearer sk-right-\xe9",),
    "not-utf-8": (b"Authorization: Bearer \xff\xfe\x80",),
    "decomposed": (b"Authorization: Bearer sk-right-e\xcc\x81",),
    "escaped": (b"Authorization: Bearer sk-right-%C3%A9",),
    "10-kb": (b"Authorization: Bearer " + b"k" * 10_240,),
    "right-behind-wrong": (b"Authorization: Bearer wrong", _RIGHT),
    "right-behind-empty": (b"Authorization:", _RIGHT),
    "other-field": (b"X-Authorization: Bearer " + KEY.encode(),),
    "underscore": (b"Author_ization: Bearer " + KEY.encode(),),
    "proxy-authorization": (b"Proxy-Authorization: Bearer " + KEY.encode(),),
    "api-key-field": (b"X-Api-Key: " + KEY.encode(),),
    "cookie": (b"Cookie: authorization=Bearer%20" + KEY.encode(),),
    "template": (b"Authorization: Bearer {{ settings.key }}",),
    "name-of-the-setting": (b"Authorization: Bearer key",),
    "digest-of-the-key": (b"Authorization: Bearer " + b"d" * 64,),
}
IN_THE_TARGET = {
    "in-the-query": "/x?api_key=sk-right-%C3%A9&access_token=sk-right-%C3%A9&key=sk-right-%C3%A9",
    "authorization-in-the-query": "/x?authorization=Bearer%20sk-right-%C3%A9",
    "in-a-parameter": "/x;key=sk-right-%C3%A9",
}
ACCEPTED: dict[str, tuple[bytes, ...]] = {
    "right": (_RIGHT,),
    "lower-case-scheme": (_RIGHT.replace(b"Bearer", b"bearer"),),
    "upper-case-scheme": (_RIGHT.replace(b"Bearer", b"BEARER"),),
    "padded": (_RIGHT.replace(b": ", b":\t ") + b" \t",),
    "right-before-wrong": (_RIGHT, b"Authorization: Bearer wrong"),
    "with-a-cookie": (_RIGHT, b"Cookie: session=client"),
}


@pytest.fixture(scope="module")
def found() -> dict[str, Exchange]:
    requests = {
        f"{name}-{path}": get(path, *fields)
        for name, fields in {**REFUSED, **ACCEPTED}.items()
        for path in ("/x", "/openai", "/own", "/forward")
    }
    requests |= {f"{name}-/x": get(path) for name, path in IN_THE_TARGET.items()}
    return exchanges(KEYED, requests, environ=ENVIRON)


@pytest.mark.parametrize("name", REFUSED, ids="D14-{}".format)
def test_key_that_is_wrong_or_odd_is_a_401(
    found: dict[str, Exchange], name: str
) -> None:
    for path in ("/x", "/openai", "/own", "/forward"):
        exchange = found[f"{name}-{path}"]

        assert (exchange.status, exchange.seen) == (401, ()), path
        challenge = exchange.answer.get("www-authenticate") or ""
        assert challenge.startswith("Bearer"), path
        assert b"sk-" not in exchange.answer.body


@pytest.mark.parametrize("name", IN_THE_TARGET, ids="D14-{}".format)
def test_key_in_the_target_opens_nothing(found: dict[str, Exchange], name: str) -> None:
    exchange = found[f"{name}-/x"]

    assert (exchange.status in (401, 404), exchange.seen) == (True, ())


def test_d14_nul_in_a_key_is_refused_by_the_front() -> None:
    request = get("/x", b"Authorization: Bearer sk\0right")

    found = exchanges(KEYED, {"nul": request}, environ=ENVIRON)

    assert (found["nul"].status, found["nul"].seen) == (400, ())


@pytest.mark.parametrize("name", ACCEPTED, ids="D14-{}".format)
def test_right_key_opens(found: dict[str, Exchange], name: str) -> None:
    assert found[f"{name}-/x"].status == 200


@pytest.mark.parametrize("name", ACCEPTED, ids="D13-{}".format)
def test_key_of_a_client_goes_no_further(found: dict[str, Exchange], name: str) -> None:
    call = found[f"{name}-/x"].call

    assert call.values("authorization") == ["Bearer sk-of-the-gateway"]
    assert call.values("cookie") == []
    assert "sk-right" not in repr(call)


def test_d13_only_the_key_that_was_checked_is_forwarded(
    found: dict[str, Exchange],
) -> None:
    call = found["right-before-wrong-/forward"].call

    assert call.values("authorization") == [f"Bearer {KEY}".encode().decode("latin-1")]


def test_d13_file_that_says_nothing_of_credentials_does_not_compile() -> None:
    source = HEAD.replace("forward: [authorization, cookie]", "drop: [x-a]")

    report = compile(
        f"{source}endpoints: [{{path: /x, upstream: u}}]".encode(), "r"
    ).report

    assert "HX318" in {item.code for item in report.diagnostics}


def test_d13_hx_gateway_sends_its_own_key_only() -> None:
    gateway = compile((ROOT / "routes.yaml").read_bytes(), "routes.yaml").gateway
    assert gateway is not None

    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            environ = {
                "HX_LITELLM_UPSTREAM": upstream.url,
                "HX_MASTER_KEY": "sk-of-clients",
                "HX_UPSTREAM_KEY": "sk-of-the-gateway",
            }
            async with served(gateway, environ) as port:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                fields = (
                    b"Authorization: Bearer sk-of-clients",
                    b"Authorization: Bearer other",
                    b"Cookie: sk-of-clients",
                    b"Proxy-Authorization: Bearer sk-of-clients",
                )
                writer.write(get("/v1/models", *fields))
                assert (await read_answer(reader)).status == 200
                writer.close()
                await writer.wait_closed()
            (call,) = upstream.seen
            assert call.values("authorization") == ["Bearer sk-of-the-gateway"]
            assert "sk-of-clients" not in repr(call)

    asyncio.run(scenario())


def comparisons(token: bytes) -> list[tuple[int, int]]:
    """Return the lengths of what is compared, each time, for a key that is shown."""
    node = Authenticate(BearerAuth("k", ("one", "a much longer key", "\u00e9")))
    request = Request("GET", b"/", headers=[(b"authorization", b"Bearer " + token)])
    compared = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call" and argument is hmac.compare_digest:
            known = {**frame.f_locals}
            compared.append((len(known["shown"]), len(known["digest"])))

    sys.setprofile(note)
    try:
        through(node, request, start())
    except Unauthorized:
        pass
    finally:
        sys.setprofile(None)
    return compared


@pytest.mark.parametrize(
    "token",
    [
        b"one",
        b"a much longer key",
        "\u00e9".encode(),
        b"",
        b"wrong",
        b"k" * 10_240,
        b"\xff",
    ],
    ids=[
        "G18-first",
        "G18-second",
        "G18-last",
        "G18-empty",
        "G18-wrong",
        "G18-10-kb",
        "G18-bytes",
    ],
)
def test_every_key_is_compared_by_digests_of_one_length(token: bytes) -> None:
    assert comparisons(token) == [(32, 32)] * 3
