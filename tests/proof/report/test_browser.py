"""The page in a real Chromium: by mouse, by keyboard, without its script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hxroute.proof.report.html import render
from tests.proof.report.proofs import (
    PROBLEMS,
    cookies,
    hostile,
    identical,
    proof,
    realistic,
    renamed,
)

if TYPE_CHECKING:
    from playwright.sync_api import (  # type: ignore[import-not-found, unused-ignore]
        Browser,
        Locator,
        Page,
    )

    from tests.proof.report.conftest import Open

pytestmark = pytest.mark.browser

MOST_CASES = 5000
LEAST_CONTRAST = 4.5
"""Between text and what is behind it (WCAG 2.2, 1.4.3)."""

CONTRASTS = """() => {
  const light = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!color.startsWith("rgba(0, 0, 0, 0")) return color;
    }
    throw new Error("nothing is behind it");
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const pair = [getComputedStyle(element).color, behind(element)];
    const [dark, bright] = pair.map(light).sort((one, other) => one - other);
    found[`${element.tagName}.${element.className}: ${pair.join(" on ")}`] =
      (bright + 0.05) / (dark + 0.05);
  }
  return found;
}"""

INJECTED = """() => new Promise((resolve) => {
  const violated = new Set();
  document.addEventListener("securitypolicyviolation", (event) => {
    violated.add(event.effectiveDirective);
    if (violated.size === 3) resolve([[...violated], window.ran === true]);
  });
  fetch("http://127.0.0.1:9/").catch(() => {});
  const made = document.createElement("div");
  made.innerHTML = '<img src="http://127.0.0.1:9/x" onerror="window.ran = true">';
  document.body.append(made);
})"""


def shown(page: Page) -> list[str]:
    """Return the names of the cases that are shown, far below the window as well."""
    names: list[str] = page.locator("details.case:visible h3").all_text_contents()
    return names


def count(page: Page) -> str:
    text: str = page.get_by_role("status").inner_text()
    return text


def case(page: Page, name: str) -> Locator:
    """Return a case, by the link into it."""
    return page.locator(f"details.case:has([id='case-{name}'])")


def is_open(page: Page, name: str) -> bool:
    return case(page, name).get_attribute("open") is not None


def comes_into_view(page: Page, name: str) -> None:
    """Wait until the title of a case stands in the window, below the tools."""
    page.wait_for_function(
        """(name) => {
          const titled = document.getElementById(name).closest("details");
          const title = titled.firstElementChild.getBoundingClientRect();
          const tools = document.querySelector(".tools").getBoundingClientRect();
          return title.top >= tools.bottom && title.bottom <= innerHeight;
        }""",
        arg=f"case-{name}",
    )


def focused(page: Page) -> str:
    """Return the name of what has the focus."""
    text: str = page.evaluate(
        "() => document.activeElement.innerText || document.activeElement.type"
    )
    return text.partition("\n")[0]


def test_filter_by_mouse(open_page: Open) -> None:
    page = open_page(realistic())
    assert count(page) == "5 of 5 cases shown"

    page.get_by_role("button", name="Sanctioned 1").click()

    assert shown(page) == ["up-set-cookies"]
    assert count(page) == "1 of 5 cases shown"
    pressed = page.get_by_role("button", pressed=True).all_inner_texts()
    assert pressed == ["Sanctioned 1"]
    headings = page.locator("section.cases:visible h2").all_inner_texts()
    assert headings == ["Sanctioned 1"]


def test_filter_and_search_by_keyboard(open_page: Open) -> None:
    page = open_page(realistic())

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "Unexplained 2"
    page.keyboard.press("Enter")
    assert shown(page) == ["chat-ok", "up-gzip"]
    for _ in range(3):
        page.keyboard.press("Tab")
    assert focused(page) == "search"
    page.keyboard.type("gzip")
    assert shown(page) == ["up-gzip"]
    page.keyboard.press("Escape")
    assert shown(page) == ["chat-ok", "up-gzip"]


def test_case_opens_by_keyboard(open_page: Open) -> None:
    page = open_page(proof(renamed()))

    page.locator("details.case > summary").focus()
    page.keyboard.press("Enter")

    assert is_open(page, "chat-ok")
    saw = page.get_by_role("table", name="Upstream saw")
    assert "routes.yaml:103" in saw.inner_text()
    assert saw.locator("ins").all_inner_texts() == ["-2"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("SET-COOK", ["up-set-cookies"]),
        ("a=%20b", ["up-gzip"]),
        ("x-frame-options", ["chat-ok"]),
        ("get healthz", ["health"]),
        ("nobody", []),
    ],
)
def test_search_over_name_target_and_fact(
    open_page: Open, words: str, names: list[str]
) -> None:
    page = open_page(realistic())

    page.get_by_label("Search").fill(words)

    assert shown(page) == names
    assert page.get_by_text("No case is like that.").is_visible() == (not names)


@pytest.mark.parametrize("fragment", ["#chat-ok", "#case-chat-ok"])
def test_link_opens_its_case(open_page: Open, fragment: str) -> None:
    found = [identical(f"case-{n}") for n in range(100)]

    page = open_page(proof(*found, renamed()), fragment)

    assert is_open(page, "chat-ok")
    assert page.locator("details[open]").count() == 1
    page.wait_for_function("document.activeElement.id === 'case-chat-ok'")
    comes_into_view(page, "chat-ok")


def test_link_opens_a_case_that_is_filtered_away(open_page: Open) -> None:
    page = open_page(realistic())
    page.get_by_role("button", name="Identical 2").click()

    page.evaluate("location.hash = 'up-set-cookies'")
    page.wait_for_function("document.querySelector('details[open]')")

    comes_into_view(page, "up-set-cookies")
    assert is_open(page, "up-set-cookies")
    assert count(page) == "5 of 5 cases shown"


def test_link_by_a_name_that_the_page_uses_as_well(open_page: Open) -> None:
    page = open_page(proof(identical("identical"), renamed()), "#identical")

    assert is_open(page, "identical")


def test_reason_leads_to_the_cases_it_covers(open_page: Open) -> None:
    page = open_page(realistic())
    reasons = page.get_by_role("list", name="Reasons of the ledger")

    reasons.get_by_role("link", name="up-set-cookies").click()
    page.wait_for_function("document.querySelector('details[open]')")

    assert is_open(page, "up-set-cookies")


def test_link_to_nothing_is_harmless(open_page: Open) -> None:
    page = open_page(realistic(), "#%zz%00<img>")

    assert count(page) == "5 of 5 cases shown"
    assert page.locator("details[open]").count() == 0


def test_open_all_opens_what_is_shown(open_page: Open) -> None:
    page = open_page(realistic())
    page.get_by_role("button", name="Unexplained 2").click()

    page.get_by_role("button", name="Open all").click()

    assert page.locator("details.case[open]").count() == 2
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details.case[open]").count() == 0


def test_text_of_an_enemy_does_nothing(open_page: Open) -> None:
    page = open_page(proof(hostile(), problems=PROBLEMS), "#hostile")

    assert is_open(page, "hostile")
    assert page.locator("img, iframe, object, embed").count() == 0
    assert page.locator("script").count() == 1
    assert "</script><img src=x onerror=alert(1)>" in case(page, "hostile").inner_text()


def test_policy_stops_what_would_be_injected(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "proof.html"
    file.write_text(render(realistic()), encoding="utf-8", newline="\n")
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(file.as_uri())

        violated, ran = page.evaluate(INJECTED)

    assert sorted(violated) == ["connect-src", "img-src", "script-src-attr"]
    assert not ran


def test_page_reads_without_its_script(open_page: Open) -> None:
    page = open_page(realistic(), "#case-chat-ok", java_script_enabled=False)

    assert len(shown(page)) == 5
    assert page.get_by_role("search").count() == 0
    assert page.get_by_role("table", name="Client got").first.is_visible()
    case(page, "up-gzip").locator("> summary").click()
    assert "The ledger pins" in case(page, "up-gzip").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(open_page: Open, scheme: str) -> None:
    page = open_page(realistic(), color_scheme=scheme)
    page.get_by_role("button", name="Open all").click()

    contrasts: dict[str, float] = page.evaluate(CONTRASTS)

    assert len(contrasts) > 20
    assert {
        name: ratio for name, ratio in contrasts.items() if ratio < LEAST_CONTRAST
    } == {}


def test_dark_is_dark(open_page: Open) -> None:
    colors = {
        scheme: open_page(realistic(), color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }

    values = {
        scheme: sum(map(int, re.findall(r"\d+", color)))
        for scheme, color in colors.items()
    }
    assert values["dark"] < 150 < 600 < values["light"]


def test_landmarks_and_headings(open_page: Open) -> None:
    page = open_page(realistic())

    for role in ("banner", "main", "contentinfo", "search"):
        assert page.get_by_role(role).count() == 1
    assert page.get_by_role("heading", level=1).inner_text() == "Does not hold"
    regions = page.get_by_role("region").evaluate_all(
        "found => found.map((one) => one.getAttribute('aria-labelledby'))"
    )
    assert regions == ["problems", "unexplained", "sanctioned", "identical"]


def test_paper_shows_what_needs_a_look(open_page: Open) -> None:
    page = open_page(realistic())

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    assert page.locator("details.case[open] h3").all_text_contents() == [
        *("chat-ok", "up-gzip", "up-set-cookies")
    ]
    assert page.locator(".tools").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.case[open]").count() == 0


def test_narrow_window_is_not_scrolled_sideways(open_page: Open) -> None:
    page = open_page(
        proof(renamed(), hostile()), viewport={"width": 360, "height": 640}
    )
    page.get_by_role("button", name="Open all").click()

    wide = page.evaluate("document.documentElement.scrollWidth")

    assert wide <= 360


def test_thousands_of_cases_can_be_searched(open_page: Open) -> None:
    many = [identical(f"case-{n}", f"/v1/models/{n}") for n in range(MOST_CASES)]
    page = open_page(proof(cookies(), *many))

    page.get_by_label("Search").fill("models/4999")

    assert count(page) == f"1 of {MOST_CASES + 1} cases shown"
    assert shown(page) == ["case-4999"]
