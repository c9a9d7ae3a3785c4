from __future__ import annotations

import pytest

from hxroute.errors import StartError, Unauthorized
from hxroute.http import Request
from hxroute.ir import BearerAuth
from hxroute.nodes import Authenticate
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
