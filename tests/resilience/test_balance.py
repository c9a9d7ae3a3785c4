"""Which target takes a call."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.runtime.upstreams.balance import POLICIES, digest_of
from hxroute.runtime.upstreams.members import Member
from tests.resilience.members import member, members

ROUND_ROBIN, LEAST, HASH = (
    POLICIES["round_robin"],
    POLICIES["least_requests"],
    POLICIES["hash"],
)
LARGEST = (1 << 64) - 1
KEYS = [b"key %d" % n for n in range(2000)]


def turns(those: list[Member], count: int) -> str:
    return "".join(ROUND_ROBIN(those, None).name for _ in range(count))


def test_round_robin_spreads_a_heavy_target_over_the_round() -> None:
    assert turns(members(5, 1, 1), 14) == "aabacaa" * 2


def test_round_robin_of_equals_is_the_order_of_the_file() -> None:
    assert turns(members(1, 1, 1), 7) == "abcabca"


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8), st.integers(1, 3))
def test_round_robin_gives_each_its_weight_in_every_round(
    weights: list[int], rounds: int
) -> None:
    those = members(*weights)
    counts = Counter(turns(those, rounds * sum(weights)))
    assert counts == {m.name: rounds * m.weight for m in those}


def test_round_robin_of_those_left_begins_no_rush_at_who_comes_back() -> None:
    those = members(1, 1, 1)
    turns(those, 2)
    turns(those[:2], 1000)
    assert Counter(turns(those, 300)) == {"a": 100, "b": 100, "c": 100}


def test_least_requests_takes_the_one_with_the_fewest() -> None:
    those = members(1, 1, 1)
    for one, active in zip(those, (2, 0, 1), strict=True):
        one.state.active = active
    assert LEAST(those, None).name == "b"


def test_least_requests_goes_by_weight() -> None:
    those = members(1, 3)
    taken = []
    for _ in range(8):
        chosen = LEAST(those, None)
        chosen.state.active += 1
        taken.append(chosen.name)
    assert Counter(taken) == {"a": 2, "b": 6}


def test_least_requests_takes_turns_among_equals() -> None:
    those = members(1, 1, 1)
    assert [LEAST(those, None).name for _ in range(6)] == list("abcabc")


def test_hash_is_the_same_in_every_process() -> None:
    code = (
        "from tests.resilience.members import members\n"
        "from hxroute.runtime.upstreams.balance import POLICIES\n"
        "those = members(1, 2, 3)\n"
        "keys = [b'key %d' % n for n in range(200)]\n"
        "print(''.join(POLICIES['hash'](those, key).name for key in keys), end='')\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2")
    ]
    those = members(1, 2, 3)
    here = "".join(HASH(those, key).name for key in KEYS[:200])
    assert told == [here, here]


@given(
    st.lists(st.integers(1, 1000), min_size=2, max_size=8),
    st.data(),
    st.binary(max_size=64),
)
def test_hash_moves_only_the_keys_of_who_goes(
    weights: list[int], data: st.DataObject, key: bytes
) -> None:
    those = members(*weights)
    gone = data.draw(st.sampled_from(those))
    left = [one for one in those if one is not gone]
    chosen = HASH(those, key)
    assert HASH(left, key) is chosen or chosen is gone


@given(st.permutations(members(1, 2, 3, 4)), st.binary(max_size=64))
def test_hash_does_not_go_by_the_order_of_the_file(
    those: list[Member], key: bytes
) -> None:
    by_name = sorted(those, key=lambda one: one.name)
    assert HASH(those, key) is HASH(by_name, key)


@pytest.mark.parametrize("weights", [(1, 1), (1, 3), (1, 1, 2, 6), (1, 1000)])
def test_hash_gives_each_its_weight(weights: tuple[int, ...]) -> None:
    those = members(*weights)
    counts = Counter(HASH(those, key).name for key in KEYS)
    for one in those:
        share = one.weight / sum(weights)
        spread = math.sqrt(len(KEYS) * share * (1 - share))
        assert abs(counts[one.name] - len(KEYS) * share) < 4 * spread


def test_hash_without_a_key_takes_turns() -> None:
    those = members(1, 1)
    assert [HASH(those, None).name for _ in range(4)] == list("abab")


def unmixed(mixed: int) -> int:
    """Return what the mixing of seed and digest makes a number of."""
    mixed ^= mixed >> 31 ^ mixed >> 62
    mixed = mixed * pow(0x94D049BB133111EB, -1, 1 << 64) & LARGEST
    mixed ^= mixed >> 27 ^ mixed >> 54
    mixed = mixed * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & LARGEST
    return mixed ^ mixed >> 30 ^ mixed >> 60


@pytest.mark.parametrize(("mixed", "taken"), [(0, "usual"), (LARGEST, "extreme")])
def test_hash_has_a_score_at_both_ends(mixed: int, taken: str) -> None:
    usual, extreme = member("usual"), member("extreme")
    usual.seed = digest_of(b"any") ^ unmixed(1 << 63)
    extreme.seed = digest_of(b"any") ^ unmixed(mixed)
    assert HASH([usual, extreme], b"any").name == taken


def test_digest_is_a_number_of_64_bits() -> None:
    assert all(0 <= digest_of(key) <= LARGEST for key in KEYS)
