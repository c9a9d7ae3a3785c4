"""A gateway as somebody wrote it: a key, a rename, and a relay behind a lifespan."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response

UPSTREAM = os.environ.get("MODELS_URL", "http://models.internal:8080")
KEY = os.environ.get("GATEWAY_KEY", "sk-for-tests")
KEPT = ("accept", "content-type", "x-team")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=UPSTREAM, trust_env=False) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.get("/healthz")
async def healthz() -> dict[str, bool]:
    return {"ok": True}


@app.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE"])
async def relay(path: str, request: Request) -> Response:
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return Response('{"error":"key"}', 401, media_type="application/json")
    body = await request.body()
    if path == "chat":
        data = json.loads(body)
        body = json.dumps(data | {"input": data.pop("prompt", "")}).encode()
    headers = {name: request.headers[name] for name in KEPT if name in request.headers}
    try:
        got = await app.state.client.request(
            request.method, f"/{path}", headers=headers, content=body
        )
    except httpx.HTTPError:
        return Response('{"error":"models"}', 502, media_type="application/json")
    kind = {"content-type": got.headers.get("content-type", "text/plain")}
    return Response(got.content, got.status_code, kind)
