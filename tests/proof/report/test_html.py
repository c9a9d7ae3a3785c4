"""The page a reviewer opens, as the text it is; test_browser.py opens it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from syrupy.assertion import SnapshotAssertion

from hxroute.proof.report.html import render
from hxroute.proof.verdict import Difference, Proof
from tests.proof.report.golden import Html
from tests.proof.report.proofs import (
    PROBLEMS,
    cookies,
    hostile,
    identical,
    proof,
    realistic,
    renamed,
)
from tests.proof.report.strategies import proofs

TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "header", "main"),
    *("p", "h1", "h2", "h3", "h4", "svg", "rect", "dl", "dt", "dd", "div", "section"),
    *("button", "b", "label", "span", "input", "output", "ul", "li", "a", "footer"),
    *("details", "summary", "code", "pre", "small", "script"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "del", "ins"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id"),
    *("viewbox", "preserveaspectratio", "x", "y", "width", "height", "role", "type"),
    *("aria-hidden", "aria-label", "aria-labelledby", "aria-pressed", "aria-live"),
    *("data-outcome", "data-open", "hidden", "autocomplete", "spellcheck"),
    *("placeholder", "scope", "tabindex", "rowspan", "colspan"),
}
VOID = {"meta", "link", "input", "rect"}

# syrupy warns, on writing, of golden files that are not named after their test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")


class Reader(HTMLParser):
    """Reads a page, and holds it to the tags and attributes that are ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.scripts = 0
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        given = dict(attrs)
        self.scripts += tag == "script"
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def body(page: str) -> str:
    """Return a page without its style and its script."""
    return page.partition("<body>\n")[2].partition("<script>")[0]


def test_page_of_a_small_proof(snapshot: SnapshotAssertion) -> None:
    page = render(proof(identical(), renamed(), cookies(), problems=PROBLEMS))

    assert body(page) == snapshot(extension_class=Html, name="small")


def test_page_names_nothing_outside_of_it() -> None:
    page = render(realistic())

    assert not re.search(r"(src|href|action|url|@import)\s*[=(]\s*\S*//", page)
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page


@pytest.mark.parametrize("tag", ["style", "script"])
def test_policy_names_the_digest_of_what_may_run(tag: str) -> None:
    page = render(proof())
    found = re.search(rf"<{tag}>(.*)</{tag}>", page, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()

    shown = policy[1].replace("&#39;", "'")

    assert shown.startswith("default-src 'none'; ")
    assert f"{tag}-src 'sha256-{digest}';" in shown
    assert "unsafe" not in shown


def test_cases_that_need_a_look_come_first() -> None:
    page = render(proof(identical(), cookies(), renamed()))

    names = re.findall(r"<summary><h3>(.*?)</h3>", page)

    assert names == ["chat-ok", "up-set-cookies", "models-ok"]


def test_both_directions_show_what_differs_and_the_line_of_its_rule() -> None:
    text = Reader(render(proof(renamed()))).text

    saw, _, got = text.partition("Client got")
    assert "Upstream saw" in saw
    assert "routes.yaml:103: request.json.rename of POST" in saw
    assert "routes.yaml:62: headers.to_client.set" in got


def test_reason_names_the_cases_it_covers() -> None:
    second = replace(cookies(), recorded=identical("second").recorded)
    found = Reader(render(proof(cookies(), second)))

    assert found.links[:2] == ["#case-up-set-cookies", "#case-second"]
    assert set(found.links) == {f"#{name}" for name in found.ids if "case-" in name}


def test_every_link_leads_to_a_case() -> None:
    found = Reader(render(realistic()))

    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert len(set(found.ids)) == len(found.ids)


def test_text_of_an_enemy_is_text() -> None:
    found = Reader(render(proof(hostile(), problems=PROBLEMS)))

    assert found.scripts == 1
    assert "</script><img src=x onerror=alert(1)>" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert r"\x00\x1b[31m" in found.text


def test_long_fact_is_cut_and_bodies_are_shown_whole_beside_it() -> None:
    old = '{"a":[' + ",".join(map(str, range(600))) + "]}"
    new = '{"a":[' + ",".join(f"{n}.5" for n in range(600)) + "]}"
    item = Difference("client.body", (old,), (new,))

    text = Reader(render(proof(replace(identical(), differences=(item,))))).text

    assert "lines more" in text
    assert old in text


def test_thousands_of_identical_cases_stay_small() -> None:
    found = [identical(f"case-{n}", f"/v1/models/{n}") for n in range(1000)]

    page = render(proof(*found))

    assert len(page) < 2000 * len(found)


def test_page_without_cases_says_so() -> None:
    text = Reader(render(proof())).text

    assert "0 cases: 0 identical, 0 sanctioned, 0 unexplained" in text


@pytest.mark.parametrize("many", [1, 3, 500])
def test_bar_is_filled_by_the_outcomes(many: int) -> None:
    page = render(proof(renamed(), *[identical(f"case-{n}") for n in range(many)]))

    parts = re.findall(r'<rect class="(\w+)" x="(\d+)" y="0" width="(\d+)"', page)

    (_, start, first), (_, then, rest) = parts
    assert [name for name, *_ in parts] == ["unexplained", "identical"]
    assert (int(start), int(then)) == (0, int(first))
    assert int(first) + int(rest) == 1000
    assert int(first) >= 8


@settings(max_examples=150, deadline=None)
@given(found=proofs())
def test_page_of_any_proof_holds_our_tags_only(found: Proof) -> None:
    page = render(found)

    assert page.replace("\n", "").isprintable()
    reader = Reader(page)
    assert reader.scripts == 1
    assert found.summary in reader.text
    assert all(link.startswith("#case-") for link in reader.links)
