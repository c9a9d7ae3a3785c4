"""Generated cases against the repository's own gateway: they show what they are called."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from hxroute.proof.cases.generate import generate
from hxroute.proof.exchange import REFUSED, Case
from hxroute.sandbox.scripted import ScriptedUpstream
from hxroute.sandbox.seen import CASE_FIELD
from tests.proof.cases.places import HX, gateway_of, hx_places
from tests.runtime.serving import served

ENVIRON = {"HX_MAX_BODY_SIZE": "2KiB"}
STATUSES = {
    "base": 200,
    "get": 200,
    "propfind": 200,
    "auth-missing": 401,
    "auth-wrong": 401,
    "auth-lower-scheme": 200,
    "auth-prefix": 401,
    "auth-longer": 401,
    "auth-right-wrong": 200,
    "auth-wrong-right": 401,
    "type-none": 200,
    "head-hop": 200,
    "query-plain": 200,
    "path-encoded": 200,
    "path-dots": 400,
    "path-nul": 400,
    "path-nowhere": 404,
    "body-none": 200,
    "body-chunked": 200,
    "body-invalid": 400,
    "body-array": 400,
    "body-old": 200,
    "body-most": 200,
    "body-over": 413,
    "body-over-chunked": 413,
    "body-deep": 200,
    "up-closed": 502,
    "up-garbage": 502,
    "up-short": 502,
    "up-100-before": 200,
    "up-gzip": 200,
    "up-sse": 200,
    "up-slow": 200,
    "up-reset": 502,
}
"""What becomes of POST /v1/embeddings, where one thing is not usual."""


async def answered(port: int, case: Case) -> bytes:
    """Play a case; return what came until the server closed."""
    request = case.request.wire(f"127.0.0.1:{port}")
    head, _, rest = request.partition(b"\r\n")
    named = f"{CASE_FIELD}: {case.name}\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head + b"\r\n" + named + rest)
        return await reader.read()
    finally:
        writer.close()


async def played(cases: Iterable[Case]) -> dict[str, int]:
    """Return the status that each case is answered with."""
    own = [case for case in cases if case.script != REFUSED]
    found = {}
    async with ScriptedUpstream({case.name: case.script for case in own}) as upstream:
        environ = {**ENVIRON, "HX_LITELLM_UPSTREAM": upstream.url}
        async with served(gateway_of(HX.read_bytes()), environ) as port:
            for case in own:
                raw = await answered(port, case)
                match = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", raw)
                assert match is not None, case.name
                found[case.name] = int(match[1])
    return found


def test_cases_are_answered_as_they_are_called() -> None:
    cases = [
        case
        for case in generate(hx_places(**ENVIRON), "large")
        if case.name.count(".") == 1 and "mebibyte" not in case.name
    ]

    found = asyncio.run(played(cases))

    label = "post-v1-embeddings"
    shown = {name: found[f"{label}.{name}"] for name in STATUSES}
    assert shown == STATUSES
    named = {
        name: (status, int(match[1]))
        for name, status in found.items()
        if (match := re.search(r"\.up-([2-5][0-9]{2})(?:-|$)", name))
    }
    assert len(named) > 60
    assert {name: both for name, both in named.items() if both[0] != both[1]} == {}
