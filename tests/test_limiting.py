"""Token buckets: counted by their debt alone, as one that counts tokens does."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.limiting import Buckets, Limit, Rate, Room
from tests.strategies import examples

SECOND = 1_000_000


def limit(requests: int = 100, per: float = 60.0, burst: int | None = None) -> Limit:
    return Limit("client", requests, per, "client", burst)


class Bucket:
    """A bucket that really holds tokens, and parts of them."""

    def __init__(self, rate: Rate) -> None:
        self.interval, self.most = rate.interval, rate.size // rate.interval
        self.tokens, self.at = Fraction(self.most), 0

    def take(self, now: int) -> bool:
        more = Fraction(now - self.at, self.interval)
        self.tokens, self.at = min(self.tokens + more, Fraction(self.most)), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def waits(self) -> Fraction:
        """Return the microseconds until there is a whole token more."""
        return (1 - self.tokens % 1) * self.interval


def take(buckets: Buckets, rate: Rate, now: int, value: str = "a") -> bool:
    debt = buckets.debt(value, rate, now)
    if rate.allows(debt):
        buckets.owe(value, debt + rate.interval, now)
    return rate.allows(debt)


@examples(300)
@given(
    st.integers(1, 50),
    st.floats(0.01, 100.0),
    st.integers(1, 20),
    st.lists(st.integers(0, 3 * SECOND), max_size=60),
)
def test_debt_counts_as_tokens_do(
    requests: int, per: float, burst: int, pauses: list[int]
) -> None:
    rate = limit(requests, per, burst).rate
    model, buckets, now = Bucket(rate), Buckets(), 0
    for pause in pauses:
        now += pause
        assert take(buckets, rate, now) == model.take(now)
        debt = buckets.debt("a", rate, now)
        assert rate.left(debt) == (int(model.tokens), -(-model.waits() // SECOND))


@examples(100)
@given(st.integers(1, 1000), st.floats(1.0, 1000.0))
def test_no_limit_lets_through_more_than_it_says(requests: int, per: float) -> None:
    rate = limit(requests, per).rate

    assert Fraction(rate.interval * requests) >= round(per * SECOND)
    assert rate.size >= rate.interval


def test_bucket_is_full_at_first_and_fills_evenly() -> None:
    rate, buckets = limit(requests=2, per=1.0).rate, Buckets()

    assert [take(buckets, rate, 0) for _ in range(3)] == [True, True, False]
    assert not take(buckets, rate, SECOND // 2 - 1)
    assert take(buckets, rate, SECOND // 2)
    assert not take(buckets, rate, SECOND // 2)


def test_burst_is_the_size_of_a_bucket() -> None:
    rate, buckets = limit(requests=60, per=60.0, burst=3).rate, Buckets()

    assert [take(buckets, rate, 0) for _ in range(4)] == [True, True, True, False]
    assert [take(buckets, rate, 3600 * SECOND) for _ in range(4)][-2:] == [True, False]


def test_each_value_has_a_bucket_of_its_own() -> None:
    rate, buckets = limit(requests=1).rate, Buckets()

    assert take(buckets, rate, 0, "a")
    assert take(buckets, rate, 0, "b")
    assert not take(buckets, rate, 0, "a")


def test_what_is_given_back_can_be_taken_again() -> None:
    rate, buckets = limit(requests=1).rate, Buckets()

    assert take(buckets, rate, 0)
    buckets.give_back("a", rate.interval)
    buckets.give_back("nobody", rate.interval)
    assert take(buckets, rate, 0)


def test_a_smaller_bucket_forgives_what_is_over() -> None:
    buckets, small = Buckets(), limit(requests=1, per=1.0).rate
    while take(buckets, limit(requests=100, per=3600.0).rate, 0):
        pass

    assert not take(buckets, small, 0)
    assert take(buckets, small, 3600 * SECOND)
    assert buckets.debt("a", small, 0) == small.size


def test_full_buckets_go_when_others_come() -> None:
    rate, buckets = limit(requests=1, per=1.0).rate, Buckets()
    for number in range(100):
        take(buckets, rate, 0, f"old{number}")
    for number in range(100):
        take(buckets, rate, SECOND, f"new{number}")

    assert len(buckets) == 100


def test_whoever_makes_values_up_finds_a_ceiling() -> None:
    rate, buckets = limit(requests=1, per=3600.0).rate, Buckets()
    buckets.room = Room(most=50, least=10)
    for number in range(1000):
        take(buckets, rate, number, f"made up {number}")

    assert len(buckets) == 50
    assert not take(buckets, rate, 1000, "made up 999")


def test_limits_share_the_room_and_have_the_least_of_it_at_any_rate() -> None:
    room = Room(most=100, least=10)
    shares = []
    for room.limits in (0, 1, 4, 1000):
        shares.append(room.share)

    assert shares == [100, 100, 25, 10]


def test_buckets_over_a_share_that_has_shrunk_go_bit_by_bit() -> None:
    rate, buckets = limit(requests=1, per=3600.0).rate, Buckets()
    buckets.room = Room(most=50, least=10)
    for number in range(50):
        take(buckets, rate, 0, f"a{number}")
    buckets.room.limits = 5
    for number in range(40):
        take(buckets, rate, 0, f"b{number}")

    assert len(buckets) == 10


@pytest.mark.parametrize(
    ("counted", "policy"),
    [
        (limit(), b'"client";q=100;w=60'),
        (limit(burst=20), b'"client";q=100;w=60;hxroute-burst=20'),
        (limit(5, 0.5), b'"client";q=10;w=1'),
        (limit(10, 1.5), b'"client";q=13;w=2'),
        (limit(burst=100), b'"client";q=100;w=60'),
    ],
)
def test_policy_states_whole_seconds(counted: Limit, policy: bytes) -> None:
    assert counted.policy == policy
