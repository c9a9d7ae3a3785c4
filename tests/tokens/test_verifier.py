"""Tokens of an enemy: nothing but what the issuer signed for us, now, gets in."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

import pytest

from hxroute.keys import ALGORITHMS
from hxroute.tokens import verifier as verifiers
from hxroute.tokens.claims import Wanted
from hxroute.tokens.keyset import KeySet
from hxroute.tokens.reading import MAX_TOKEN, token_of
from hxroute.tokens.source import Known
from hxroute.tokens.verifier import Verifier
from tests.tokens.issuer import NOW, SAID, b64, key, keys, public, quiet, token

ONE, TWO = public(key(), kid="one"), public(key(number=2), kid="two")
EC, ED = key("EC", "P-256"), key("OKP", "Ed25519")


def verifier(
    *listed: dict[str, Any],
    now: float = NOW,
    algorithms: tuple[str, ...] = ALGORITHMS,
    claims: tuple[tuple[str, Any], ...] = (),
    named: str = "sub",
) -> Verifier:
    known = Known()
    known.keys = KeySet(keys(*(listed or (ONE, TWO))))
    wanted = Wanted("https://issuer", frozenset({"gateway"}), 30.0, claims, named)
    return Verifier(wanted, algorithms, known, None, lambda: now)


def name_of(shown: bytes, this: Verifier | None = None) -> str | None:
    return asyncio.run((this or verifier()).name_of(shown))


def said(**more: Any) -> dict[str, Any]:
    return {**SAID, **more}


def header(**more: Any) -> dict[str, Any]:
    return {"alg": "RS256", "kid": "one", **more}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_token_of_each_algorithm_is_taken(alg: str) -> None:
    kinds = {"ES384": "P-384", "ES512": "P-521", "ES256": "P-256"}
    pair = key("EC", kinds[alg]) if alg in kinds else ED if alg[0] == "E" else key()
    shown = token(header={"alg": alg}, pair=pair, alg=alg)

    assert name_of(shown, verifier(public(pair))) == "alice"
    assert name_of(shown, verifier(public(pair), algorithms=("none",))) is None


@pytest.mark.parametrize(
    "shown",
    [
        token(),
        token(header={"alg": "RS256"}),
        token(header=header(typ="JWT")),
        token(header=header(typ="at+JWT")),
        token(header=header(jku="http://evil", x5u="http://evil", jwk=TWO, x5c=["x"])),
        token(said(aud=["other", "gateway"])),
        token(said(nbf=NOW + 29, exp=NOW + 30.5, iat=NOW + 1000)),
        token(said(exp=NOW - 29)),
    ],
)
def test_good_token_is_taken(shown: bytes) -> None:
    assert name_of(shown) == "alice"


def confused(alg: str, secret: bytes) -> bytes:
    """Sign with an HMAC whose secret is the public key, which everyone has."""
    signed = b64({"alg": alg, "kid": "one"}) + b"." + b64(SAID)
    return signed + b"." + b64(hmac.digest(secret, signed, "sha256"))


@pytest.mark.parametrize(
    "shown",
    [
        b"",
        b"..",
        b"a.b.c",
        b64({"alg": "none"}) + b"." + b64(SAID) + b".",
        b64({"alg": "none"}) + b"." + b64(SAID) + b".AA",
        confused("HS256", key().as_pem(private=False)),
        confused("HS256", json.dumps(ONE).encode()),
        token(header=header(alg="HS256")),
        token(header=header(alg="ES256")),
        token(header=header(alg="RS512")),
        token(header=header(alg=["RS256"])),
        token(header=header(alg=None)),
        token(header={"kid": "one"}),
        token(header=header(crit=[])),
        token(header=header(crit=["exp"], exp=1)),
        token(header=header(b64=False)),
        token(header=header(typ="dpop+jwt")),
        token(header=header(typ=1)),
        token(header=header(kid="two")),
        token(header=header(kid="../../dev/null")),
        token(header=header(kid="' OR 1=1 --")),
        token(header=header(kid=1)),
        token(header=header(kid=["one"])),
        token(header=header(kid="")),
        token(header='{"alg":"none","alg":"RS256","kid":"one"}'),
        token(header="[" * 2000 + "]" * 2000),
        token(header="[]"),
        token(header=b"\xff\xfe"),
        token(header='{"alg":"RS256","x":NaN}'),
        token(pair=key(number=3)),
        token(header=header(jwk=public(key(number=3))), pair=key(number=3)),
        token(header=header(jku="http://evil"), pair=key(number=3)),
        token()[:-4] + b"AAAA",
        token() + b"=",
        token() + b"\n",
        b" " + token(),
        token().replace(b".", b"..", 1),
        token() + b"." + b64("x") + b"." + b64("x"),
        b64(header()) + b"=." + token().partition(b".")[2],
        token("x" * MAX_TOKEN),
        token("[" * 3000 + "]" * 3000),
        token("[]"),
        token('"x"'),
        token(b"\xff"),
        token(json.dumps(SAID)[:-1] + ', "sub": "root"}'),
        token(json.dumps(SAID)[:-1] + ', "x": {"a": 1, "a": 2}}'),
        token(said(iss="https://issuer/")),
        token(said(iss=["https://issuer"])),
        token(said(iss=None)),
        token(said(aud="Gateway")),
        token(said(aud=[])),
        token(said(aud=["gateway", 1])),
        token(said(aud={"gateway": 1})),
        token(said(aud=None)),
        token(said(exp=NOW - 30)),
        token(said(exp=str(NOW + 300))),
        token(said(exp=True)),
        token(said(exp=None)),
        token(said(exp=-1)),
        token(said(exp=10**20)),
        token(json.dumps(said(exp=0)).replace("0}", "1e999}")),
        token(json.dumps(said(exp=0)).replace("0}", "1" * 5000 + "}")),
        token({name: value for name, value in SAID.items() if name != "exp"}),
        token(said(nbf=NOW + 31)),
        token(said(nbf="0")),
        token(said(nbf=None)),
        token(said(iat="yesterday")),
        token(said(sub=None)),
        token(said(sub="")),
        token(said(sub=["alice"])),
        token(said(sub="a\nb")),
        token(said(sub="a" * 257)),
    ],
)
def test_any_other_token_is_refused(shown: bytes) -> None:
    assert name_of(shown) is None


def test_part_that_is_not_what_it_would_be_written_as_is_refused() -> None:
    """Of a last character some bits count for nothing: two texts would be one token."""
    head = b64('{"alg":"RS256" }')
    assert head.endswith(b"fQ")

    assert token_of(head + b".AA.AA", ALGORITHMS) is not None
    assert token_of(head[:-1] + b"R.AA.AA", ALGORITHMS) is None


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ({"tenant": "a"}, "alice"),
        ({"tenant": "b"}, None),
        ({}, None),
        ({"tenant": ["a"]}, None),
        ({"tenant": {"a": 1}}, None),
    ],
)
def test_claims_must_be_equal(claims: dict[str, Any], wanted: str | None) -> None:
    this = verifier(claims=(("tenant", "a"),))
    assert name_of(token(said(**claims)), this) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"), [(True, "alice"), (1, None), ("true", None)]
)
def test_true_is_not_one(value: object, wanted: str | None) -> None:
    assert name_of(token(said(v=value)), verifier(claims=(("v", True),))) == wanted


def test_another_claim_may_name_the_client() -> None:
    assert name_of(token(said(client_id="ci")), verifier(named="client_id")) == "ci"


@pytest.mark.parametrize(
    "listed",
    [
        public(key(), kid="one", use="enc"),
        public(key(), kid="one", key_ops=["sign"]),
        public(key(), kid="one", key_ops="verify"),
        public(key(), kid="one", alg="RS512"),
        public(key(), kid="one", alg="HS256"),
        {"kty": "oct", "kid": "one", "k": "AAAA"},
        {"kty": "RSA", "kid": "one"},
        {"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"},
        {"kty": "NTRU", "kid": "one"},
        {"kty": ["RSA"], "kid": "one"},
        public(EC, kid="one"),
    ],
)
def test_key_that_is_not_for_it_signs_nothing(listed: dict[str, Any]) -> None:
    assert name_of(token(), verifier(listed, TWO)) is None


def test_key_that_is_too_short_is_left_out() -> None:
    with quiet(), pytest.raises(ValueError, match="no key"):
        KeySet(keys(public(key("RSA", 1024), kid="one")))


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[1,null]}', b"\xff", b"[" * 9999],
)
def test_text_that_is_no_key_set(data: bytes) -> None:
    with pytest.raises(ValueError, match="no key"):
        KeySet(data)


def test_token_is_checked_once_and_then_remembered() -> None:
    now = [NOW]
    this = verifier()
    this._now = lambda: now[0]
    counted = Counted(keys(ONE))
    this._known.keys = counted

    async def scenario() -> None:
        shown = token(said(exp=NOW + 100))
        for _ in range(3):
            assert await this.name_of(shown) == "alice"
        assert counted.times == 1
        assert await this.name_of(token(pair=key(number=3))) is None
        assert await this.name_of(token(pair=key(number=3))) is None
        assert counted.times == 3, "what is refused takes no room"
        now[0] = NOW + 61
        assert await this.name_of(shown) == "alice"
        assert counted.times == 4
        now[0] = NOW + 130
        assert await this.name_of(shown) is None, "it ended in the meantime"

    asyncio.run(scenario())


class Counted(KeySet):
    times = 0

    def signed(self, token: Any) -> bool:
        self.times += 1
        return super().signed(token)


def test_token_is_forgotten_with_the_key_that_signed_it() -> None:
    this = verifier()

    async def scenario() -> None:
        assert await this.name_of(token()) == "alice"
        this._known.keys = KeySet(keys(TWO))
        assert await this.name_of(token()) is None

    asyncio.run(scenario())


def test_tokens_that_are_remembered_are_bounded() -> None:
    this = verifier(public(ED))

    async def scenario() -> None:
        for number in range(verifiers._REMEMBERED + 5):
            shown = token(said(jti=number), {"alg": "EdDSA"}, ED, "EdDSA")
            assert await this.name_of(shown) == "alice"
        assert len(this._found) == verifiers._REMEMBERED

    asyncio.run(scenario())
