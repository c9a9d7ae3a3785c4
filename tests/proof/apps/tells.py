"""A gateway that tells its own environment."""

from __future__ import annotations

import json
import os
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    names = sorted(name for name in os.environ if not name.startswith("COVERAGE"))
    body = json.dumps({"names": names, "key": os.environ.get("GATEWAY_KEY")}).encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})
