"""A gateway of two upstreams: one by a variable, one by a name of its own network."""

from __future__ import annotations

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CLIENT = httpx.AsyncClient(trust_env=False)
CHAT = os.environ.get("CHAT_URL", "")
EMBEDDINGS = "http://embeddings.internal:8080/api"


async def relay(request: Request) -> Response:
    path = request.path_params["path"]
    got = [await CLIENT.get(f"{url}/{path}") for url in (CHAT, EMBEDDINGS)]
    return Response(b" ".join(item.content for item in got))


app = Starlette(routes=[Route("/{path:path}", relay)])
