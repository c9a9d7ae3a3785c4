"""fastapi-proxy-lib as its own page shows it: one call, and all paths are proxied."""

from __future__ import annotations

import os

import httpx
from fastapi_proxy_lib.fastapi.app import reverse_http_app

limits = httpx.Limits(max_connections=2000)
app = reverse_http_app(
    httpx.AsyncClient(limits=limits, timeout=30),
    base_url=f"http://{os.environ['BENCH_UPSTREAM']}/",
)
