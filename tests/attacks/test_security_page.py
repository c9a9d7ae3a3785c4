"""SECURITY.md says what the code does: its defaults, its files, its length."""

from __future__ import annotations

import re
from dataclasses import fields

from hxroute.compiler import MAX_BYTES
from hxroute.ir import Limits, Timeout, Upstream
from hxroute.templates import allowance
from hxroute.units import duration, size
from tests.processes import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
DEFAULTS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)


def stated(place: str) -> str:
    """Return the default that the page states under a key."""
    (value,) = (value for _, value, where in DEFAULTS if where == f"`{place}`")
    return re.split(r"[ ,]", value)[0]


def test_limits_of_a_client_are_those_of_the_language() -> None:
    written = Limits().written()

    assert {name: stated(f"limits.{name}") for name in written} == written


def test_limits_of_an_upstream_are_those_of_the_language() -> None:
    timeout = Timeout()

    for field in fields(timeout):
        seconds = duration(stated(f"timeout.{field.name}"))
        assert seconds == getattr(timeout, field.name)
    assert int(stated("max_connections")) == Upstream("u", "x").max_connections
    assert duration(stated("idle_timeout")) == Upstream("u", "x").idle_timeout


def test_fixed_limits_are_those_of_the_code() -> None:
    told = {what: value for what, value, where in DEFAULTS if where == "fixed"}
    made, file = told["what a template makes"], told["a routes file"]

    assert size(made.split(",")[0]) == allowance.MAX_MADE
    assert f"{allowance.PER_INPUT} times" in made
    assert size(file.split(",")[0]) == MAX_BYTES


def test_page_is_short_and_leads_somewhere() -> None:
    assert len(PAGE.splitlines()) <= 120
    assert max(map(len, PAGE.splitlines())) <= 120
    assert "@" not in PAGE
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / link).is_file(), link


def test_version_is_the_one_of_the_package() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(\d+\.\d+)', project, re.MULTILINE)

    assert version is not None
    assert f"| {version[1]}, the newest release | yes |" in PAGE
