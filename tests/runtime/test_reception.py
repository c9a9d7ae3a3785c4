"""The accounts of a connection, without a connection."""

from __future__ import annotations

import pytest

from hxroute.ir import Limits
from hxroute.runtime.phase import Phase
from hxroute.runtime.reception import STEP, Reception
from hxroute.runtime.refusals import Refused

LIMITS = Limits(
    head_timeout=10,
    body_timeout=30,
    min_body_rate=1000,
    max_head=1000,
    max_fields=3,
    max_target=100,
)


def begun(now: float = 0) -> Reception:
    reception = Reception(LIMITS)
    reception.begin(now)
    return reception


def in_body(length: int | None = None) -> Reception:
    reception = begun()
    reception.end_head(0, length)
    return reception


def status_of(refused: pytest.ExceptionInfo[Refused]) -> int:
    return refused.value.status


def test_head_is_due_in_its_time_whatever_has_come_of_it() -> None:
    reception = begun(now=5)
    reception.target(50)
    reception.field(500)

    assert reception.due() == 15


def test_body_has_a_second_more_for_each_second_s_worth_of_it() -> None:
    reception = in_body()
    assert reception.due() == 30
    reception.body(2500)
    assert reception.due() == 32.5


def test_time_in_which_the_gateway_held_back_does_not_count() -> None:
    reception = in_body()
    reception.body(90_000)
    reception.restart_clock(200)

    assert reception.due() == 230


def test_target_fits_to_the_byte() -> None:
    reception = begun()
    reception.target(60)
    reception.target(40)
    with pytest.raises(Refused) as refused:
        reception.target(1)
    assert status_of(refused) == 414


def test_fields_are_counted_with_what_stands_between_them() -> None:
    reception = begun()
    reception.field(996)
    with pytest.raises(Refused) as refused:
        reception.field(0)
    assert status_of(refused) == 431


def test_fields_are_counted_behind_the_body_too() -> None:
    reception = in_body()
    for _ in range(3):
        reception.field(1)
    with pytest.raises(Refused) as refused:
        reception.field(1)
    assert status_of(refused) == 431


def test_field_that_does_not_end_is_431() -> None:
    reception = begun()
    mark = reception.mark()
    reception.account(mark, 1100)
    with pytest.raises(Refused) as refused:
        reception.account(mark, 1)
    assert status_of(refused) == 431


def test_chunks_may_be_small_but_not_long_winded() -> None:
    reception = in_body(None)
    for _ in range(100_000):  # `1`, line ends, one byte
        mark = reception.mark()
        reception.chunk()
        reception.body(1)
        reception.account(mark, 6)
    mark = reception.mark()
    reception.account(mark, STEP)
    with pytest.raises(Refused) as refused:
        reception.account(mark, 1)
    assert status_of(refused) == 400


def test_plain_body_is_parsed_in_one_go_and_no_further() -> None:
    reception = in_body(1_000_000)
    assert reception.step(2_000_000) == 1_000_000
    reception.body(999_990)
    assert reception.step(2_000_000) == 10


@pytest.mark.parametrize("reception", [begun(), in_body(None)], ids=["head", "chunked"])
def test_what_can_hide_bytes_is_parsed_in_steps(reception: Reception) -> None:
    assert reception.step(1_000_000) == STEP


def test_what_came_before_a_request_is_not_on_its_account() -> None:
    reception = begun()
    mark = reception.mark()
    reception.end()
    reception.begin(0)
    reception.account(mark, 1_000_000)

    assert reception.phase is Phase.HEAD
