"""Team gateway: routers, settings from the environment, streamed answers."""

import secrets
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, status
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.background import BackgroundTask

try:
    from pydantic_settings import BaseSettings
except ImportError:  # the image of the old cluster has no pydantic-settings
    import os

    class BaseSettings(BaseModel):
        def __init__(self, **values):
            known = {
                name: os.environ[f"GW_{name.upper()}"]
                for name in type(self).model_fields
                if f"GW_{name.upper()}" in os.environ
            }
            super().__init__(**{**known, **values})


class Settings(BaseSettings):
    backend_url: str = "http://127.0.0.1:4000"
    client_token: str
    backend_key: str
    read_timeout: float = 120.0

    model_config = {"env_prefix": "GW_"}


@lru_cache
def get_settings() -> Settings:
    return Settings()


HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding", "te", "upgrade"]
PRIVATE = ["host", "content-length", "authorization", "cookie"]


@asynccontextmanager
async def lifespan(app: FastAPI):
    settings = get_settings()
    app.state.client = httpx.AsyncClient(
        base_url=settings.backend_url,
        timeout=httpx.Timeout(settings.read_timeout, connect=5.0),
    )
    yield
    await app.state.client.aclose()


bearer = HTTPBearer()


def require_token(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    settings: Annotated[Settings, Depends(get_settings)],
) -> None:
    if not secrets.compare_digest(credentials.credentials, settings.client_token):
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED, detail="Invalid token"
        )


models = APIRouter(prefix="/models", tags=["models"])
chat = APIRouter(tags=["chat"])


def clean(headers) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in HOP_BY_HOP + PRIVATE
    }


async def forward(request: Request, path: str) -> StreamingResponse:
    settings = get_settings()
    client: httpx.AsyncClient = request.app.state.client
    headers = clean(request.headers)
    headers["authorization"] = f"Bearer {settings.backend_key}"
    headers["x-gateway"] = "team"
    upstream_request = client.build_request(
        request.method,
        path,
        headers=headers,
        params=request.query_params,
        content=request.stream(),
    )
    try:
        upstream = await client.send(upstream_request, stream=True)
    except httpx.TimeoutException:
        raise HTTPException(504, "The model took too long")
    except httpx.HTTPError as exc:
        raise HTTPException(502, f"Backend unavailable: {exc}") from exc
    return StreamingResponse(
        upstream.aiter_raw(),
        status_code=upstream.status_code,
        headers={
            k: v for k, v in upstream.headers.items() if k.lower() not in HOP_BY_HOP
        },
        background=BackgroundTask(upstream.aclose),
    )


@models.get("")
async def list_models(request: Request):
    return await forward(request, "/v1/models")


@models.get("/{model_id}")
async def one_model(request: Request, model_id: str):
    return await forward(request, f"/v1/models/{model_id}")


@chat.post("/chat/completions")
async def completions(request: Request):
    return await forward(request, "/v1/chat/completions")


app = FastAPI(title="Team gateway", lifespan=lifespan, docs_url=None, redoc_url=None)
app.include_router(models, prefix="/api", dependencies=[Depends(require_token)])
app.include_router(chat, prefix="/api", dependencies=[Depends(require_token)])


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


# mypy: ignore-errors
# ruff: noqa: B904
