"""Goldens that cannot lie: whatever was changed, broken or lost is an error that says so."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxroute.errors import StartError
from hxroute.proof import corpus as corpora
from hxroute.proof.corpus import Corpus, Declaration, Oracle, load
from hxroute.proof.exchange import Case, Exchange, client_facts, upstream_facts
from hxroute.proof.messages import Answer, Request
from hxroute.proof.record import declare
from hxroute.sandbox.seen import Seen
from tests.proof.recorded import files, hxroute

ORACLE = Oracle("main:app", {"python": "3.11.7", "sha256": "ab" * 32}, "by uvicorn")


def exchange(name: str, environment: str = "default") -> Exchange:
    request = Request("POST", f"/v1/{name}", (("X-Team", "blue"),), "{}")
    seen = [("upstream", Seen("POST", f"/{name}", (("x-team", "blue"),), "{}"))]
    answer = Answer(200, (("content-type", "text/plain"),), "h\xc3\xa9 \x00\r\n")
    facts = client_facts(answer) | upstream_facts(request, seen)
    return Exchange(Case(name, request, environment=environment), facts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of three exchanges."""
    made = Corpus(
        tmp_path / "corpus",
        ORACLE,
        "127.0.0.1:8000",
        ("upstream",),
        {"default": {"KEY": "sk-é"}, "other": {}},
        {n: exchange(n) for n in ("chat", "models", "zebra.1")},
        (Declaration("the first", ("chat",)),),
    )
    for item in made.exchanges.values():
        corpora.write_exchange(made, item)
    corpora.write(made)
    return made.folder


def refused(folder: Path) -> str:
    """Return what a corpus is refused with."""
    with pytest.raises(StartError) as caught:
        load(folder)
    return str(caught.value)


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_corpus_is_what_was_written(folder: Path) -> None:
    found = load(folder)

    assert list(found.exchanges) == ["chat", "models", "zebra.1"]
    assert found.exchanges["chat"] == exchange("chat")
    assert found.oracle == ORACLE
    assert found.declared == (Declaration("the first", ("chat",)),)
    assert found.environments == {"default": {"KEY": "sk-é"}, "other": {}}
    assert found.complete
    assert not found.changed


def test_writing_what_was_read_changes_no_byte(folder: Path) -> None:
    before, found = files(folder), load(folder)

    corpora.write(found)
    for item in found.exchanges.values():
        corpora.write_exchange(found, item)

    assert files(folder) == before


def test_oracle_says_in_a_line_what_it_is() -> None:
    assert str(ORACLE) == "main:app (python 3.11.7, sha256 abababababab)"
    assert str(Oracle("http://127.0.0.1:1")) == "http://127.0.0.1:1"


def test_corpus_that_is_none_says_how_one_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for none in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        assert refused(none) == (
            f"{none} holds no corpus; run `hxroute record` to make one"
        )


