"""Prompt: the answer to a try begins in time, or the try is over."""

from __future__ import annotations

import asyncio

from hxroute.errors import ReadTimeout
from hxroute.http import Handler, Request, Response

__all__ = ["prompt"]


def prompt(call: Handler, seconds: float | None) -> Handler:
    """Return a call that ends in ReadTimeout where the head of its answer is late.

    It stands right at the connector, so that whoever counts failures sees one, and not
    that somebody else has cancelled the call.
    """
    if seconds is None:
        return call

    async def prompt_call(request: Request) -> Response:
        try:
            async with asyncio.timeout(seconds):
                return await call(request)
        except TimeoutError as exc:
            message = f"No answer of the upstream within {seconds:g} s."
            raise ReadTimeout(message) from exc

    return prompt_call
