"""docs/limits.md says what can be seen."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from hxroute import limiting, stores
from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.ir import Gateway
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.runtime.serving import Answer, ask, served

PAGE = (Path(__file__).parents[1] / "docs" / "limits.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
GET = b"GET %b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\n\r\n"


def gateway_of(source: str) -> Gateway:
    result = compile(source.encode(), "routes.yaml")
    assert result.gateway is not None, render(result.report)
    return result.gateway


@pytest.mark.parametrize("source", FILES, ids=range(len(FILES)))
def test_page_s_files_have_nothing_wrong_with_them(source: str) -> None:
    assert compile(source.encode(), "routes.yaml").report.diagnostics == []


def test_page_shows_what_is_answered_to_one_too_many() -> None:
    async def scenario() -> Answer:
        async with ScriptedUpstream() as upstream:
            environ = {"CLIENT_KEY": "k", "UPSTREAM_URL": upstream.url}
            async with served(gateway_of(FILES[0]), environ) as port:
                one = GET % b"/v1/x"
                answers = [await ask(port, one) for _ in range(21)]
                while answers[-1].status != 429:  # a slow machine: a token came back
                    answers.append(await ask(port, one))
                return answers[-1]

    answer = asyncio.run(scenario())
    shown = re.findall(r"^```http\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[0]
    head, _, body = shown.partition("\n\n")
    told = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    assert {name: answer.get(name) for name in told} == told
    assert answer.body.decode() == body.rstrip()


def test_page_tells_for_which_endpoints_a_limit_counts() -> None:
    async def scenario() -> list[str]:
        async with served(gateway_of(FILES[1]), {"CLIENT_KEY": "k"}) as port:
            return [
                (await ask(port, GET % path)).get("ratelimit") or ""
                for path in (b"/a", b"/b")
            ]

    one, other = asyncio.run(scenario())
    assert one.startswith('"key";r=9;')
    assert '"daily";r=4999;' in one
    assert other.startswith('"key";r=9;')
    assert '"daily";r=4998;' in other


def test_page_states_the_figures_of_the_code() -> None:
    text = " ".join(PAGE.split())
    for figure in (f"{limiting._MOST:,}", f"{limiting._LEAST:,}"):
        assert f" {figure}" in text
    pauses = f"{stores._FIRST_PAUSE} s, doubling up to {stores._LONGEST_PAUSE:g} s"
    assert pauses in text
    assert all(f"`{scheme}://`" in text for scheme in stores.SCHEMES)