def windows(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def marked(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbled(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


def removed(path: Path) -> None:
    path.unlink()


def renamed(path: Path) -> None:
    path.rename(path.with_name("nobody.http"))


def replaced(path: Path) -> None:
    path.write_bytes(path.with_name("models.http").read_bytes())


def foldered(path: Path) -> None:
    path.unlink()
    path.mkdir()


def answered(path: Path) -> None:
    edited(path, "HTTP/1.1 200\n", "HTTP/1.1 201\n")


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def sectioned(path: Path) -> None:
    edited(path, "--- upstream saw\n", "--- upstream looks away\n")


def elsewhere(path: Path) -> None:
    edited(path, "environment: default", "environment: nowhere")


ANEW = "or record all again: `hxroute record --anew REASON`"
DECLARE = (
    "was changed since it was recorded; restore it, or say why: "
    "`hxroute record --declare REASON`"
)
FAULTS: dict[Callable[[Path], None], str] = {
    windows: "has line ends of Windows, as git may write them; put `*.http -text` into "
    ".gitattributes, and check it out again",
    marked: f"is no exchange; restore it, {ANEW}",
    truncated: DECLARE,
    cut: f"is no exchange; restore it, {ANEW}",
    emptied: f"is no exchange; restore it, {ANEW}",
    garbled: f"is not UTF-8; restore it, {ANEW}",
    removed: f"is missing; restore it, {ANEW}",
    renamed: f"is missing; restore it, {ANEW}",
    replaced: "holds the case `models`; restore its name",
    foldered: "cannot be read: Is a directory",
    answered: DECLARE,
    lengthened: DECLARE,
    sectioned: f"is no exchange; restore it, {ANEW}",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_exchange_that_was_changed_is_refused(
    folder: Path, fault: Callable[[Path], None]
) -> None:
    path = folder / "exchanges" / "chat.http"
    fault(path)

    assert refused(folder) == f"{path} {FAULTS[fault]}"


def test_exchange_of_no_environment_is_refused(folder: Path) -> None:
    path = folder / "exchanges" / "chat.http"
    elsewhere(path)

    assert refused(folder) == (
        f"{path} wants the environment `nowhere`, which {folder / 'corpus.json'} does "
        f"not define; restore it, {ANEW}"
    )


def test_exchange_that_nobody_recorded_is_refused(folder: Path) -> None:
    added = folder / "exchanges" / "added.http"
    shutil.copy(folder / "exchanges" / "chat.http", added)

    assert refused(folder) == (
        f"{added} was not recorded, {folder / 'corpus.json'} does not name it; remove it"
    )


def test_many_changed_exchanges_are_told_by_the_first(folder: Path) -> None:
    made = load(folder)
    for number in range(9):
        made = made.with_exchange(exchange(f"n{number}"))
        corpora.write_exchange(made, made.exchanges[f"n{number}"])
    corpora.write(made)
    for number in range(9):
        answered(folder / "exchanges" / f"n{number}.http")

    lines = refused(folder).split("\n")

    assert len(lines) == 6
    assert lines[-1] == "and 4 others"


@pytest.mark.parametrize("fault", [marked, truncated, cut, emptied, garbled])
def test_broken_index_is_refused(folder: Path, fault: Callable[[Path], None]) -> None:
    path = folder / "corpus.json"
    fault(path)

    assert refused(folder) == (
        f"{path} is not JSON; restore it, or remove it and record again"
    )


def test_index_with_line_ends_of_windows_is_as_good(folder: Path) -> None:
    windows(folder / "corpus.json")

    assert load(folder).complete


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("main:app", "main:other"),
        ('"sk-é"', '"sk-other"'),
        ('"the first"', '"another reason"'),
        ('"other": {}', '"other": {"A": "b"}'),
        ('"format": 1,', '"format": 1, "more": 1,'),
        ('"digest": "', '"digest": "0'),
    ],
)
def test_index_that_was_changed_is_refused(folder: Path, old: str, new: str) -> None:
    path = folder / "corpus.json"
    edited(path, old, new)

    assert refused(folder) == (
        f"{path} was changed since it was recorded; restore it, or remove it and "
        "record again"
    )


def test_index_of_another_format_is_refused(folder: Path) -> None:
    edited(folder / "corpus.json", '"format": 1', '"format": 2')

    assert "is no corpus of this version of hxroute; restore it" in refused(folder)


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "A", "a\x1b[31m", "a" * 121])
def test_index_that_names_what_is_no_case_is_refused(folder: Path, name: str) -> None:
    index = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    index["exchanges"][name] = "0"
    (folder / "corpus.json").write_text(json.dumps(index), encoding="utf-8")

    text = refused(folder)

    assert "which no case can be called" in text
    assert text.isprintable()


