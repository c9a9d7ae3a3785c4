"""A gateway that is another each time: an id, a count, and what it remembers."""

from __future__ import annotations

import os
import uuid

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT = httpx.AsyncClient(base_url=os.environ["MODELS_URL"], trust_env=False)
COUNTED = {"asked": 0}


async def marked(request: Request) -> Response:
    return Response("same", headers={"x-id": uuid.uuid4().hex})


async def counted(request: Request) -> Response:
    COUNTED["asked"] += 1
    return JSONResponse(COUNTED)


async def remembers(request: Request) -> Response:
    got = await CLIENT.get(request.url.path)  # whose cookies are those of everybody
    return Response(got.content)


async def unordered(request: Request) -> Response:
    return Response(" ".join(set("abcdefghijklmnop")))


async def flips(request: Request) -> Response:
    COUNTED["asked"] += 1
    return Response("", 200 + COUNTED["asked"])


app = Starlette(
    routes=[
        Route("/id", marked),
        Route("/count", counted),
        Route("/jar/{path:path}", remembers),
        Route("/flip", flips),
        Route("/set", unordered),
    ]
)
