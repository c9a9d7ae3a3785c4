"""Generated cases: the same each time, well formed, and every pair among them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hxroute.passing import HOP_BY_HOP
from hxroute.proof.cases.generate import SIZES, Size, choices, generate, rows
from hxroute.proof.cases.levels import FACTORS, Level
from hxroute.proof.cases.places import BODILESS, Place
from hxroute.proof.cases.replies import reason
from hxroute.proof.exchange import NAME, REFUSED, Case
from hxroute.proof.messages import unchunked
from hxroute.sandbox.scripted import OK, Script
from tests.processes import ROOT
from tests.proof.cases.places import hx_places

PLACES = hx_places(HX_MAX_BODY_SIZE="2KiB")
_, EMBEDDINGS, REST = PLACES
LONGEST = Place(
    "x" * 36, "/a", "POST", (), "bearer", "sk", body="{}", max_body=9, wait=1
)
CASES = {case.name: case for case in generate(PLACES, "large", patience=60)}
DIGEST = """
import hashlib
from tests.proof.cases.places import hx_places
from tests.proof.cases.test_openapi import DOCUMENTS, places_of
from hxroute.proof.cases.generate import SIZES, generate
places = [*hx_places(), *(p for n in DOCUMENTS for p in places_of(n).values())]
made = [generate(places, size, patience=60) for size in SIZES]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


def request_of(name: str) -> str:
    return CASES[name].request.wire("127.0.0.1:1").decode("latin-1")


def cases_at(label: str) -> list[Case]:
    found = [case for name, case in CASES.items() if name.startswith(f"{label}.")]
    assert len(found) > 50
    return found


@pytest.mark.parametrize(
    ("size", "least", "most"),
    [("small", 10, 40), ("normal", 200, 360), ("large", 500, 900)],
)
def test_size_of_the_hx_gateway_s_cases(size: Size, least: int, most: int) -> None:
    assert least <= len(generate(hx_places(), size)) <= most


def test_sizes_hold_each_other() -> None:
    small, normal, large = (
        {repr((case.request, case.script)) for case in generate(PLACES, size)}
        for size in SIZES
    )

    assert small < normal
    assert small < large


def test_two_processes_generate_the_same() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(found) == 1


@pytest.mark.parametrize("size", SIZES)
def test_names_are_names_and_occur_once(size: Size) -> None:
    names = [
        case.name for case in generate([*PLACES, LONGEST, LONGEST], size, patience=9)
    ]

    assert len(set(names)) == len(names)
    assert not [name for name in names if not NAME.fullmatch(name)]


def test_key_of_any_text_goes_over_the_wire() -> None:
    place = Place("p", "/", auth="bearer", key="\xc3\xb5\xff\xdf")

    for case in generate([place], "large"):
        case.request.wire("127.0.0.1:1")


def test_no_two_cases_play_the_same() -> None:
    played = [repr((case.request, case.script)) for case in CASES.values()]

    assert len(set(played)) == len(played)


def test_names_of_one_place_begin_with_its_label() -> None:
    labels = {name.partition(".")[0] for name in CASES}

    assert labels == {place.label for place in PLACES}


def test_environment_is_that_of_every_case() -> None:
    assert {case.environment for case in generate(PLACES, environment="keyed")} == {
        "keyed"
    }


# What goes over the wire.


@pytest.mark.parametrize("label", [place.label for place in PLACES])
def test_request_is_well_formed(label: str) -> None:
    for case in cases_at(label):
        request = case.request

        line, *fields = request_of(case.name).partition("\r\n\r\n")[0].split("\r\n")

        assert line == f"{request.method} {request.target} HTTP/1.1"
        assert len(line.split(" ")) == 3
        assert request.target.startswith("/")
        assert all(33 <= ord(character) < 127 for character in request.target)
        assert len(request.target) < 8192
        for field in fields:
            name, colon, value = field.partition(":")
            assert name.strip() == name != ""
            assert colon
            assert value.isprintable() or not any(c in "\r\n\0" for c in value)
        assert (
            request.values("connection") == []
            or "close" in request.values("connection")[0]
        )


