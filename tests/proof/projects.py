"""A project that proves its gateway: a routes file and a corpus, recorded from it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hxroute.compiler import compile
from hxroute.proof import corpus as corpora
from hxroute.proof.corpus import Corpus, Oracle
from hxroute.proof.exchange import REFUSED, Case, Exchange, Facts
from hxroute.proof.messages import Request
from hxroute.proof.play import Way, play
from hxroute.proof.targets.compiled import Compiled

__all__ = [
    "CASES",
    "KEY",
    "NOSNIFF",
    "ROUTES",
    "digests",
    "line_of",
    "make",
    "target_of",
]

KEY: Final = "sk-throw-away"
HOST: Final = "gateway.example"
NOSNIFF: Final = "x-content-type-options: nosniff"
ROUTES: Final = f"""\
version: 1
settings:
  models: {{env: MODELS_URL, default: "http://127.0.0.1:9"}}
  key: {{env: GATEWAY_KEY, secret: true}}
  limit: {{env: MAX_BODY, type: size, default: 1KiB}}
upstreams:
  models: {{url: "{{{{ settings.models }}}}"}}
auth:
  key: {{bearer: ["{{{{ settings.key }}}}"]}}
headers:
  up: {{drop: [authorization, cookie]}}
  down:
    set:
      {NOSNIFF}
defaults:
  request: {{headers: up, max_body: "{{{{ settings.limit }}}}"}}
  response: {{headers: down}}
endpoints:
  - {{path: /healthz, auth: none, respond: {{text: ok}}}}
  - {{path: /v1/models, auth: key, methods: [GET, POST], upstream: models}}
"""
ENVIRONMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "default": {"GATEWAY_KEY": KEY},
    "same": {"GATEWAY_KEY": KEY},
    "keyed": {"GATEWAY_KEY": "sk-other"},
    "bad": {"GATEWAY_KEY": KEY, "MAX_BODY": "lots"},
}
_WITH_KEY: Final = (("Authorization", f"Bearer {KEY}"), ("X-A", "1"))
_OTHER_KEY: Final = (("Authorization", "Bearer sk-other"),)
_GET: Final = Request("GET", "/v1/models", _WITH_KEY)
CASES: Final = (
    Case("health", Request("GET", "/healthz")),
    Case("models-ok", _GET),
    Case("models-post", Request("POST", "/v1/models", _WITH_KEY, '{"a":1}')),
    Case("models-down", _GET, REFUSED, "same"),
    Case("auth-missing", Request("GET", "/v1/models")),
    Case("auth-wrong", Request("GET", "/v1/models", _OTHER_KEY)),
    Case("keyed-ok", Request("GET", "/v1/models", _OTHER_KEY), environment="keyed"),
    Case("bad-size", _GET, environment="bad"),
)


def target_of(routes: str) -> Compiled:
    """Return the gateway of a routes file, to be played."""
    result = compile(routes.encode(), "routes.yaml")
    assert result.gateway is not None, result.report
    return Compiled(result.gateway, "routes.yaml", {"models": "models"})


def make(folder: Path, cases: Sequence[Case] = CASES, routes: str = ROUTES) -> Corpus:
    """Write a routes file, and the corpus of what its gateway does."""
    facts: dict[str, Facts] = {}

    def played(case: Case, times: Sequence[Facts]) -> None:
        facts[case.name] = times[0]

    way = Way(ENVIRONMENTS, HOST, jobs=2)
    asyncio.run(play(cases, target_of(routes), way, played))
    exchanges = {case.name: Exchange(case, facts[case.name]) for case in cases}
    corpus = Corpus(
        folder / "corpus", Oracle("old"), HOST, ("models",), ENVIRONMENTS, exchanges
    )
    for exchange in exchanges.values():
        corpora.write_exchange(corpus, exchange)
    corpora.write(corpus)
    (folder / "routes.yaml").write_text(routes, encoding="utf-8")
    return corpus


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def line_of(text: str, routes: str = ROUTES) -> int:
    """Return the line on which a text stands."""
    return routes[: routes.index(text)].count("\n") + 1
