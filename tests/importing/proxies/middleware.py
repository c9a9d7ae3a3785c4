"""Edge of the search team: models on one upstream, vectors on another."""

import os

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.middleware.base import BaseHTTPMiddleware

LLM_URL = os.getenv("LLM_URL", "http://127.0.0.1:4000")
VECTOR_URL = os.getenv("VECTOR_URL", "http://127.0.0.1:4000").rstrip("/")
API_KEY = os.environ["EDGE_API_KEY"]
VECTOR_KEY = os.getenv("VECTOR_KEY")

PUBLIC_PATHS = ("/", "/ping")
ALLOWED = {"content-type", "accept", "x-request-id"}
PASS_BACK = ["content-type", "x-request-id", "retry-after"]

app = FastAPI(openapi_url=None)
client = httpx.AsyncClient(timeout=httpx.Timeout(10.0, read=45.0, pool=None))


class AuthMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next):
        if request.url.path in PUBLIC_PATHS:
            return await call_next(request)
        auth = request.headers.get("Authorization")
        if not auth or not auth.startswith("Bearer "):
            return JSONResponse({"detail": "Missing bearer token"}, status_code=401)
        token = auth.removeprefix("Bearer ")
        if token != API_KEY:
            return JSONResponse({"detail": "Missing bearer token"}, status_code=401)
        return await call_next(request)


@app.middleware("http")
async def security_headers(request: Request, call_next):
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


app.add_middleware(AuthMiddleware)
app.add_middleware(CORSMiddleware, allow_origins=["https://search.example"])


def pick(headers) -> dict:
    return {k: headers[k] for k in ALLOWED if k in headers}


def passed_back(upstream: httpx.Response) -> dict:
    return {k: v for k, v in upstream.headers.items() if k.lower() in PASS_BACK}


async def call(method: str, url: str, **kwargs) -> Response:
    try:
        upstream = await client.request(method, url, **kwargs)
    except httpx.ConnectError:
        raise HTTPException(status_code=503, detail="upstream down")
    except httpx.TimeoutException:
        raise HTTPException(status_code=504, detail="upstream slow")
    if upstream.status_code >= 500:
        raise HTTPException(status_code=502, detail="upstream failed")
    return Response(upstream.content, upstream.status_code, passed_back(upstream))


@app.get("/ping")
async def ping():
    return PlainTextResponse("pong")


@app.post("/v1/chat/completions")
async def chat(request: Request):
    return await call(
        "POST",
        f"{LLM_URL}/v1/chat/completions",
        headers=pick(request.headers),
        content=await request.body(),
    )


@app.post("/v1/embeddings")
async def embeddings(request: Request):
    payload = await request.json()
    if "text" in payload:
        payload["input"] = payload.pop("text")
    return await call(
        "POST", LLM_URL + "/v1/embeddings", headers=pick(request.headers), json=payload
    )


@app.get("/v1/collections/{name}")
async def collection(name: str, request: Request):
    headers = pick(request.headers)
    if VECTOR_KEY:
        headers["X-Api-Key"] = VECTOR_KEY
    return await call(
        "GET",
        f"{VECTOR_URL}/collections/{name}",
        headers=headers,
        params=request.query_params,
    )


@app.delete("/v1/collections/{name}")
async def delete_collection(name: str, request: Request):
    audit(request, name)
    return await call(
        "DELETE", f"{VECTOR_URL}/collections/{name}", headers=pick(request.headers)
    )


def audit(request: Request, name: str) -> None:
    with open(os.getenv("AUDIT_FILE", os.devnull), "a") as log:
        log.write(f"{request.client.host} deletes {name}\n")


# mypy: ignore-errors
# ruff: noqa: B904, PTH123