@pytest.mark.parametrize("label", [place.label for place in PLACES])
def test_body_is_framed_in_one_way(label: str) -> None:
    for case in cases_at(label):
        request = case.request
        sent = [name.lower() for name, _ in request.fields("127.0.0.1:1")]

        assert sent.count("content-length") + sent.count("transfer-encoding") == 1
        assert sent.count("host") == sent.count("connection") == 1
        if "transfer-encoding" in sent:
            assert request.sent.endswith("0\r\n\r\n")
            assert unchunked(request.sent) == request.content
        else:
            assert request.content == request.sent


def answered(script: Script) -> Iterator[tuple[str, str]]:
    """Yield the head and the body of each answer in a script, as far as it goes."""
    text = "".join(
        step if isinstance(step, str) else step["repeat"][0] * step["repeat"][1]
        for step in script
        if isinstance(step, str) or "repeat" in step
    )
    while text.startswith("HTTP/1.1 1"):
        head, _, text = text.partition("\r\n\r\n")
        yield head, ""
    if text:
        head, _, body = text.partition("\r\n\r\n")
        yield head, body


BROKEN = {
    "up-garbage", "up-bad-status", "up-half-head", "up-bad-length", "up-short",
    "up-short-chunked", "up-no-last-chunk", "up-bad-chunk", "up-reset-in-body",
    "up-timeout-in-body",
}  # fmt: skip
ENDLESS = {"up-no-length", "up-http10"}


@pytest.mark.parametrize("label", [place.label for place in PLACES])
def test_answer_is_well_formed_unless_it_is_broken_on_purpose(label: str) -> None:
    for case in cases_at(label):
        told = case.name.split(".")
        if BROKEN & set(told):
            continue
        answers = list(answered(case.script))

        for head, body in answers:
            line, *fields = head.split("\r\n")
            version, status, phrase = line.split(" ", 2)
            lengths = [
                f.partition(": ")[2] for f in fields if f.startswith("Content-Length")
            ]
            lengths += [
                f.partition(": ")[2] for f in fields if f.startswith("content-length")
            ]
            assert version in ("HTTP/1.1", "HTTP/1.0")
            assert phrase == reason(int(status))
            if "Transfer-Encoding: chunked" in fields:
                assert not lengths
                assert case.request.method == "HEAD" or body.endswith("\r\n\r\n")
            elif int(status) in (100, 103, 204, 304):
                assert not lengths
                assert not body
            elif ENDLESS & set(told):
                assert not lengths
                assert {"close": True} in case.script
            else:
                assert case.request.method == "HEAD" or lengths == [str(len(body))]
        if not answers:
            assert (
                case.script == REFUSED
                or {"close": True} in case.script
                or ({"reset": True} in case.script)
            )


def test_answer_to_head_has_no_body() -> None:
    found = [case for case in CASES.values() if case.request.method == "HEAD"]

    assert found
    for case in found:
        assert all(not body for _, body in answered(case.script))
        assert case.script == REFUSED or answered(case.script)


# What is among them.


def test_keys_are_shown_in_every_way() -> None:
    key = EMBEDDINGS.key
    shown = {
        name.partition(".auth-")[2]: case.request.values("authorization")
        for name, case in CASES.items()
        if name.startswith("post-v1-embeddings.auth-") and name.count(".") == 1
    }

    assert shown["missing"] == []
    assert shown["prefix"] == [f"Bearer {key[:-1]}"]
    assert shown["two-spaces"] == [f"Bearer  {key}"]
    assert shown["tab"] == [f"Bearer\t{key}"]
    assert shown["right-wrong"] == [f"Bearer {key}", "Bearer no-such-key"]
    assert shown["wrong-right"] == ["Bearer no-such-key", f"Bearer {key}"]
    assert f"Bearer {key}" not in shown["lower-scheme"]


