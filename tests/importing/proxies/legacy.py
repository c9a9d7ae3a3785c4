"""Thin wrapper in front of LiteLLM: one key for all clients, cleaned headers."""

import json
import logging
import os

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

logger = logging.getLogger("wrapper")

UPSTREAM = "http://127.0.0.1:4000"
MASTER_KEY = (
    os.environ.get("HX_MASTER_KEY") or os.environ.get("MASTER_KEY") or "dev-only"
)
UPSTREAM_KEY = os.environ.get("HX_UPSTREAM_KEY", "")
FORWARD_AUTH = os.environ.get("HX_FORWARD_AUTH", "").lower() in ("true", "1", "yes")
TRUST_PROXY_IP = os.environ.get("HX_TRUST_PROXY_IP", "").lower() in ("true", "1", "yes")
MAX_BODY_SIZE = int(os.environ.get("HX_MAX_BODY_SIZE", 1024 * 1024))

STRIP_REQUEST_HEADERS = {
    "host",
    "content-length",
    "accept-encoding",
    "connection",
    "transfer-encoding",
    "authorization",
    "cookie",
    "x-forwarded-for",
    "x-real-ip",
    "cf-connecting-ip",
}
STRIP_RESPONSE_HEADERS = {
    "content-length",
    "transfer-encoding",
    "connection",
    "server",
    "date",
}
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none';",
}

app = FastAPI()


def check_auth(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and token == MASTER_KEY


def upstream_headers(request: Request) -> dict:
    headers = {}
    for name, value in request.headers.items():
        if name.lower() in STRIP_REQUEST_HEADERS:
            continue
        headers[name] = value
    if UPSTREAM_KEY:
        headers["Authorization"] = f"Bearer {UPSTREAM_KEY}"
    elif FORWARD_AUTH:
        headers["Authorization"] = request.headers["authorization"]
    if TRUST_PROXY_IP and request.client:
        headers["X-HX-Client-IP"] = request.client.host
    return headers


@app.api_route("/healthz", methods=["GET", "POST", "PUT", "DELETE", "HEAD"])
async def healthz():
    return {"ok": True, "note": "HX wrapper – proxy mode"}


@app.api_route(
    "/v1/{path:path}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"],
)
async def proxy(path: str, request: Request):
    if not check_auth(request):
        return JSONResponse(
            status_code=401,
            content={"error": "Unauthorized"},
            headers={"WWW-Authenticate": "Bearer"},
        )

    body = await request.body()
    if len(body) > MAX_BODY_SIZE:
        return JSONResponse(
            status_code=413,
            content={"error": "Payload too large", "max_size": MAX_BODY_SIZE},
        )

    if request.method == "POST" and path == "embeddings":
        try:
            data = json.loads(body or b"{}")
        except json.JSONDecodeError as e:
            return JSONResponse(
                status_code=400,
                content={"error": "Invalid JSON in request body", "detail": str(e)},
            )
        if not isinstance(data, dict):
            return JSONResponse(
                status_code=400, content={"error": "Request body must be a JSON object"}
            )
        if "prompt" in data and "input" not in data:
            data["input"] = data.pop("prompt")
            body = json.dumps(data).encode()

    url = f"{UPSTREAM}/v1/{path}"
    if request.url.query:
        url += f"?{request.url.query}"

    try:
        async with httpx.AsyncClient(timeout=30.0, follow_redirects=False) as client:
            upstream = await client.request(
                request.method, url, headers=upstream_headers(request), content=body
            )
    except httpx.RequestError as exc:
        logger.warning("upstream failed: %s", exc)
        return JSONResponse(
            status_code=502,
            content={"error": "upstream_unreachable", "detail": str(exc)},
        )

    response_headers = {
        k: v
        for k, v in upstream.headers.items()
        if k.lower() not in STRIP_RESPONSE_HEADERS
    }
    response_headers.update(SECURITY_HEADERS)
    return Response(
        content=upstream.content,
        status_code=upstream.status_code,
        headers=response_headers,
    )


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=4010)

# mypy: ignore-errors
