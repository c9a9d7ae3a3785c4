"""Our model gateway. Started as a ten-line script, two years ago."""

import json
import os

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

MODELS_URL = os.environ.get("MODELS_URL", "http://127.0.0.1:4000")
GATEWAY_KEY = os.environ["GATEWAY_KEY"]
VERSION = "2.3"

# what must not reach the models
DENY = (
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "authorization",
    "cookie",
)
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"]

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
client = httpx.AsyncClient(timeout=2.0)


def error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse(
        {"error": {"code": code, "message": message}}, status_code=status
    )


def authorized(request: Request) -> bool:
    header = request.headers.get("authorization", "")
    return header == f"Bearer {GATEWAY_KEY}"


def request_headers(request: Request) -> dict:
    headers = {k: v for k, v in request.headers.items() if k not in DENY}
    # billing reads X-Team; clients have always sent X-Department
    headers["x-team"] = headers.pop("x-department", "unknown")
    headers["x-gateway-version"] = VERSION
    return headers


def response_headers(upstream: httpx.Response) -> dict:
    headers = dict(upstream.headers)
    # `server` stays: a dashboard reads it
    for name in ("content-length", "content-encoding", "transfer-encoding", "date"):
        headers.pop(name, None)
    headers["x-served-by"] = "model-gateway"
    return headers


@app.get("/status")
async def status():
    return {"status": "ok", "version": VERSION}


@app.api_route("/models/{path:path}", methods=METHODS)
async def models(path: str, request: Request):
    if not authorized(request):
        return error(401, "no_key", "Send your team's key.")

    # HEAD confused an old load balancer: it never leaves this gateway
    if request.method == "HEAD":
        return Response(status_code=204)

    body = await request.body()
    if path == "generate" and request.method == "POST":
        try:
            data = json.loads(body)
        except ValueError:
            return error(400, "bad_json", "The body is not JSON.")
        if "prompt" in data:
            data["input"] = data.pop("prompt")
            body = json.dumps(data).encode()

    headers = request_headers(request)
    # long prompts go to the machines with much memory
    if len(body) > 4096:
        headers["x-pool"] = "large"

    try:
        upstream = await client.request(
            request.method,
            f"{MODELS_URL}/v1/{path}",
            params=request.query_params,
            headers=headers,
            content=body,
        )
    except httpx.ConnectError:
        return error(502, "models_down", "The models are not reachable.")
    except httpx.TimeoutException:
        # should be 504, but clients retry on 502
        return error(502, "models_slow", "The models did not answer in time.")

    return Response(upstream.content, upstream.status_code, response_headers(upstream))


# mypy: ignore-errors