WORDS = (
    "\n\n--- ",
    "client got",
    "client sends, body 3 times",
    "upstream writes",
    "upstream writes 2 times",
    "upstream waits 1e999 s",
    "upstream waits -1 s",
    "upstream chat saw",
    "upstream saw nothing",
    "client got no answer",
    "client got trailers",
    "gateway did not start",
    "\n",
    ": ",
    "\\x0d",
    "\\xff",
    "é",
    "\u2028",
    "\x00",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside one."""
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at, *(way for key, item in inner for way in places(item, (*at, key)))]


def put(value: Any, way: tuple[Any, ...], other: Any) -> Any:
    """Return a value with another one in a place of it."""
    if not way:
        return other
    copy = value.copy()
    copy[way[0]] = put(value[way[0]], way[1:], other)
    return copy


def sealed(index: Any) -> Any:
    """Return an index with the digest that it would have."""
    said = {k: v for k, v in index.items() if k != "digest"}
    text = json.dumps(said, sort_keys=True)
    return {**said, "digest": hashlib.sha256(text.encode()).hexdigest()}


@given(data=st.data(), other=JSON, seal=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_index_of_any_values_is_read_or_refused(
    folder: Path, data: st.DataObject, other: Any, seal: bool
) -> None:
    genuine = load_index(folder)
    changed = put(genuine, data.draw(st.sampled_from(places(genuine))), other)
    if seal and isinstance(changed, dict):
        changed = sealed(changed)
    aside = folder.parent / "changed"
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(folder, aside)
    (aside / "corpus.json").write_text(json.dumps(changed), encoding="utf-8")

    text = outcome(aside)

    assert text.startswith(str(aside)) if text else seal or changed == genuine
    assert text.isprintable()


def outcome(folder: Path) -> str:
    """Return what a corpus is refused with, nothing where it is read."""
    try:
        load(folder)
    except StartError as exc:
        return str(exc)
    return ""


def load_index(folder: Path) -> dict[str, Any]:
    text = (folder / "corpus.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@given(data=st.binary(max_size=60), at=st.integers(0, 200), gone=st.integers(0, 40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_exchange_of_any_bytes_is_read_or_refused(
    folder: Path, data: bytes, at: int, gone: int
) -> None:
    path = folder / "exchanges" / "chat.http"
    genuine = path.read_bytes()
    changed = genuine[:at] + data + genuine[at + gone :]
    path.write_bytes(changed)

    text = outcome(folder)
    path.write_bytes(genuine)

    assert text.startswith(str(path)) if text else changed == genuine
    assert text.isprintable()


@given(
    words=st.lists(st.sampled_from(WORDS), max_size=4),
    at=st.integers(0, 300),
    gone=st.integers(0, 40),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_exchange_is_refused_or_can_be_declared(
    folder: Path, words: list[str], at: int, gone: int
) -> None:
    genuine = files(folder)
    path = folder / "exchanges" / "chat.http"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:at] + "".join(words) + text[at + gone :], encoding="utf-8")

    try:
        declare(folder, "why not")
    except StartError as exc:
        text = str(exc)
    else:
        text = outcome(folder)
        assert not text
    finally:
        for name, data in genuine.items():
            (folder / name).write_bytes(data)
    assert text.isprintable()


def test_what_was_declared_is_taken_and_its_reason_kept(folder: Path) -> None:
    answered(folder / "exchanges" / "chat.http")

    done = hxroute(folder.parent, "record", "--declare", "the old one was redeployed")

    assert done.stdout == "declared in corpus: chat\n"
    found = load(folder)
    assert found.exchanges["chat"].facts["client.status"] == ("201",)
    assert found.declared[-1] == Declaration("the old one was redeployed", ("chat",))
    assert len(found.declared) == 2
    assert found.exchanges["models"] == exchange("models")


@pytest.mark.parametrize("reason", ["", " ", "\n", "a\x1b[31m"])
def test_declaring_wants_a_reason(folder: Path, reason: str) -> None:
    answered(folder / "exchanges" / "chat.http")
    before = files(folder)

    with pytest.raises(StartError, match="say the reason in a line of text"):
        declare(folder, reason)

    assert files(folder) == before


def test_declaring_wants_a_change(folder: Path) -> None:
    with pytest.raises(StartError, match=r"no exchange of .* was changed"):
        declare(folder, "why not")


def test_declaring_takes_no_changed_index(folder: Path) -> None:
    answered(folder / "exchanges" / "chat.http")
    edited(folder / "corpus.json", "main:app", "main:other")

    with pytest.raises(StartError, match=r"corpus\.json was changed since"):
        declare(folder, "why not")


def test_error_of_a_corpus_is_a_line_and_no_traceback(folder: Path) -> None:
    path = folder / "exchanges" / "chat.http"
    garbled(path)

    for command in (
        ["prove", "--new", "http://127.0.0.1:1"],
        ["record", "--declare", "a"],
    ):
        done = hxroute(folder.parent, *command)

        assert done.returncode == 2
        assert done.stderr == (
            f"error: corpus/exchanges/chat.http is not UTF-8; restore it, {ANEW}\n"
        )


def test_proof_writes_nothing_into_the_corpus(folder: Path) -> None:
    before = files(folder)
    (folder.parent / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    done = hxroute(folder.parent, "prove")

    assert "unexplained" in done.stdout
    assert files(folder) == before

    reason = ("--reason", "it is another", "--owner", "us")
    hxroute(folder.parent, "prove", "--accept", "chat", *reason)

    after = files(folder)
    assert after.pop("divergences.yaml")
    assert after == before


ROUTES = """\
version: 1
upstreams:
  models: {url: "http://127.0.0.1:4000"}
endpoints:
  - path: /v1/{rest:path}
    auth: none
    upstream: models
    request: {headers: clean}
headers:
  clean: {drop: [authorization, cookie]}
"""


def test_incomplete_corpus_ignores_what_it_does_not_name(folder: Path) -> None:
    found = load(folder)
    some = {"chat": found.exchanges["chat"]}
    corpora.write(
        Corpus(
            folder,
            ORACLE,
            found.host,
            found.upstreams,
            found.environments,
            some,
            complete=False,
        )
    )

    assert list(load(folder).exchanges) == ["chat"]


def test_tidying_removes_only_what_a_recording_leaves(folder: Path) -> None:
    found = load(folder)
    left = [
        "exchanges/gone.http",
        "exchanges/.chat.http.a1b2c3d4",
        ".corpus.json.a1b2c3_4",
    ]
    theirs = [
        "divergences.yaml",
        ".divergences.yaml.swp",
        "exchanges/.chat.http.swp",
        "exchanges/notes.md",
        ".gitattributes",
    ]
    for name in (*left, *theirs):
        (folder / name).touch()
    before = files(folder)

    corpora.tidy(found)

    assert before.keys() - files(folder).keys() == set(left)
