"""What a ledger says, and what is said of one that is wrong."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.compiler.tree import Mapping, Scalar
from hxroute.diagnostics import Report
from hxroute.errors import StartError
from hxroute.proof.exchange import LARGE, Facts
from hxroute.proof.ledger import read
from hxroute.proof.ledger.pinning import pins_of
from hxroute.span import Span
from tests.proof.ledger.files import OLD, exchange, ledger, with_entries, written
from tests.strategies import examples


def pinned(folder: Path, text: str) -> Facts:
    return ledger(folder, text).pins(exchange())


def refusal(path: Path) -> str:
    with pytest.raises(StartError) as found:
        read(path)
    return str(found.value)


def said(path: Path) -> list[tuple[int, str]]:
    """Return the line of each mistake, with its text."""
    report = refusal(path)
    found = re.findall(
        r"^error\[\w+\]: (.*)\n +--> .*?:(\d+):\d+", report, re.MULTILINE
    )
    return [(int(line), message) for message, line in found]


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    found = read(tmp_path / "divergences.yaml")

    assert found.entries == ()
    assert found.pins(exchange()) == {}
    assert found.reasons(exchange()) == ()


@pytest.mark.parametrize("rest", ["", "divergences:\n", "divergences: []\n"])
def test_a_ledger_may_be_empty(tmp_path: Path, rest: str) -> None:
    assert read(written(tmp_path, f"version: 1\n{rest}")).entries == ()


def test_reasons_are_shared_or_own(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
        version: 1
        codes:
          raw: {reason: Raw is raw., owner: maintainers, expires: 2027-12-31}
        divergences:
          - {cases: [x, y], code: raw, upstream: {target: /a%2Fb}}
          - {cases: [x], reason: Ours., owner: me, expires: 2028-02-29, client: {status: 1xx}}
          - {cases: [x], code: raw, upstream: {method: PUT}}
        """.replace("1xx", "201"),
    )

    found = read(path)

    assert found.codes["raw"].expires == date(2027, 12, 31)
    assert found.reasons(exchange("x")) == (
        "Raw is raw. (maintainers, until 2027-12-31)",
        "Ours. (me, until 2028-02-29)",
    )
    assert found.reasons(exchange("y")) == (
        "Raw is raw. (maintainers, until 2027-12-31)",
    )
    own = found.entries[1].reason
    assert (own.owner, own.expires, own.code) == ("me", date(2028, 2, 29), "")
    assert found.pins(exchange("x")) == {
        "upstream.target": ("/a%2Fb",),
        "client.status": ("201",),
        "upstream.method": ("PUT",),
    }


def test_each_side_becomes_facts(tmp_path: Path) -> None:
    found = pinned(
        tmp_path,
        r"""
        - cases: [x]
          client:
            status: 400
            headers: {Content-Length: 72, x-frame-options: null, set-cookie: [a=1, b=2]}
            body: 'café \xe9 \x5cx00'
            complete: false
            trailers: {x-sum: ""}
          upstream:
            requests: 2
            name: big
            headers: {expect: ~}
            2: {method: GET, headers: {a: b}, body: null}
        """,
    )

    assert found == {
        "client.status": ("400",),
        "client.headers.content-length": ("72",),
        "client.headers.x-frame-options": (),
        "client.headers.set-cookie": ("a=1", "b=2"),
        "client.body": ("caf\xc3\xa9 \xe9 \\x00",),
        "client.complete": ("false",),
        "client.trailers.x-sum": ("",),
        "upstream.requests": ("2",),
        "upstream.name": ("big",),
        "upstream.headers.expect": (),
        "upstream.2.method": ("GET",),
        "upstream.2.headers.a": ("b",),
        "upstream.2.body": (),
    }


@pytest.mark.parametrize(
    "text", ["72", "072", "0x10", "1.50", "1e3", "-0", "true", "True", "FALSE", "1_000"]
)
@pytest.mark.parametrize("form", ["{}", "&anchor {}", "&anchor\n                   {}"])
def test_a_number_is_the_text_of_the_file(tmp_path: Path, text: str, form: str) -> None:
    source = f"""
        - cases: [x]
          client:
            headers:
              a: {form.format(text)}
              b: [0,{text},1]
        """

    found = pinned(tmp_path, source)

    assert found == {
        "client.headers.a": (text,),
        "client.headers.b": ("0", text, "1"),
    }


