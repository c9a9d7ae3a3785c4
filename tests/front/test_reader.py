"""The strict reader, which judges where nobody has."""

from __future__ import annotations

import pytest

from tests.front.cases import Case, get, post
from tests.front.corpus import CORPUS
from tests.front.reader import Message, read

CHUNKED = b"Transfer-Encoding: chunked"


def test_request_is_read_whole() -> None:
    reading = read(post(b"X-A:  b\t", b"Content-Length: 3", body=b"abc"))

    fields = ((b"host", b"a"), (b"x-a", b"b"), (b"content-length", b"3"))
    assert reading.messages == (Message(b"POST", b"/p", b"1.1", fields, b"abc"),)
    assert (reading.end, reading.rest) == ("whole", b"")


def test_requests_in_a_row() -> None:
    chunks = b'3;a="b c"\r\nabc\r\n00\r\nX-A: b\r\n\r\n'
    reading = read(get(b"/1") + b"\r\n" + post(CHUNKED, body=chunks) + get(b"/2"))

    assert [m.target for m in reading.messages] == [b"/1", b"/p", b"/2"]
    assert [m.body for m in reading.messages] == [b"", b"abc", b""]
    assert reading.end == "whole"


@pytest.mark.parametrize("size", range(1, len(get()) - 1))
def test_part_of_a_request_is_incomplete(size: int) -> None:
    reading = read(get()[:size])

    assert (reading.end, reading.rest) == ("incomplete", get()[:size])


def test_what_is_malformed_comes_behind_what_is_not() -> None:
    reading = read(get(b"/1") + b"GET /2\r\n\r\n")

    assert [m.target for m in reading.messages] == [b"/1"]
    assert (reading.end, reading.rest) == ("malformed", b"GET /2\r\n\r\n")


POLICY = {"A16", "A21", "A24", "A25", "B3", "B4", "B6", "B13", "B15", "B16", "B17"}
"""Rows of sections A and B that go beyond what is well-formed."""

SYNTAX = [case for case in CORPUS if case.row[0] in "AB" and case.row not in POLICY]


@pytest.mark.parametrize("case", SYNTAX, ids=lambda case: case.name)
def test_corpus_and_reader_agree(case: Case) -> None:
    """They were written apart; where the corpus leaves a choice, either fits."""
    reading = read(case.data)
    whole = [
        outcome
        for outcome in case.outcomes
        if len(outcome.answers) == len(outcome.seen)
    ]

    if reading.end == "whole":
        assert any(len(o.seen) == len(reading.messages) for o in whole)
    else:
        assert case.ends or len(whole) < len(case.outcomes)
