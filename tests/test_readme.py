"""The README's examples do what it says."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.sandbox.scripted import ScriptedUpstream
from tests.processes import HXROUTE, START_SECONDS, environment
from tests.runtime.serving import ask, served

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"<!-- example: (\S+) -->\n```\w*\n(.*?)```", TEXT, re.DOTALL)
)
ROUTES = EXAMPLES["routes.yaml"]


def test_readme_routes_file_has_no_mistakes() -> None:
    result = compile(ROUTES.encode(), "routes.yaml")
    gateway, report = result.gateway, result.report
    assert gateway is not None
    assert report.diagnostics == []


def test_readme_endpoint_makes_the_call_it_shows() -> None:
    routes = ROUTES.replace(
        "  - path: /v1/{rest", EXAMPLES["endpoint"] + "\n  - path: /v1/{rest"
    )
    result = compile(routes.encode(), "routes.yaml")
    gateway, report = result.gateway, result.report
    assert gateway is not None, render(report)

    async def scenario() -> None:
        async with ScriptedUpstream() as upstream:
            environ = {
                "UPSTREAM_URL": upstream.url,
                "CLIENT_KEY": "k",
                "UPSTREAM_KEY": "up",
            }
            async with served(gateway, environ) as port:
                answer = await ask(
                    port,
                    b"POST /v1/summaries/fr%20CA?x=1 HTTP/1.1\r\nHost: a\r\n"
                    b"Authorization: Bearer k\r\nContent-Length: 15\r\n\r\n"
                    b'{"text":"long"}',
                )
            assert answer.status == 200
            (seen,) = upstream.seen
            assert (seen.method, seen.target) == ("POST", "/v1/chat/completions")
            assert seen.values("authorization") == ["Bearer up"]
            assert json.loads(seen.body) == {
                "model": "gpt-mock",
                "messages": [
                    {"role": "system", "content": "Summarise in fr CA."},
                    {"role": "user", "content": "long"},
                ],
            }

    asyncio.run(scenario())


def test_readme_shows_a_mistake_as_it_looks() -> None:
    mistaken = ROUTES.replace("upstream: litellm", "upstream: litelm")
    report = compile(mistaken.encode(), "routes.yaml").report
    assert render(report) == EXAMPLES["mistake"]


def test_readme_names_every_variable_of_the_hx_gateway() -> None:
    routes = yaml.safe_load((ROOT / "routes.yaml").read_text(encoding="utf-8"))
    named = [setting["env"] for setting in routes["settings"].values()]
    flat = [name for env in named for name in (env if isinstance(env, list) else [env])]
    section = TEXT[TEXT.index("## In front of a real LiteLLM") :]
    assert [name for name in flat if f"`{name}`" not in section] == []


def test_readme_lists_the_codes_of_the_ledger() -> None:
    ledger = yaml.safe_load(
        (ROOT / "tests/compat/corpus/divergences.yaml").read_text(encoding="utf-8")
    )
    section = TEXT[TEXT.index("## Compatible with the old gateway") :]
    listed = re.findall(r"^\| ([a-z0-9-]+) \|", section, re.MULTILINE)
    assert sorted(set(listed) - {"difference"}) == sorted(ledger["codes"])


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", ".ci/run"])
def test_readme_commands_are_there(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111


def test_readme_shows_a_proof_as_it_looks(tmp_path: Path) -> None:
    routes = (ROOT / "routes.yaml").read_text(encoding="utf-8")
    (tmp_path / "routes.yaml").write_text(routes.replace("nosniff", "sniff"))
    corpus = ROOT / "tests" / "compat" / "corpus"
    done = subprocess.run(
        [*HXROUTE, "prove", "-c", corpus, "models-ok"],
        cwd=tmp_path,
        env=environment(COLUMNS="90"),
        capture_output=True,
        encoding="utf-8",
        timeout=START_SECONDS,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, EXAMPLES["prove"]), done.stderr


def test_survival_in_the_readme_compiles() -> None:
    rest = """\
version: 1
settings: {key: {env: KEY, secret: true}}
auth: {clients: {bearer: ["{{ settings.key }}"]}}
headers:
  plain: {drop: [authorization, cookie]}
  to_backup: {drop: [authorization, cookie]}
"""
    stated = EXAMPLES["survival"].replace(
        "defaults:\n", "defaults:\n  auth: clients\n  request: {headers: plain}\n"
    )

    assert compile(f"{rest}{stated}".encode(), "routes.yaml").report.diagnostics == []
