"""A gateway as one writes it in an afternoon: Starlette and one pooled httpx2 client.

It checks one key, drops a few fields, streams the answer and adds a few fields to it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator

import httpx2
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

UPSTREAM = os.environ["BENCH_UPSTREAM"]
KEY = f"Bearer {os.environ['BENCH_KEY']}"
DROP = {"host", "content-length", "connection", "authorization", "cookie"}
DROP_BACK = {"content-length", "transfer-encoding", "connection", "server", "date"}

client: httpx2.AsyncClient


@contextlib.asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """Keep one client while the application runs."""
    global client
    limits = httpx2.Limits(max_connections=2000)
    async with httpx2.AsyncClient(limits=limits, timeout=30) as client:
        yield


async def proxy(request: Request) -> Response:
    """Forward a request and stream its answer back."""
    if request.headers.get("authorization") != KEY:
        return JSONResponse({"error": "Unauthorized"}, 401)
    url = f"http://{UPSTREAM}{request.url.path}"
    kept = [pair for pair in request.headers.items() if pair[0] not in DROP]
    call = client.build_request(
        request.method,
        url,
        headers=kept,
        params=request.query_params,
        content=await request.body(),
    )
    answer = await client.send(call, stream=True)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() not in DROP_BACK
    }
    headers["x-frame-options"] = "DENY"
    return StreamingResponse(
        answer.aiter_raw(),
        answer.status_code,
        headers,
        background=BackgroundTask(answer.aclose),
    )


app = Starlette(
    routes=[Route("/{path:path}", proxy, methods=["GET", "POST"])], lifespan=lifespan
)
