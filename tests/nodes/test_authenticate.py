from __future__ import annotations

import asyncio
import dataclasses
import hashlib

import pytest

from hxroute.errors import StartError, Unauthorized
from hxroute.http import Request, Response
from hxroute.ir import BearerAuth
from hxroute.keys import Jwt, Key
from hxroute.nodes import Authenticate
from hxroute.nodes.authenticate import refusal
from tests.nodes.fakes import start, through

NODE = Authenticate(BearerAuth("master", ("one", "{{ settings.two }}")))
BEGIN = start({"two": "schlüssel"})


def asking(*values: bytes) -> Request:
    headers = [(b"x-a", b"1"), *((b"authorization", value) for value in values)]
    return Request("GET", b"/", headers=[*headers, (b"x-b", b"2")])


@pytest.mark.parametrize(
    "value", [b"Bearer one", b"bearer one", b"BEARER one", "Bearer schlüssel".encode()]
)
def test_authenticate_accepts_each_key(value: bytes) -> None:
    assert through(NODE, asking(value), BEGIN).status == 200


@pytest.mark.parametrize(
    "values",
    [
        (),
        (b"",),
        (b"one",),
        (b"Bearer",),
        (b"Bearer ",),
        (b"Bearer  one",),
        (b"Bearer\tone",),
        (b"Bearer on",),
        (b"Bearer onee",),
        (b"Bearer One",),
        (b"Basic one",),
        (b"Bearer \xe9\xff",),
        (b"Bearer wrong", b"Bearer one"),
    ],
)
def test_authenticate_refuses_anything_else(values: tuple[bytes, ...]) -> None:
    with pytest.raises(Unauthorized):
        through(NODE, asking(*values), BEGIN)


def test_authenticate_keeps_fields_where_they_are() -> None:
    response = through(NODE, asking(b"Bearer one"), BEGIN)
    assert [name for name, _ in response.headers] == [b"x-a", b"authorization", b"x-b"]


def test_authenticate_passes_only_the_checked_credential() -> None:
    response = through(NODE, asking(b"Bearer one", b"Bearer other"), BEGIN)
    assert response.headers == [
        (b"x-a", b"1"),
        (b"x-b", b"2"),
        (b"authorization", b"Bearer one"),
    ]


@pytest.mark.parametrize("key", ["", " ", None])
def test_authenticate_with_an_empty_key_does_not_start(key: str | None) -> None:
    node = Authenticate(BearerAuth("master", ("{{ settings.two }}",), at=7))
    with pytest.raises(StartError, match=r"line 7: auth `master`.*settings\.two"):
        through(node, asking(), start({"two": key}))


def test_authenticate_trims_a_key_as_the_wire_does() -> None:
    node = Authenticate(BearerAuth("master", ("{{ settings.two }}",)))
    assert through(node, asking(b"Bearer k"), start({"two": "k \t"})).status == 200


def test_authenticate_with_an_unset_part_of_a_key_does_not_start() -> None:
    """Else `sk-` alone would open the door."""
    node = Authenticate(BearerAuth("master", ("sk-{{ settings.two }}",), at=7))
    with pytest.raises(StartError, match="line 7"):
        through(node, asking(), start({"two": None}))


def sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


NAMED = Authenticate(
    BearerAuth(
        "clients",
        (
            "one",
            Key("alice", key="{{ settings.two }}", not_after="2027-01-31"),
            Key("alice", sha256=sha256("three")),
            Key(sha256=sha256("four").upper(), not_after="2027-02-01T00:00:00Z"),
        ),
    )
)
END = 1801440000.0  # the end of 2027-01-31, in UTC


def name_of(shown: str, now: float, node: Authenticate = NAMED) -> str:
    """Return the name under which a key goes on at a time."""
    request = Request(
        "GET", b"/", headers=[(b"authorization", f"Bearer {shown}".encode())]
    )
    begin = dataclasses.replace(start({"two": "two"}), now=lambda: now)
    through(node, request, begin)
    return request.key


@pytest.mark.parametrize(
    ("shown", "name"),
    [("one", "key-1"), ("two", "alice"), ("three", "alice"), ("four", "key-4")],
)
def test_authenticate_names_the_key(shown: str, name: str) -> None:
    assert name_of(shown, END - 1) == name