def test_an_alias_stands_for_its_value(tmp_path: Path) -> None:
    found = pinned(
        tmp_path,
        """
        - cases: [z]
          client: {body: &body "ok\\n", headers: &both {a: 1, b: null}}
        - cases: [x]
          client: {body: *body, headers: *both}
        """,
    )

    assert found == {
        "client.body": ("ok\n",),
        "client.headers.a": ("1",),
        "client.headers.b": (),
    }


def test_a_long_body_is_compared_by_its_digest(tmp_path: Path) -> None:
    body = "a" * (LARGE + 1)

    found = pinned(tmp_path, f"\n- cases: [x]\n  client: {{body: {body}}}\n")

    assert found["client.body"][0].startswith(f"({LARGE + 1} bytes, sha256 ")


def test_nothing_upstream_takes_away_what_was_recorded(tmp_path: Path) -> None:
    found = pinned(tmp_path, "\n- cases: [x]\n  upstream: nothing\n")

    gone = {name: () for name in OLD if name.startswith("upstream.")}
    assert found == gone | {"upstream.requests": ("0",)}


def test_no_start_takes_away_all_that_was_recorded(tmp_path: Path) -> None:
    found = pinned(tmp_path, "\n- cases: [x]\n  start: {names: [HX_SIZE]}\n")

    assert found == dict.fromkeys(OLD, ()) | {"start.names": ("HX_SIZE",)}


WRONG = {
    "unknown code": ("code: rwa\n    client: {status: 400}", 6, "unknown code `rwa`"),
    "code and reason": (
        "code: raw\n    reason: r\n    client: {status: 400}",
        7,
        "`code` and `reason` exclude each other",
    ),
    "neither": ("client: {status: 400}", 5, "`code` or `reason` is needed"),
    "no owner": ("reason: r\n    client: {status: 400}", 5, "`owner` is missing"),
    "no pin": ("code: raw", 5, "the entry pins nothing"),
    "an empty side": ("code: raw\n    client: {}", 7, "`client` must not be empty"),
    "empty headers": (
        "code: raw\n    client: {headers: {}}",
        7,
        "`headers` must not be empty",
    ),
    "a bad date": (
        "reason: r\n    owner: o\n    expires: 2027-02-30\n    client: {status: 400}",
        8,
        "`2027-02-30` is no day of the calendar",
    ),
    "no date": (
        "reason: r\n    owner: o\n    expires: soon\n    client: {status: 400}",
        8,
        "`soon` is not a date such as 2027-12-31",
    ),
    "an unknown key": (
        "code: raw\n    client: {stauts: 400}",
        7,
        "unknown key `stauts`",
    ),
    "a merge": (
        "code: raw\n    client: {headers: {<<: {a: b}}}",
        7,
        "`<<` is not a header name",
    ),
    "no such upstream": (
        "code: raw\n    upstream: nothin",
        7,
        "`nothin` is not `nothing`, or a mapping of what the upstream sees",
    ),
    "a header twice": (
        "code: raw\n    client: {headers: {a: b, A: c}}",
        7,
        "header `a` appears twice",
    ),
    "a blank reason": (
        "reason: ' '\n    owner: o\n    client: {status: 400}",
        6,
        "` ` is not a reason in words",
    ),
    "a case that failed": (
        "code: raw\n    client: {failure: reset}",
        7,
        "`failure` is a text, not null",
    ),
}