@pytest.mark.parametrize(
    ("name", "length"),
    [("most", 2048), ("over", 2049), ("most-chunked", 2048), ("over-chunked", 2049)],
)
def test_bodies_are_as_long_as_the_limit_allows_and_longer(
    name: str, length: int
) -> None:
    case = CASES[f"any-v1-rest.body-{name}"]

    assert len(case.request.content) == length


def test_large_limit_is_met_by_repeating() -> None:
    _, place, _ = hx_places()

    cases = {case.name: case.request for case in generate([place])}

    over = cases["post-v1-embeddings.body-over"]
    assert (over.body, over.repeat) == ("x", (1 << 20) + 1)


def test_limit_that_is_huge_is_not_tried() -> None:
    place = Place("p", "/", "POST", body="{}", max_body=1 << 30)

    assert not [case.name for case in generate([place]) if "body-over" in case.name]


def test_renamed_members_are_there_in_every_way() -> None:
    bodies = {
        name.partition(".body-")[2]: case.request.body for name, case in CASES.items()
    }

    assert bodies["old"] == '{"n":1,"prompt":"old"}'
    assert bodies["both"] == '{"prompt":"old","input":"new"}'
    assert bodies["new"] == '{"input":"new"}'


STATUSES = {
    200, 201, 202, 204, 205, 206, 301, 302, 304, 307, 400, 401, 403, 404, 405, 409, 413,
    415, 418, 422, 429, 451, 500, 501, 502, 503, 504, 529, 599,
}  # fmt: skip


def test_every_status_is_answered_in_a_normal_set() -> None:
    found = {
        int(head.split(" ", 2)[1])
        for case in generate(PLACES)
        for head, _ in answered(case.script)
        if head.startswith("HTTP/1.1 ") and head[9:12].isdecimal()
    }

    assert found - {100, 103} == STATUSES


def test_every_hop_by_hop_field_is_sent_in_a_large_set() -> None:
    sent = {name.lower() for case in CASES.values() for name, _ in case.request.headers}

    others = {b"transfer-encoding", b"proxy"}
    assert {name.decode() for name in HOP_BY_HOP - others} <= sent


def test_timeout_is_tried_once_for_an_upstream_that_is_waited_for() -> None:
    silent = [
        case.name
        for case in generate(PLACES, "large", patience=30)
        if case.name.endswith(".up-timeout")
    ]

    assert silent == ["post-v1-embeddings.up-timeout"]
    assert {"sleep": 32.0} in CASES[silent[0]].script


def test_timeout_is_not_tried_where_it_would_take_too_long() -> None:
    cases = generate(PLACES, "large", patience=29)

    assert not [case.name for case in cases if "timeout" in case.name]


def test_timeout_is_tried_where_the_wait_is_short_enough() -> None:
    slow = Place("slow", "/slow", upstream="u", wait=40)
    quick = [Place(name, f"/{name}", upstream="u", wait=2) for name in ("a", "b")]

    cases = generate([slow, *quick], "large", patience=5)

    silent = [case.name for case in cases if case.name.endswith(".up-timeout")]
    assert silent == ["a.up-timeout"]


def test_each_of_several_renamed_members_is_tried() -> None:
    renames = (("prompt", "input"), ("engine", "model"))
    place = Place("p", "/", "POST", body="{}", renames=renames)

    bodies = {case.name: case.request.body for case in generate([place])}

    assert bodies["p.body-old-1"] == '{"n":1,"prompt":"old"}'
    assert bodies["p.body-both-2"] == '{"engine":"old","model":"new"}'
    assert bodies["p.body-old-all"] == '{"prompt":"hello","engine":"hello"}'


def test_place_that_answers_itself_is_not_tried_with_upstreams() -> None:
    own = [case for name, case in CASES.items() if name.startswith("any-healthz.")]

    assert {repr(case.script) for case in own} == {repr(OK), repr((OK[0],))}


def test_rare_levels_are_tried_once_in_a_kin() -> None:
    names = [case.name.partition(".")[2] for case in generate([EMBEDDINGS, REST])]

    assert names.count("up-451") == names.count("head-range") == 1
    assert names.count("auth-wrong") == 2