@pytest.mark.parametrize("shown", ["two", "four"])
def test_authenticate_refuses_an_expired_key_from_that_instant_on(shown: str) -> None:
    assert name_of(shown, END - 0.001)
    with pytest.raises(Unauthorized):
        name_of(shown, END)


@pytest.mark.parametrize("shown", ["one", "three"])
def test_authenticate_takes_a_key_without_end_for_ever(shown: str) -> None:
    assert name_of(shown, END * 10)


def test_authenticate_refuses_a_key_that_expires_while_it_serves() -> None:
    now = [END - 1]
    begin = dataclasses.replace(start({"two": "two"}), now=lambda: now[0])

    async def passed(request: Request) -> Response:
        return Response(204)

    async def scenario() -> None:
        handler = NAMED.wrap(passed, begin)
        assert (await handler(asking(b"Bearer two"))).status == 204
        now[0] = END
        with pytest.raises(Unauthorized):
            await handler(asking(b"Bearer two"))

    asyncio.run(scenario())


def test_authenticate_of_two_equal_keys_counts_the_one_that_is_good() -> None:
    twice = Authenticate(
        BearerAuth(
            "a", (Key("old", key="k", not_after="2001-01-01"), Key("new", key="k"))
        )
    )
    assert name_of("k", END, twice) == "new"


@pytest.mark.parametrize("shown", [sha256("three"), sha256("three").upper()])
def test_authenticate_takes_no_digest_for_the_key(shown: str) -> None:
    with pytest.raises(Unauthorized):
        name_of(shown, 0)


IN_A_FIELD = Authenticate(BearerAuth("a", ("one", "two"), header="x-api-key"))


def showing(*fields: tuple[bytes, bytes]) -> Request:
    return Request("GET", b"/", headers=[(b"x-a", b"1"), *fields])


def test_authenticate_in_a_field_takes_its_whole_value() -> None:
    request = showing((b"x-api-key", b"two"))
    response = through(IN_A_FIELD, request, BEGIN)
    assert request.key == "key-2"
    assert response.headers == [(b"x-a", b"1"), (b"x-api-key", b"two")]


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((b"x-api-key", b""),),
        ((b"x-api-key", b"wrong"),),
        ((b"x-api-key", b"Bearer one"),),
        ((b"x_api_key", b"one"),),
        ((b"authorization", b"Bearer one"),),
        ((b"x-api-key", b"wrong"), (b"x-api-key", b"one")),
    ],
)
def test_authenticate_in_a_field_refuses_anything_else(
    fields: tuple[tuple[bytes, bytes], ...],
) -> None:
    with pytest.raises(Unauthorized):
        through(IN_A_FIELD, showing(*fields), BEGIN)


def test_authenticate_in_a_field_passes_only_what_it_checked() -> None:
    """An upstream that is no proxy may read `_` as `-` (CGI), and the last of a name."""
    request = showing(
        (b"x_api_key", b"other"),
        (b"x-api-key", b"one"),
        (b"authorization", b"Bearer other"),
        (b"x-api-key", b"other"),
    )
    assert through(IN_A_FIELD, request, BEGIN).headers == [
        (b"x-a", b"1"),
        (b"authorization", b"Bearer other"),
        (b"x-api-key", b"one"),
    ]


def test_authenticate_takes_no_empty_value_for_a_key() -> None:
    node = Authenticate(BearerAuth("a", (Key(sha256=sha256("")),), header="x-api-key"))
    for fields in ((), ((b"x-api-key", b""),)):
        with pytest.raises(Unauthorized):
            through(node, showing(*fields), BEGIN)


def test_authenticate_of_keys_alone_tells_no_more_of_a_wrong_one() -> None:
    """The gateways that came before answered both alike, and are asked as they were."""
    for values in ((), (b"Bearer wrong",)):
        with pytest.raises(Unauthorized) as found:
            through(NODE, asking(*values), BEGIN)
        assert found.value.challenge == b""


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        (BearerAuth("a", ("k",)), b""),
        (BearerAuth("a", jwt=Jwt("i", ("a",))), b'error="invalid_token"'),
        (BearerAuth("a", jwt=Jwt("i", ("a",)), header="x-jwt"), b""),
    ],
)
def test_refusal_tells_where_another_token_may_be_had(
    auth: BearerAuth, told: bytes
) -> None:
    assert refusal(auth).challenge == told
