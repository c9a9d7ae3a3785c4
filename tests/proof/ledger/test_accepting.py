"""What is accepted stands in the ledger, and all else in it as it stood."""

from __future__ import annotations

import itertools
from pathlib import Path
from textwrap import indent

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from hxroute.errors import StartError
from hxroute.proof.exchange import Exchange, Facts
from hxroute.proof.ledger import accept, judge, problems, read
from hxroute.proof.verdict import Verdict
from tests.proof.ledger.files import OLD, exchange, judged, with_entries, written
from tests.proof.ledger.test_problems import TODAY
from tests.proof.strategies import BYTES, TEXTS, TOKENS, exchanges
from tests.strategies import examples

CHANGED: Facts = OLD | {"client.status": ("400",), "client.body": ("no: it's #1",)}
NUMBERS = itertools.count()


def refusal(path: Path, *verdicts: Verdict, reason: str = "r", owner: str = "o") -> str:
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(StartError) as found:
        accept(path, verdicts, reason, owner)
    assert (path.read_bytes() if path.exists() else None) == before
    return str(found.value)


def test_the_first_entry_begins_a_file(tmp_path: Path) -> None:
    path = tmp_path / "corpus" / "divergences.yaml"
    got = CHANGED | {
        "client.headers.x-new": ("a", " b"),
        "upstream.headers.x": ("null",),
        "upstream.body": ("caf\xc3\xa9 \xff\n\\x41",),
    }
    del got["client.headers.x-frame-options"]

    entry = accept(path, [judged(path, got)], " Ours  is\nright. ", "me")

    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Where the new gateway does otherwise")
    assert text.partition("version: 1\n")[2] == (
        """\
divergences:
  - cases: [x]
    reason: Ours is right.
    owner: me
    client:
      status: 400
      headers:
        x-frame-options: null
        x-new:
          - a
          - ' b'
      body: 'no: it''s #1'
    upstream:
      headers:
        x: 'null'
      body: "café \\\\xff\\n\\\\x5cx41"
"""
    )
    assert text.endswith("".join(f"  {line}\n" for line in entry.splitlines()))
    found = judged(path, got)
    assert (found.outcome, found.reasons) == ("sanctioned", ("Ours is right. (me)",))
    assert problems(read(path), [exchange()], TODAY) == ()


def test_cases_that_differ_equally_share_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    ok: Facts = OLD | {"client.status": ("201",)}
    got = {"a": CHANGED, "b": ok, "c": CHANGED}
    cases = [exchange(name) for name in got]

    accept(path, [judged(path, got[one.name], one) for one in cases], "r", "o")

    ledger = read(path)
    assert [list(entry.cases) for entry in ledger.entries] == [["a", "c"], ["b"]]
    assert {judge(one, got[one.name], ledger).outcome for one in cases} == {
        "sanctioned"
    }