def test_rare_levels_go_round_the_places_of_a_kin() -> None:
    counts = {
        place.label: sum(case.name.startswith(place.label) for case in generate(PLACES))
        for place in (EMBEDDINGS, REST)
    }

    assert min(counts.values()) * 2 > max(counts.values())


# All pairs, looked for in the cases and not in what made them.


def read_back(case: Case, place: Place) -> tuple[str, ...] | None:
    """Return the level of each factor that a case shows, None for one that is no main."""
    request, found = case.request, []
    rest = [item for item in request.headers if item not in place.headers]
    own = {"authorization", "content-type", "transfer-encoding"}
    traps = tuple(item for item in rest if item[0].lower() not in own)
    facts: dict[str, object] = {
        "method": request.method,
        "auth": request.values("authorization"),
        "content": request.values("content-type"),
        "headers": traps,
        "target": request.target,
        "body": (request.values("transfer-encoding"), request.sent),
        "upstream": repr(case.script),
    }
    for factor, levels in zip(FACTORS, main_levels(place), strict=True):
        name = next((one.name for one in levels if fits(one, factor, facts)), None)
        if name is None:
            return None
        found.append(name)
    return tuple(found)


def fits(level: Level, factor: str, facts: dict[str, object]) -> bool:
    values = [value for _, value in level.headers]
    shown: dict[str, object] = {
        "method": level.text,
        "auth": values,
        "content": values,
        "headers": level.headers,
        "target": level.text,
        "body": (values, level.text * level.repeat),
        "upstream": repr(level.script),
    }
    if level.name == "body-ok":  # which is as the content type has it
        return facts["body"] == (
            [],
            "hello" if facts["content"] == ["text/plain"] else level.text,
        )
    return shown[factor] == facts[factor]


def main_levels(place: Place) -> list[list[Level]]:
    return [[one for one in levels if one.paired] for levels in choices(place)]


STOPPING = {"auth-missing", "auth-wrong", "body-over"}


def possible(row: tuple[Level, ...], place: Place) -> bool:
    method, _, content, _, _, body, upstream = row
    bodiless = method.text in BODILESS
    if bodiless and (body.name != "body-none" or content.name != "type-none"):
        return False
    return upstream.name == "up-ok" or not stopped([one.name for one in row], place)


def stopped(names: list[str], place: Place) -> set[str]:
    """Return what of a row ends the request before the upstream is called."""
    invalid = {"body-invalid"} if place.renames else set()
    return set(names) & (STOPPING | invalid)


def pairs_of(names: tuple[str, ...], place: Place) -> Iterator[tuple[str, str]]:
    stopping = stopped(list(names), place)
    return (pair for pair in itertools.combinations(names, 2) if stopping <= set(pair))


@pytest.mark.parametrize("place", [EMBEDDINGS, REST, PLACES[0]], ids=lambda p: p.label)
def test_every_pair_of_main_levels_occurs(place: Place) -> None:
    wanted = {
        pair
        for row in itertools.product(*main_levels(place))
        if possible(row, place)
        for pair in pairs_of(tuple(level.name for level in row), place)
    }

    found = {
        pair
        for case in generate([place])
        if (names := read_back(case, place)) is not None
        for pair in pairs_of(names, place)
    }

    assert len(wanted) > 30
    assert wanted <= found


def test_pairs_take_few_rows() -> None:
    combinations = 1
    for levels in main_levels(EMBEDDINGS):
        combinations *= len(levels)

    several = [case for case in generate([EMBEDDINGS]) if case.name.count(".") > 1]

    assert combinations > 400
    assert len(several) < 50


@pytest.mark.parametrize("size", SIZES)
def test_rows_are_possible(size: Size) -> None:
    for place in PLACES:
        for row in rows([place], size, patience=60)[place.label]:
            unasked = row.body.name == "body-unasked"
            assert (
                unasked
                or possible(tuple(row), place)
                or row.method.name == "lower-method"
            )
