from __future__ import annotations

import pytest

from hxroute.errors import PayloadTooLarge, StartError
from hxroute.http import Request
from hxroute.nodes import LimitBody
from tests.nodes.fakes import pieces, start, through


def test_limit_body_reads_the_body_whole() -> None:
    request = Request("POST", b"/", body=pieces(b"ab", b"c"), length=None)
    assert through(LimitBody("3"), request).body == b"abc"
    assert request.length == 3


def test_limit_body_refuses_by_the_declared_length_unread() -> None:
    request = Request("POST", b"/", body=pieces(b"abcd"), length=4)
    with pytest.raises(PayloadTooLarge) as caught:
        through(LimitBody("3"), request)
    assert caught.value.max_size == 3
    assert not isinstance(request.body, bytes)


def test_limit_body_refuses_by_what_arrives() -> None:
    request = Request("POST", b"/", body=pieces(b"ab", b"cd", b"ef"), length=None)
    with pytest.raises(PayloadTooLarge):
        through(LimitBody("3"), request)


def test_limit_body_takes_its_size_from_a_setting() -> None:
    request = Request("POST", b"/", body=pieces(bytes(2048)), length=2048)
    begin = start({"limit": 2048})
    assert through(LimitBody("{{ settings.limit }}"), request, begin).status == 200


def test_limit_body_of_a_negative_setting_does_not_start() -> None:
    with pytest.raises(StartError, match="line 9: max_body"):
        through(
            LimitBody("{{ settings.limit }}", at=9),
            Request("GET", b"/"),
            start({"limit": -1}),
        )
