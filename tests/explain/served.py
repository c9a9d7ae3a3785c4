"""Gateways served for real, on a loop that runs only while something happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from typing import Final, TypeVar

from hxroute.explain import Explanation, Question, explain
from hxroute.sandbox.scripted import Script, ScriptedUpstream
from hxroute.sandbox.seen import Seen
from tests.explain.files import ENVIRONMENTS, REPOSITORY, RICH, compiled
from tests.runtime.serving import Answer, ask, served

T = TypeVar("T")


UNANSWERED: Final = ("/nobody", "/brief", "/brief/h1")
"""Endpoints whose upstreams are not there, or have too little time."""


class Place:
    """A gateway that is served, and what it was made of."""

    def __init__(
        self,
        text: str,
        environ: Mapping[str, str],
        upstream: ScriptedUpstream,
        runner: asyncio.Runner,
    ) -> None:
        self.text = text
        self.compiled = compiled(text)
        self.environ = environ
        self.upstream = upstream
        self.runner = runner
        self.port = 0

    def served(self) -> AbstractAsyncContextManager[int]:
        """Serve it; give its port."""
        assert self.compiled.gateway is not None
        return served(self.compiled.gateway, self.environ)

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns of its endpoints whose upstreams answer, whatever they answer."""
        assert self.compiled.gateway is not None
        found = (endpoint.path for endpoint in self.compiled.gateway.endpoints)
        return tuple(path for path in found if path not in UNANSWERED)

    def explain(self, question: Question) -> Explanation:
        """Say what will happen."""
        return explain(self.compiled, question, self.environ)

    def play(self, question: Question, script: Script) -> tuple[Answer, list[Seen]]:
        """Make it happen: return what the client got and what the upstream saw."""
        return self.runner.run(self._play(question, script))

    async def _play(
        self, question: Question, script: Script
    ) -> tuple[Answer, list[Seen]]:
        case = next((v for k, v in question.headers if k == b"x-hx-case"), b"")
        self.upstream.reply(case.decode("latin-1"), script)
        self.upstream.seen.clear()
        answer = await ask(self.port, wire(question))
        return answer, list(self.upstream.seen)


ALL, FEW = ENVIRONMENTS["all"], ENVIRONMENTS["few"]
PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "rich": (RICH, ALL),
    "sparse": (RICH, FEW),
    "hx": (
        REPOSITORY,
        {
            "HX_MASTER_KEY": ALL["ONE"],
            "HX_UPSTREAM_KEY": ALL["TOKEN"],
            "HX_TRUST_PROXY_IP": "TRUE",
            "HX_MAX_BODY_SIZE": "48",
        },
    ),
    "forwarding": (
        REPOSITORY,
        {"HX_MASTER_KEY": ALL["TWO"], "HX_FORWARD_AUTH": "1"},
    ),
}
"""Files and environments, by a name."""


@contextmanager
def places() -> Iterator[dict[str, Place]]:
    """Serve every file under its environment, in front of one upstream."""
    upstream = ScriptedUpstream()
    with asyncio.Runner() as runner, ExitStack() as stack:
        stack.enter_context(entered(runner, upstream))
        found = {}
        for name, (text, environ) in PLACES.items():
            known = {**environ, "URL": upstream.url}
            known["HX_LITELLM_UPSTREAM"] = upstream.url
            found[name] = place = Place(text, known, upstream, runner)
            place.port = stack.enter_context(entered(runner, place.served()))
        yield found


@contextmanager
def entered(
    runner: asyncio.Runner, manager: AbstractAsyncContextManager[T]
) -> Iterator[T]:
    """Enter and leave something on a loop that runs only now and then."""
    found = runner.run(_enter(manager))
    try:
        yield found
    finally:
        runner.run(_leave(manager))


async def _enter(manager: AbstractAsyncContextManager[T]) -> T:
    return await manager.__aenter__()


async def _leave(manager: AbstractAsyncContextManager[T]) -> None:
    await manager.__aexit__(None, None, None)


def wire(question: Question) -> bytes:
    """Return the bytes that a client would send."""
    head = [f"{question.method} {question.target} HTTP/1.1".encode()]
    head += [name + b": " + value for name, value in question.headers]
    body = question.body
    if b"transfer-encoding" in dict(question.headers):
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        body = chunk + b"0\r\n\r\n"
    return b"\r\n".join([*head, b"", body])
