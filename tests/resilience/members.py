"""Members of an upstream that nothing connects to."""

from __future__ import annotations

from hxroute.http import Handler, Request, Response, Timeout
from hxroute.runtime.prompt import prompt
from hxroute.runtime.upstreams.balance import digest_of
from hxroute.runtime.upstreams.members import Member, State

__all__ = ["Answering", "member", "members"]


class Answering:
    """A connector whose calls a handler answers."""

    def __init__(self, answer: Handler) -> None:
        self._answer = answer

    def handler(self, timeout: Timeout | None, per_try: float | None = None) -> Handler:
        return prompt(self._answer, per_try)

    async def close(self) -> None:
        """Have nothing to close."""


async def _ok(request: Request) -> Response:
    return Response(200, [], b"ok")


def member(name: str, weight: int = 1, answer: Handler = _ok) -> Member:
    """Return a target of that URL."""
    return Member(name, Answering(answer), weight, State(), digest_of(name.encode()))


def members(*weights: int) -> list[Member]:
    """Return a target for each weight, named a, b, c…"""
    return [member(chr(ord("a") + n), weight) for n, weight in enumerate(weights)]
