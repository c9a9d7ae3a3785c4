"""Client addresses behind proxies: whom to believe, and what."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.ir import ClientAddress
from hxroute.runtime.clients import Clients
from tests.runtime.serving import HEAD, ask, compiled, served

XFF: ClientAddress = "x-forwarded-for"
TRUSTED = ("10.0.0.0/8", "::1", "fe80::/10")


def client(*values: str, peer: str = "10.0.0.1", field: ClientAddress = XFF) -> str:
    headers = [(field.encode(), value.encode("latin-1")) for value in values]
    return Clients(TRUSTED, field).of(peer, headers)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), "10.0.0.1"),
        (("",), "10.0.0.1"),
        (("203.0.113.7",), "203.0.113.7"),
        (("6.6.6.6, 203.0.113.7",), "203.0.113.7"),
        (("6.6.6.6, 203.0.113.7,10.0.0.2 , 10.0.0.3",), "203.0.113.7"),
        (("6.6.6.6", "203.0.113.7", "10.0.0.2"), "203.0.113.7"),
        (("10.0.0.9, 10.0.0.2",), "10.0.0.9"),
        (("203.0.113.7:4711",), "203.0.113.7"),
        (("[2001:db8::1]:4711, ::1",), "2001:db8::1"),
        (("2001:DB8::1",), "2001:db8::1"),
        (("::ffff:203.0.113.7",), "203.0.113.7"),
        (("6.6.6.6, ::ffff:10.0.0.2",), "6.6.6.6"),
        (("6.6.6.6, unknown, 10.0.0.2",), "10.0.0.2"),
        (("6.6.6.6, , 10.0.0.2",), "10.0.0.2"),
        (("6.6.6.6,",), "10.0.0.1"),
        (("6.6.6.6, _hidden",), "10.0.0.1"),
        (("6.6.6.6, 203.0.113.7\0",), "10.0.0.1"),
        (("6.6.6.6, 203.0.113",), "10.0.0.1"),
        (("6.6.6.6, 0x10.0.0.1",), "10.0.0.1"),
        (("6.6.6.6, 010.0.0.1",), "10.0.0.1"),
        (("6.6.6.6, 10.0.0.0/8",), "10.0.0.1"),
        (("6.6.6.6, fe80::1%eth0",), "10.0.0.1"),
        (("6.6.6.6, \xb2.1.1.1",), "10.0.0.1"),
        (("6.6.6.6, for=203.0.113.7",), "10.0.0.1"),
    ],
)
def test_client_is_the_rightmost_that_is_no_proxy(
    values: tuple[str, ...], expected: str
) -> None:
    assert client(*values) == expected


@pytest.mark.parametrize("peer", ["203.0.113.1", "", "11.0.0.1", "2001:db8::9%eth0"])
def test_field_of_a_peer_that_is_not_trusted_says_nothing(peer: str) -> None:
    assert client("6.6.6.6", peer=peer) == peer


@pytest.mark.parametrize("peer", ["::1", "::ffff:10.1.2.3", "fe80::1%eth0"])
def test_peer_is_trusted_however_its_address_is_written(peer: str) -> None:
    assert client("203.0.113.7", peer=peer) == "203.0.113.7"


def test_only_the_one_field_is_read() -> None:
    headers = [(b"forwarded", b"for=6.6.6.6"), (b"x-forwarded-for", b"203.0.113.7")]
    assert Clients(TRUSTED, XFF).of("10.0.0.1", headers) == "203.0.113.7"
    assert Clients(TRUSTED, "forwarded").of("10.0.0.1", headers) == "6.6.6.6"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("for=203.0.113.7",), "203.0.113.7"),
        (("For=203.0.113.7; Proto=https;by=10.0.0.1",), "203.0.113.7"),
        (("for=6.6.6.6, for=203.0.113.7, for=10.0.0.2",), "203.0.113.7"),
        (("for=6.6.6.6", "for=203.0.113.7"), "203.0.113.7"),
        (('for="203.0.113.7:4711"',), "203.0.113.7"),
        (('for="[2001:db8::1]:4711"',), "2001:db8::1"),
        (('for="[2001:db8::1]"',), "2001:db8::1"),
        (('for="203.0.113.7:_p1"',), "203.0.113.7"),
        (('for="203.0.113.\\7"',), "203.0.113.7"),
        (('for=203.0.113.7;host="a,for=6.6.6.6"',), "203.0.113.7"),
        (('for=203.0.113.7;host="a;for=6.6.6.6;b"',), "203.0.113.7"),
        (('host="a;for=6.6.6.6;b"',), "10.0.0.1"),
        (('for=203.0.113.7;x="\\",for=6.6.6.6"',), "203.0.113.7"),
        (('for="6.6.6.6, for=203.0.113.7',), "203.0.113.7"),
        (('for="6.6.6.6", for=10.0.0.2',), "6.6.6.6"),
        (("for=6.6.6.6, for=_hidden, for=10.0.0.2",), "10.0.0.2"),
        (("for=6.6.6.6, for=unknown",), "10.0.0.1"),
        (("for=6.6.6.6, proto=https",), "10.0.0.1"),
        (("for=6.6.6.6;for=203.0.113.7",), "10.0.0.1"),
        (("for=6.6.6.6, for=2001:db8::1",), "10.0.0.1"),
        (('for=6.6.6.6, for="2001:db8::1"',), "10.0.0.1"),
        (('for=6.6.6.6, for="[fe80::1%eth0]"',), "10.0.0.1"),
        (("for=6.6.6.6, for=203.0.113.7\0",), "10.0.0.1"),
        (("6.6.6.6",), "10.0.0.1"),
        (("for=6.6.6.6,",), "10.0.0.1"),
        (("",), "10.0.0.1"),
    ],
)
def test_forwarded_is_read_as_rfc_7239_says(
    values: tuple[str, ...], expected: str
) -> None:
    assert client(*values, field="forwarded") == expected


@pytest.mark.parametrize(
    ("field", "entry"), [(XFF, "10.0.0.2"), ("forwarded", "for=10.0.0.2")]
)
def test_of_ten_thousand_entries_few_are_looked_at(
    field: ClientAddress, entry: str
) -> None:
    many = ",".join([entry.replace("10.0.0.2", "6.6.6.6"), *[entry] * 10_000])
    assert client(many, field=field) == "10.0.0.2"


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=4), st.booleans())
def test_what_a_client_writes_does_not_reach_past_the_proxy_s_own(
    written: list[str], forwarded: bool
) -> None:
    """A proxy adds its entry on the right, whatever has come; that is the client."""
    field: ClientAddress = "forwarded" if forwarded else XFF
    own = "for=203.0.113.7" if forwarded else "203.0.113.7"
    appended = [*written[:-1], f"{written[-1]}, {own}"] if written else [own]
    assert client(*appended, field=field) == "203.0.113.7"
    assert client(*written, own, field=field) == "203.0.113.7"


def test_log_and_templates_see_the_client(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hxroute.access")
    head = HEAD + "server: {trusted_proxies: [127.0.0.0/8]}\n"
    text = '- {path: /, respond: {text: "{{ client.host }}"}}\n'

    async def scenario(head: str) -> bytes:
        fields = b"Host: a\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n"
        async with served(compiled(text, head), {"URL": "http://127.0.0.1:9"}) as port:
            return (await ask(port, b"GET / HTTP/1.1\r\n" + fields + b"\r\n")).body

    assert asyncio.run(scenario(head)) == b"203.0.113.7"
    assert caplog.messages[-1].startswith("203.0.113.7 GET / 200")
    assert asyncio.run(scenario(HEAD)) == b"127.0.0.1"
    assert caplog.messages[-1].startswith("127.0.0.1 GET / 200")
