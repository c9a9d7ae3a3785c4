"""The recording of the old main.py as it was handed over, read as exchanges.

It is older than the tool that records: one JSON object a line, see its README for what
the keys mean. What it told its upstream by a header field is left out, since a case is
told by its turn; the old one passed that field on as any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hxroute.proof.corpus import Corpus, Oracle
from hxroute.proof.exchange import (
    REFUSED,
    Case,
    Exchange,
    client_facts,
    upstream_facts,
    without_invented,
)
from hxroute.proof.messages import Answer, Headers, Request
from hxroute.sandbox.scripted import OK, Script
from hxroute.sandbox.seen import CASE_FIELD, Seen

DATA: Final = Path(__file__).parent / "data"
CORPUS: Final = Path(__file__).parent / "corpus"
ORACLE: Final = Oracle(
    "main:app",
    {
        "fastapi": "0.115.14",
        "starlette": "0.46.2",
        "httpx": "0.28.1",
        "uvicorn": "0.29.0",
    },
    "uvicorn with httptools on 127.0.0.1:4010, its upstream on 127.0.0.1:4000",
)
HOST: Final = "127.0.0.1:4010"
DOWN: Final = "down"


def lines() -> list[dict[str, Any]]:
    """Read the recording."""
    with (DATA / "exchanges.jsonl").open(encoding="utf-8") as recording:
        return [json.loads(line) for line in recording]


def environments() -> dict[str, dict[str, str]]:
    """Read the environments it was made in."""
    loaded: dict[str, dict[str, str]] = json.loads((DATA / "profiles.json").read_text())
    return loaded


def handed() -> Corpus:
    """Return the recording as a corpus."""
    exchanges = {line["name"]: exchange(line) for line in lines()}
    upstreams = ("litellm",)
    return Corpus(CORPUS, ORACLE, HOST, upstreams, environments(), exchanges)


def exchange(line: Mapping[str, Any]) -> Exchange:
    """Read one exchange."""
    asked = line["request"]
    request = Request(
        asked["method"],
        asked["target"],
        _pairs(asked["headers"]),
        asked["body"],
        asked.get("repeat_body", 1),
    )
    case = Case(line["name"], request, _script(line), line["profile"])
    got = line["response"]
    answer = Answer(got["status"], _pairs(got["headers"]), _body(got), got["complete"])
    seen = [("litellm", _seen(one)) for one in line["seen"]]
    hosts = {"litellm": {"127.0.0.1:4000"}}
    facts = client_facts(answer, case.script)
    facts |= upstream_facts(request, seen, hosts=hosts)
    return Exchange(case, without_invented(request, facts))


def _script(line: Mapping[str, Any]) -> Script:
    if line["profile"] == DOWN:
        return REFUSED
    reply = (line["upstream"] or {}).get("reply", ())
    return tuple(reply) or OK


def _seen(one: Mapping[str, Any]) -> Seen:
    fields = _pairs(one["headers"])
    kept = tuple(item for item in fields if item[0].lower() != CASE_FIELD)
    return Seen(one["method"], one["target"], kept, _body(one))


def _pairs(pairs: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in pairs)


def _body(message: Mapping[str, Any]) -> str:
    """Return a body: one that was digested when it was recorded reads as such."""
    body = message["body"]
    if isinstance(body, str):
        return body
    return f"({body['length']} bytes, sha256 {body['sha256']})"