def test_many_cases_stand_below_each_other(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    cases = [exchange(f"upstream-answers-{number}") for number in range(9)]

    entry = accept(path, [judged(path, CHANGED, one) for one in cases], "r", "o")

    assert entry.startswith("- cases:\n    - upstream-answers-0\n")
    assert all(len(line) <= 88 for line in entry.splitlines())
    assert list(read(path).entries[0].cases) == [one.name for one in cases]


def test_no_request_any_more_is_written_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    got = {name: OLD[name] for name in OLD if name.startswith("client.")}
    got |= {"upstream.requests": ("0",)}
    longer = exchange("y", OLD | {"upstream.headers.accept": ("*/*",)})
    verdicts = [judged(path, got), judged(path, got, longer)]

    entry = accept(path, verdicts, "r", "o")

    assert entry == "- cases: [x, 'y']\n  reason: r\n  owner: o\n  upstream: nothing\n"
    assert judged(path, got, longer).outcome == "sanctioned"


def test_a_second_request_is_pinned(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    got = OLD | {"upstream.requests": ("2",), "upstream.2.headers.a": ("b",)}

    entry = accept(path, [judged(path, got)], "r", "o")

    assert yaml.safe_load(entry)[0]["upstream"] == {
        "requests": 2,
        2: {"headers": {"a": "b"}},
    }
    assert judged(path, got).outcome == "sanctioned"


def test_a_start_that_fails_is_pinned_by_the_variables_it_names(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    got: Facts = {"start.error": ("error: HX_SIZE is no size (HX_SIZE=x, HX_OLD)",)}

    entry = accept(path, [judged(path, got)], "r", "o")

    assert entry.endswith("  start:\n    names: [HX_SIZE, HX_OLD]\n")
    assert judged(path, got).outcome == "sanctioned"
    assert judged(path, dict(OLD)).outcome == "unexplained"


def test_a_start_that_fails_in_other_words_is_pinned(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    recorded = exchange("x", {"start.error": ("HX_SIZE: bad",)})
    got: Facts = {"start.error": ("error: HX_SIZE is no size",)}

    accept(path, [judged(path, got, recorded)], "r", "o")

    assert judged(path, got, recorded).outcome == "sanctioned"
    assert problems(read(path), [recorded], TODAY) == ()


@pytest.mark.parametrize("fact", ["client.failure", "start.error"])
def test_an_answer_in_the_place_of_none_is_pinned(tmp_path: Path, fact: str) -> None:
    path = tmp_path / "divergences.yaml"
    recorded = exchange("x", {fact: ("reset",)})

    accept(path, [judged(path, dict(OLD), recorded)], "r", "o")

    assert judged(path, dict(OLD), recorded).outcome == "sanctioned"


def test_what_is_no_answer_at_all_is_left_to_its_author(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"

    said = refusal(path, judged(path, {"upstream.requests": ("1",)}))

    assert said.startswith(f"{path} cannot be extended as it is written; add this:")


NO_ANSWER = {
    "no answer": {"client.failure": ("timed out",)},
    "a start that names nothing": {"start.error": ("it does not start",)},
    "a start that crashes": {"start.error": ("Traceback: HX_SIZE",)},
}


@pytest.mark.parametrize("got", NO_ANSWER.values(), ids=NO_ANSWER)
def test_no_answer_is_nothing_to_accept(tmp_path: Path, got: Facts) -> None:
    path = tmp_path / "divergences.yaml"

    said = refusal(path, judged(path, got))

    assert said.startswith("case `x` got no answer, which is nothing to accept: ")


def test_a_long_failure_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"

    said = refusal(path, judged(path, {"client.failure": ("long " * 999,)}))

    assert len(said) < 300


@pytest.mark.parametrize(
    ("reason", "owner", "message"),
    [
        ("", "o", "an entry needs a reason: say why the new gateway is right"),
        (" \n\x1b", "o", "an entry needs a reason: say why the new gateway is right"),
        ("r", " ", "an entry needs an owner: say who may end it"),
        ("r" * 4001, "o", "the reason has more than 4000 characters"),
        ("r", "o" * 201, "the owner has more than 200 characters"),
    ],
)
def test_a_reason_and_an_owner_are_needed(
    tmp_path: Path, reason: str, owner: str, message: str
) -> None:
    path = tmp_path / "divergences.yaml"

    said = refusal(path, judged(path, CHANGED), reason=reason, owner=owner)

    assert said == message


def test_what_is_identical_or_sanctioned_is_refused(tmp_path: Path) -> None:
    path = with_entries(tmp_path, "\n- cases: [x]\n  client: {status: 400}\n")
    same = judged(path, dict(OLD), exchange("y"))
    meant = judged(path, OLD | {"client.status": ("400",)})

    assert refusal(path, same, meant).splitlines() == [
        "case `y` is identical: there is nothing to accept",
        "case `x` is sanctioned: there is nothing to accept",
    ]


PINS_THAT_HOLD_NO_MORE = {
    "another value": ("client: {status: 401}", 7, "client.status"),
    "as recorded": ("client: {body: other}", 7, "client.body"),
    "a start": ("start: {names: [HX_SIZE]}", 7, "start.error"),
    "nothing": ("upstream: nothing", 7, "upstream.target"),
}


@pytest.mark.parametrize(
    ("pin", "line", "fact"),
    PINS_THAT_HOLD_NO_MORE.values(),
    ids=PINS_THAT_HOLD_NO_MORE,
)
def test_a_pin_that_holds_no_more_is_named_first(
    tmp_path: Path, pin: str, line: int, fact: str
) -> None:
    path = with_entries(tmp_path, f"\n- cases: [x]\n  {pin}\n")
    got = OLD | {"client.status": ("400",)}

    said = refusal(path, judged(path, got)).splitlines()

    assert f"case `x`: {path}:{line} pins `{fact}`: edit or remove it first" in said


@pytest.mark.parametrize(
    "fact", ["client.headers.a b", "upstream.10.method", f"client.headers.{'a' * 257}"]
)
def test_what_no_entry_can_pin_is_refused(tmp_path: Path, fact: str) -> None:
    path = tmp_path / "divergences.yaml"

    said = refusal(path, judged(path, OLD | {fact: ("1",)}))

    assert said == f"case `x`: no entry can pin `{fact}`"


def test_a_ledger_that_is_wrong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    verdict = judged(path, CHANGED)
    path.write_text("version: 2\n", encoding="utf-8")

    assert refusal(path, verdict).startswith(f"{path} is no ledger")


def test_what_the_ledger_pins_by_now_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    verdict = judged(path, CHANGED)
    with_entries(tmp_path, "\n- cases: [x]\n  client: {status: 401}\n")

    said = refusal(path, verdict)

    assert said == f"case `x`: {path}:7 pins `client.status`: edit or remove it first"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    path = tmp_path / "file" / "divergences.yaml"

    assert "cannot be written" in refusal(path, judged(path, CHANGED))


ENTRY = "- cases: [w]\n{0}  reason: r\n{0}  owner: o\n{0}  client: {{body: old}}\n"
WRITTEN = {
    "at the end": "version: 1\ndivergences:\n  " + ENTRY.format("  "),
    "without a last line end": (
        "version: 1\ndivergences:\n  " + ENTRY.format("  ").rstrip()
    ),
    "not indented": "version: 1\ndivergences:\n" + ENTRY.format(""),
    "far in": "version: 1\ndivergences:\n      " + ENTRY.format("      "),
    "with codes behind": (
        "# first\ndivergences:\n  # one\n  "
        + ENTRY.format("  ")
        + "    # of the entry\n\n# of version\nversion: 1 # last\n"
    ),
    "with a comment behind": (
        "version: 1\ndivergences:\n  "
        + ENTRY.format("  ")
        + "  # - cases: [out]\n\n# the end"
    ),
    "with a block": (
        "version: 1\ndivergences:\n  "
        + ENTRY.format("  ").replace(
            "{body: old}", "\n      body: |+\n        # a\n\n\n"
        )
    ),
    "with a block and no line end": (
        "version: 1\ndivergences:\n  "
        + ENTRY.format("  ").replace("{body: old}\n", "\n      body: |-\n        a")
    ),
    "with an alias": (
        "version: 1\ndivergences:\n  "
        + ENTRY.format("  ").replace("{body: old}", "&a {body: old}")
        + "  "
        + ENTRY.format("  ").replace("[w]", "[v]").replace("{body: old}", "*a")
        + "# end\n"
    ),
    "empty": "version: 1\ndivergences:\n",
    "empty with a comment": "divergences: # none yet\n# more\nversion: 1\n",
    "empty brackets": "divergences: [] # none yet\nversion: 1\n",
    "null": "version: 1\ndivergences: null\n",
    "no list": "version: 1 # one",
    "a mark and line ends": "\ufeffdivergences:\n  ".replace("\n", "\r\n")
    + ENTRY.format("  ").replace("\n", "\r\n")
    + "version: 1\r\n",
    "a document's ends": (
        "---\nversion: 1\ndivergences:\n  " + ENTRY.format("  ") + "...\n"
    ),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_all_else_stays_to_the_byte(tmp_path: Path, text: str) -> None:
    path = tmp_path / "divergences.yaml"
    path.write_bytes(text.encode())
    old = read(path)

    entry = accept(path, [judged(path, CHANGED)], "r", "o")

    new = path.read_bytes().decode()
    assert judged(path, CHANGED).outcome == "sanctioned"
    assert [item.facts for item in read(path).entries[:-1]] == [
        item.facts for item in old.entries
    ]
    end = "\r\n" if "\r\n" in text else "\n"
    assert without(new, entry.replace("\n", end)) in {
        text,
        text + end,
        text.replace(": []", ":"),
        text.replace(": null", ":"),
        f"{text}\ndivergences:\n",
    }


def without(text: str, entry: str) -> str:
    """Take an entry out of a file, however far in it stands."""
    for width in range(8, -1, -1):
        shown = indent(entry, " " * width)
        if shown in text:
            return text.replace(shown, "", 1)
    raise AssertionError(text)


def test_an_entry_stands_behind_the_last_one(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
        version: 1

        # what we meant
        divergences:
          - {cases: [w], reason: r, owner: o, client: {body: old}}  # long ago

        # why
        codes: {}
        """,
    )
    before = path.read_text(encoding="utf-8")

    entry = accept(path, [judged(path, CHANGED)], "r", "o")

    first, last = before.split("# long ago\n")
    added = "".join(f"  {line}\n" for line in entry.splitlines())
    assert path.read_text(encoding="utf-8") == f"{first}# long ago\n{added}{last}"


@pytest.mark.parametrize(
    "text",
    [
        "{version: 1, divergences: []}",
        "version: 1\ndivergences: [{cases: [w], reason: r, owner: o, upstream: nothing}]\n",
    ],
)
def test_a_list_in_brackets_is_left_to_its_author(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)

    said = refusal(path, judged(path, CHANGED))

    assert said.startswith(f"{path} cannot be extended as it is written; add this:")
    assert "- cases: [x]" in said


def test_accepting_twice_adds_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "divergences.yaml"
    accept(path, [judged(path, CHANGED)], "first", "me")
    more = CHANGED | {"upstream.method": ("PUT",)}

    accept(path, [judged(path, more)], "second", "you")

    found = judged(path, more)
    assert (found.outcome, found.reasons) == (
        "sanctioned",
        ("first (me)", "second (you)"),
    )
    assert problems(read(path), [exchange()], TODAY) == ()


WORDS = (
    "null ~ true No 12 012 1e3 - ' \" \\ \\x \\x41 [a] {a} *a &a !a %a @a `a | > ? # ... --- "
    "<< = , 2027-12-31 12:30:45 nothing caf\xc3\xa9 \xe9 \xc2\x85 \xed\xa0\x80"
)
BLANK = (
    "",
    " ",
    "- a",
    "a: b",
    "a #b",
    ": ",
    "\n",
    "a\n",
    "\n a",
    "\r\n",
    "\t",
    "{{ x }}",
)
BYTES_OF = ("\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\x00", "a" * 2000, "a," * 300)
ODD = st.sampled_from([*WORDS.split(" "), *BLANK, *BYTES_OF])
VALUES = st.one_of(ODD, TEXTS, st.lists(ODD, max_size=4).map("".join))
REPEATED = st.lists(VALUES, min_size=1, max_size=3).map(tuple)


def fresh(folder: pytest.TempPathFactory) -> Path:
    return folder.getbasetemp() / f"accepted-{next(NUMBERS)}.yaml"


@given(
    st.dictionaries(TOKENS.map(str.lower), REPEATED, max_size=3), VALUES, VALUES, VALUES
)
@examples(300)
def test_what_is_accepted_reads_back_as_it_is(
    tmp_path_factory: pytest.TempPathFactory,
    headers: Facts,
    body: str,
    target: str,
    said: str,
) -> None:
    path = fresh(tmp_path_factory)
    got = OLD | {"client.body": (body,), "upstream.target": (target,)}
    got |= {f"client.headers.{name}": values for name, values in headers.items()}
    got |= {f"upstream.2.headers.{name}": values for name, values in headers.items()}
    verdict = judged(path, got)
    assume(verdict.outcome != "identical")

    accept(path, [verdict], f"r {said}"[:4000], f"o {said}"[:200])

    assert read(path).pins(exchange()) == {
        item.fact: item.new for item in verdict.differences
    }
    assert judged(path, got).outcome == "sanctioned"


@given(st.lists(st.tuples(exchanges(), exchanges()), min_size=1, max_size=3), st.data())
@examples(150)
def test_any_difference_is_accepted_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[Exchange, Exchange]],
    data: st.DataObject,
) -> None:
    path = fresh(tmp_path_factory)
    names = [one.name for one, _ in pairs]
    assume(len(names) == len(set(names)))
    for one, other in pairs:
        verdict = judged(path, other.facts, one)
        try:
            accept(path, [verdict], data.draw(st.text(BYTES, min_size=1)) + "r", "o")
        except StartError:
            assert verdict.outcome == "identical" or not is_answer(other.facts)
        else:
            assert judged(path, other.facts, one).outcome == "sanctioned"
            assert yaml.safe_load(path.read_text(encoding="utf-8"))["divergences"]


def is_answer(facts: Facts) -> bool:
    return not {"client.failure", "start.error"} & facts.keys()
