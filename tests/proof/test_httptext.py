from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hxroute.proof.escapes import escaped, unescaped
from hxroute.proof.exchange import Exchange
from hxroute.proof.httptext import parsed, rendered
from tests.proof.strategies import BYTES, exchanges


@given(exchanges())
def test_what_is_read_is_what_was_written(exchange: Exchange) -> None:
    assert parsed(rendered(exchange)) == exchange


@given(exchanges())
def test_every_character_of_a_file_can_be_seen(exchange: Exchange) -> None:
    text = rendered(exchange)

    assert all(line.isprintable() for line in text.split("\n"))
    assert not any(line.endswith(" ") for line in text.split("\n"))


@given(st.text(BYTES))
def test_escapes_stand_for_their_bytes(text: str) -> None:
    assert unescaped(escaped(text)) == text


def test_utf8_stands_as_it_is_read() -> None:
    assert escaped("café\xe9".encode().decode("latin-1") + "\xff\x00") == (
        "café\xe9\\xff\\x00"
    )
