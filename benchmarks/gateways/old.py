"""The hand-written gateway that hxroute took the place of, as its recording tells it.

One FastAPI function with the libraries of its day, a new httpx client for each request
and the whole answer collected. `tests/compat/oracle.py` states to the byte what it
answered; this does the same work for a request that is well formed.
"""

from __future__ import annotations

import hmac
import json
import os

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

UPSTREAM = f"http://{os.environ['BENCH_UPSTREAM']}"
KEY = os.environ["BENCH_KEY"]
MAX_BODY = 1 << 20
DROP = {
    "host",
    "content-length",
    "accept-encoding",
    "connection",
    "transfer-encoding",
    "authorization",
    "cookie",
    "set-cookie",
    "proxy-authorization",
    "proxy-authenticate",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-cluster-client-ip",
    "cf-connecting-ip",
    "cf-ipcountry",
}
DROP_BACK = {"content-length", "transfer-encoding", "connection", "server", "date"}
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none';",
}

app = FastAPI()


@app.api_route("/v1/{path:path}", methods=["GET", "POST"])
async def proxy(request: Request, path: str) -> Response:
    """Forward one request by a client of its own."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token, KEY):
        return JSONResponse({"error": "Unauthorized"}, 401)
    body = await request.body()
    if len(body) > MAX_BODY:
        return JSONResponse({"error": "Payload too large", "max_size": MAX_BODY}, 413)
    if request.method == "POST" and request.url.path == "/v1/embeddings":
        data = json.loads(body or b"{}")
        if "prompt" in data and "input" not in data:
            data["input"] = data.pop("prompt")
            body = json.dumps(data).encode()
    headers = {k: v for k, v in request.headers.items() if k.lower() not in DROP}
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.request(
                request.method,
                f"{UPSTREAM}/v1/{path}",
                headers=headers,
                params=request.query_params,
                content=body,
            )
    except httpx.HTTPError as exc:
        return JSONResponse({"error": "upstream_unreachable", "detail": str(exc)}, 502)
    back = {k: v for k, v in answer.headers.items() if k.lower() not in DROP_BACK}
    return Response(answer.content, answer.status_code, {**back, **SECURITY})
