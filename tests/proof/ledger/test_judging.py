"""What differs, and what the ledger says of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from hxroute.proof.exchange import Exchange, Facts
from hxroute.proof.ledger import Ledger, judge, settled
from hxroute.proof.verdict import Difference, Outcome, differing
from tests.proof.ledger.files import OLD, exchange, ledger
from tests.proof.strategies import exchanges
from tests.strategies import examples

NONE = Ledger("divergences.yaml")
CHANGED: Facts = OLD | {"client.status": ("400",)}
PINNED = "\n- cases: [x]\n  client: {status: 400}\n"


def test_what_is_as_recorded_is_identical() -> None:
    found = judge(exchange(), dict(OLD), NONE)

    assert (found.outcome, found.differences, found.reasons) == ("identical", (), ())


@given(exchanges(), exchanges())
@examples(100)
def test_without_a_ledger_every_difference_is_unexplained(
    one: Exchange, other: Exchange
) -> None:
    found = judge(one, other.facts, NONE)

    assert [item.fact for item in found.differences] == list(
        differing(one.facts, other.facts)
    )
    assert found.outcome == ("unexplained" if found.differences else "identical")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("400", "sanctioned"), ("404", "unexplained"), ("200", "unexplained")],
)
def test_a_pin_sanctions_what_it_says_and_nothing_else(
    tmp_path: Path, status: str, outcome: Outcome
) -> None:
    got = OLD | {"client.status": (status,)}

    found = judge(exchange(), got, ledger(tmp_path, PINNED))

    assert found.outcome == outcome
    assert found.differences == (
        Difference("client.status", ("200",), (status,), ("400",), pinned_at=7),
    )
    assert found.reasons == ("r (o)",)
    assert found.got is got


def test_a_difference_beside_the_pinned_one_is_unexplained(tmp_path: Path) -> None:
    got = CHANGED | {"client.body": ("no",)}

    found = judge(exchange(), got, ledger(tmp_path, PINNED))

    assert found.outcome == "unexplained"
    assert [item.pinned for item in found.differences] == [None, ("400",)]


def test_an_entry_is_for_its_cases_only(tmp_path: Path) -> None:
    found = judge(exchange("y"), CHANGED, ledger(tmp_path, PINNED))

    assert found.outcome == "unexplained"
    assert found.reasons == ()


def test_a_pin_of_what_was_recorded_is_no_difference(tmp_path: Path) -> None:
    stale = ledger(tmp_path, PINNED.replace("400", "200"))

    assert judge(exchange(), dict(OLD), stale).outcome == "identical"


def test_a_pinned_header_is_absent(tmp_path: Path) -> None:
    pins = ledger(tmp_path, "\n- cases: [x]\n  upstream: {headers: {expect: null}}\n")
    got = {name: OLD[name] for name in OLD if name != "upstream.headers.expect"}

    assert judge(exchange(), got, pins).outcome == "sanctioned"
    assert judge(exchange(), dict(OLD), pins).outcome == "unexplained"


def test_nothing_upstream_is_no_request_at_all(tmp_path: Path) -> None:
    pins = ledger(tmp_path, "\n- cases: [x]\n  upstream: nothing\n")
    got = {name: OLD[name] for name in OLD if name.startswith("client.")}
    got["upstream.requests"] = ("0",)

    assert judge(exchange(), got, pins).outcome == "sanctioned"
    assert judge(exchange(), dict(OLD), pins).outcome == "unexplained"


STARTS = {
    "names it": ("HX_SIZE must be a size", "sanctioned"),
    "names another": ("HX_SIZES must be a size", "unexplained"),
    "names none": ("it does not start", "unexplained"),
    "crashes": ("Traceback (most recent call last): HX_SIZE", "unexplained"),
}


@pytest.mark.parametrize(("text", "outcome"), STARTS.values(), ids=STARTS)
def test_a_start_that_fails_names_what_is_wrong(
    tmp_path: Path, text: str, outcome: Outcome
) -> None:
    pins = ledger(tmp_path, "\n- cases: [x]\n  start: {names: [HX_SIZE]}\n")

    found = judge(exchange(), {"start.error": (text,)}, pins)

    assert found.outcome == outcome
    assert {item.fact for item in found.differences} == {*OLD, "start.error"}


def test_a_start_that_was_to_fail_must(tmp_path: Path) -> None:
    pins = ledger(tmp_path, "\n- cases: [x]\n  start: {names: [HX_SIZE]}\n")

    found = judge(exchange(), dict(OLD), pins)

    error = next(item for item in found.differences if item.fact == "start.error")
    assert found.outcome == "unexplained"
    assert error.pinned == ("an error that names HX_SIZE, and no traceback",)


def repeated(times: int, **changed: str) -> Facts:
    """Return facts with the upstream request so many times, the last one changed."""
    facts = dict(OLD)
    for number in range(2, times + 1):
        for part in ("method", "target", "headers.expect", "body"):
            facts[f"upstream.{number}.{part}"] = OLD[f"upstream.{part}"]
    facts |= {f"upstream.{times}.{part}": (text,) for part, text in changed.items()}
    return facts | {"upstream.requests": (str(times),)}


def test_repetition_is_taken_out_only_where_allowed(tmp_path: Path) -> None:
    pins = ledger(tmp_path, "\n- cases: [x]\n  upstream: {may_repeat: 1}\n")

    found = judge(exchange(), repeated(2), pins)

    assert (found.outcome, found.reasons) == ("sanctioned", ("r (o)",))
    assert judge(exchange(), dict(OLD), pins).reasons == ()
    assert judge(exchange(), repeated(3), pins).outcome == "unexplained"
    assert judge(exchange(), repeated(2), NONE).outcome == "unexplained"
    assert judge(exchange("y"), repeated(2), pins).outcome == "unexplained"


def test_only_equal_requests_are_repetitions() -> None:
    assert settled(repeated(3), 2) == OLD
    changed = repeated(3, method="POST")
    assert settled(changed, 2) == changed
    headed = repeated(2) | {"upstream.2.headers.a": ("b",)}
    assert settled(headed, 2) == headed