@pytest.mark.parametrize(("entry", "line", "message"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, entry: str, line: int, message: str
) -> None:
    path = written(
        tmp_path,
        "version: 1\ncodes:\n  raw: {reason: r, owner: o}\ndivergences:\n"
        f"  - cases: [x]\n    {entry}\n",
    )

    assert (line, message) in said(path)


def test_a_case_stands_once_in_an_entry(tmp_path: Path) -> None:
    path = with_entries(tmp_path, "\n- cases: [x, x]\n  client: {status: 400}\n")

    assert said(path) == [(4, "`x` is listed twice")]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
        version: 1
        codes:
          unused: {reason: r, owner: o}
        divergences:
          - cases: [x]
            code: raw
            client: {status: 99}
          - {cases: [y], reason: r, owner: o}
        """,
    )

    assert said(path) == [
        (6, "unknown code `raw`"),
        (7, "`status` must be at least 100"),
        (8, "the entry pins nothing"),
    ]
    assert "no entry has the code `unused`" in refusal(path)


def test_what_follows_from_a_mistake_is_not_told(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
        version: 1
        codes: []
        divergences:
          - {cases: [x], code: raw, client: {status: 400}}
          - {cases: [x], code: [raw], client: {status: ok}}
        """,
    )

    assert said(path) == [
        (2, "`codes` is a list, not a mapping"),
        (5, "`code` is a list, not a name of lower-case letters, digits, `-` and `_`"),
        (5, "`status` is a text, not a status from 100 to 999"),
    ]


CONTRADICTIONS = {
    "two values": (
        "- cases: [x, y]\n  client: {status: 400}\n- cases: [x]\n  client: {status: 404}\n",
        [(10, "`client.status` of case `x` is pinned to something else")],
    ),
    "equal values": (
        "- cases: [x]\n  client: {status: 400}\n- cases: [x]\n  client: {status: 400}\n",
        [],
    ),
    "nothing and something": (
        "- cases: [x]\n  upstream: nothing\n- cases: [x]\n  upstream: {method: PUT}\n",
        [(10, "`upstream.method` of case `x` is pinned, and absent")],
    ),
    "nothing and null": (
        "- cases: [x]\n  upstream: nothing\n- cases: [x]\n  upstream: {method: null}\n",
        [],
    ),
    "nothing and one": (
        "- cases: [x]\n  upstream: nothing\n- cases: [x]\n  upstream: {requests: 1}\n",
        [(10, "`upstream.requests` of case `x` is pinned to something else")],
    ),
    "a start and none": (
        "- cases: [x]\n  start: {names: [A]}\n- cases: [x]\n  start: {error: null}\n",
        [(10, "`start.error` of case `x` is pinned to something else")],
    ),
    "no start and a status": (
        "- cases: [x]\n  start: {names: [A]}\n  client: {status: 400}\n",
        [(7, "`client.status` of case `x` is pinned, and absent")],
    ),
}


@pytest.mark.parametrize(
    ("entries", "wanted"), CONTRADICTIONS.values(), ids=CONTRADICTIONS
)
def test_pins_of_a_case_never_contradict(
    tmp_path: Path, entries: str, wanted: list[tuple[int, str]]
) -> None:
    path = with_entries(tmp_path, entries)

    if wanted:
        assert said(path) == wanted
    else:
        assert read(path).entries


def test_half_a_pair_of_surrogates_is_no_text() -> None:
    # libyaml refuses it; the reader in Python, which is used without it, does not.
    span = Span(1, 1, 1, 2)
    body = Mapping(((Scalar("body", span), Scalar("\ud800", span)),), span)
    report = Report("divergences.yaml", "x")

    pins_of(Mapping(((Scalar("client", span), body),), span), report)

    assert [item.message for item in report.diagnostics] == [
        "half a surrogate pair stands for no bytes"
    ]


PARTS = st.sampled_from(
    """\
version: 1
divergences:
codes: {a: b}
  - cases: [x]
    code: a
    reason: r
    owner: o
    expires: 2027-99-99
    client: {status: 400}
    client: {body: "\\ud800"}
    client: &a
    client: *a
    upstream: nothing
    upstream: {2: {method: 1}}
    start: {names: [A]}
""".splitlines(keepends=True)
)


@given(st.one_of(st.binary(max_size=60), st.lists(PARTS, max_size=9).map("".join)))
@examples(150)
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "divergences.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    try:
        found = read(path)
    except StartError as exc:
        refused = str(exc)
        assert str(path) in refused
        return
    assert all(entry.cases and entry.reason.text for entry in found.entries)
