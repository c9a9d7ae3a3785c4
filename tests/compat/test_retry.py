"""A request is sent again once at most, and only where that is safe.

All connections in the gateway's pool have served before, so that each could be the
one that the upstream closes without a byte.
"""

from __future__ import annotations

import pytest

from hxroute.proof.exchange import Case
from hxroute.proof.messages import Request
from hxroute.sandbox.scripted import Script
from tests.compat.more import KEY, reply
from tests.compat.pair import Pair

CONNECTIONS = 6
HELD: Script = [{"sleep": 0.5}, reply(200, body="{}")]
CLOSED: Script = [{"close": True}]


def asked(name: str, method: str, script: Script) -> Case:
    return Case(name, Request(method, "/v1/models", (KEY,)), script)


def warm(pair: Pair, name: str) -> None:
    names = [f"{name}-warm-{number}" for number in range(CONNECTIONS)]
    pair.play_together(asked(each, "GET", HELD) for each in names)
    assert pair.upstream.connections >= CONNECTIONS


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_idempotent_request_arrives_at_most_twice(pair: Pair, method: str) -> None:
    name = f"closed-{method}"
    warm(pair, name)
    got = pair.play(asked(name, method, CLOSED))
    assert got["client.status"] == ("502",)
    assert got["upstream.requests"] in {("1",), ("2",)}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_request_arrives_once(pair: Pair, method: str) -> None:
    name = f"closed-{method}"
    warm(pair, name)
    got = pair.play(asked(name, method, CLOSED))
    assert got["client.status"] == ("502",)
    assert got["upstream.requests"] == ("1",)
