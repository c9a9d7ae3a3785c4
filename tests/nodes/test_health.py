from __future__ import annotations

import pytest

from hxroute.http import Request, first
from hxroute.nodes import Health
from hxroute.readiness import Readiness
from tests.nodes.fakes import start, through


@pytest.mark.parametrize(
    ("kind", "draining", "status", "body"),
    [
        ("live", False, 200, b'{"status":"live"}'),
        ("live", True, 200, b'{"status":"live"}'),
        ("ready", False, 200, b'{"status":"ready"}'),
        ("ready", True, 503, b'{"status":"draining"}'),
    ],
)
def test_health_of_a_server(
    kind: str, status: int, body: bytes, *, draining: bool
) -> None:
    started = start({})
    Readiness.of(started.kept).draining = draining
    response = through(Health(kind), Request("GET", b"/"), started)  # type: ignore[arg-type]
    assert (response.status, response.body) == (status, body)
    assert first(response.headers, b"content-length") == b"%d" % len(body)
    assert first(response.headers, b"cache-control") == b"no-store"
