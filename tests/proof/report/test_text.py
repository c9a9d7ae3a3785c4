"""What a terminal shows of a proof."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from hxroute.diagnostics.shown import width
from hxroute.proof.messages import Request
from hxroute.proof.report.text import of_verdict, render
from hxroute.proof.verdict import Difference, Proof, Verdict
from tests.proof.report.golden import Text
from tests.proof.report.proofs import (
    KEY,
    binary,
    cookies,
    facts,
    hostile,
    identical,
    proof,
    realistic,
    renamed,
    verdict,
)
from tests.proof.report.strategies import WIRE, proofs

# syrupy warns, on writing, of golden files that are not named after their test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")

SGR = re.compile(r"\x1b\[[0-9;]*m")


def differs(fact: str, old: tuple[str, ...], new: tuple[str, ...]) -> Verdict:
    return replace(identical(), differences=(Difference(fact, old, new),))


def lines_of(fact: str, old: str, new: str, columns: int = 60) -> list[str]:
    """Return the two columns of a fact, without its name."""
    shown = of_verdict(differs(fact, (old,), (new,)), "", width=columns)
    return shown.splitlines()[1:]


def test_report_of_a_realistic_proof(snapshot: SnapshotAssertion) -> None:
    assert render(realistic(), verbose=True) == snapshot(
        extension_class=Text, name="realistic"
    )


def test_report_of_hostile_bytes_on_a_narrow_terminal(
    snapshot: SnapshotAssertion,
) -> None:
    assert render(proof(hostile()), width=60) == snapshot(
        extension_class=Text, name="hostile"
    )


def test_proof_that_holds_is_its_summary_alone() -> None:
    assert render(proof(identical(), cookies())) == (
        "2 cases: 1 identical, 1 sanctioned, 0 unexplained\n"
    )


def test_sanctioned_cases_are_named_on_demand() -> None:
    assert render(proof(cookies()), verbose=True) == (
        "sanctioned  up-set-cookies  client.headers.set-cookie: "
        "Merged fields are broken ones (two cookies became one).\n\n"
        "1 case: 0 identical, 1 sanctioned, 0 unexplained\n"
    )


def test_cases_with_the_same_differences_are_named_together() -> None:
    def one(name: str) -> Verdict:
        old, new = facts(), facts(status=201)
        return verdict(name, Request("GET", f"/{name}", (KEY,)), old, new)

    shown = render(proof(one("a"), identical(), one("b"))).splitlines()

    assert shown[:2] == ["unexplained  a  GET /a", "unexplained  b  GET /b"]
    assert sum("client.status" in line for line in shown) == 1


def test_rule_names_its_line() -> None:
    shown = of_verdict(renamed(), "my/routes.yaml")

    assert "    my/routes.yaml:62: headers.to_client.set\n" in shown


def test_rule_without_a_line_is_said_without_a_place() -> None:
    item = Difference("client.status", ("1",), ("2",), rule="the server's own")
    shown = of_verdict(replace(identical(), differences=(item,)), "routes.yaml")

    assert shown.splitlines()[-1] == "    the server's own"


def test_difference_that_is_sanctioned_is_not_among_the_others() -> None:
    found = binary()
    first, *rest = found.differences
    sanctioned = replace(first, pinned=first.new)

    shown = of_verdict(replace(found, differences=(sanctioned, *rest)), "")

    assert "client.body" not in shown
    assert "client.trailers.x-end" in shown


def test_empty_value_is_not_an_absent_one() -> None:
    shown = of_verdict(differs("client.headers.x", ("",), ()), "", width=60)

    assert re.fullmatch(r"  client.headers.x\n {31}< \(absent\)", shown)


def test_long_value_is_shown_around_its_first_difference() -> None:
    old = "a" * 500 + "OLD" + "z" * 500

    shown = lines_of("client.headers.x", old, old.replace("OLD", "NEW"))

    assert any("OLD" in line and "NEW" in line for line in shown)
    assert shown[0].count("…") == 2
    assert shown[-1].count("…") == 2
    assert [line.count("^") for line in shown if "^" in line] == [6]
    assert len(shown) == 5


def test_value_is_wrapped_and_no_escape_is_torn() -> None:
    shown = lines_of("client.headers.x", "\x01" * 12, "\x02" * 12)

    assert [line.split(" | ")[0].strip() for line in shown[::2]] == [
        *(r"\x01" * 6, r"\x01" * 6)
    ]


def test_carets_stand_below_wide_characters() -> None:
    old, new = (
        "日本語".encode().decode("latin-1"),
        "日木語".encode().decode("latin-1"),
    )

    text, carets = lines_of("client.headers.x", old, new)

    assert text.startswith("    日本語 ")
    assert carets.startswith("      ^^ ")
    assert width(text[: text.rindex("木")]) == carets.rindex("^^")


def test_equal_lines_far_away_are_counted() -> None:
    lines = [str(n) for n in range(50)]
    old, new = "\n".join(lines), "\n".join([*lines[:25], "x", *lines[26:]])

    shown = lines_of("client.body", old, new)

    assert shown[0] == "    ... 23 equal lines"
    assert shown[-1] == "    ... 22 equal lines"


def test_endless_body_is_cut() -> None:
    shown = of_verdict(differs("client.body", ("\n" * 9000,), ()), "")

    assert shown.endswith("    ... and 8921 lines more")
    assert len(shown.splitlines()) == 82


def test_colours_change_no_character() -> None:
    plain, painted = render(realistic()), render(realistic(), color=True)

    assert SGR.sub("", painted) == plain
    assert painted != plain


@settings(max_examples=150, deadline=None)
@given(found=proofs(), columns=st.integers(1, 200), verbose=st.booleans())
def test_no_text_holds_what_a_terminal_would_obey(
    found: Proof, columns: int, verbose: bool
) -> None:
    shown = render(found, width=columns, verbose=verbose)

    assert shown.replace("\n", "").isprintable()
    assert shown.splitlines()[-1] == found.summary


@settings(deadline=None)
@given(old=st.lists(WIRE, max_size=3), new=st.lists(WIRE, max_size=3))
def test_columns_fit_the_terminal(old: list[str], new: list[str]) -> None:
    for fact in ("client.body", "client.headers.x"):
        shown = of_verdict(differs(fact, tuple(old), tuple(new)), "", width=70)

        assert all(width(line) <= 70 for line in shown.splitlines())


def test_many_groups_end_in_a_table_of_what_decides_them() -> None:
    def by(number: int, line: int) -> Verdict:
        found = Difference(
            f"client.headers.x-{number}", ("a",), ("b",), None, line, "rule"
        )
        case = replace(identical().recorded.case, name=f"case-{number}")
        recorded = replace(identical().recorded, case=case)
        return replace(identical(), recorded=recorded, differences=(found,))

    few = render(proof(*(by(number, 7) for number in range(4))))
    many = render(proof(*(by(number, 7 + (number == 4)) for number in range(5))))

    assert "cases by what decides them" not in few
    table = many[many.index("cases by what decides them") :].splitlines()
    assert table[1].split() == ["4", "routes.yaml:7:", "rule"]
    assert "client.headers.x-0" in table[2]
    assert table[3].split() == ["1", "routes.yaml:8:", "rule"]
