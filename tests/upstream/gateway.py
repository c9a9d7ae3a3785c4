"""One gateway for many cases: each has an endpoint and a pool of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from hxroute.ir import Gateway
from tests.runtime.serving import compiled, served
from tests.upstream.cases import Case, Whole
from tests.upstream.raw import Link, RawUpstream, canary_body
from tests.upstream.wire import Answer, Client, connected

__all__ = ["Bench", "bench", "gateway_of", "shared", "tell"]

HEAD = """\
version: 1
settings: {url: {env: URL}, other: {env: OTHER, default: "http://127.0.0.1:1"}}
headers: {as_sent: {forward: [authorization, cookie]}}
errors:
  told: {other: &told {json: {kind: "{{ error.kind }}", detail: "{{ error.detail }}"}}}
  mapped:
    other: *told
    upstream_status: [{match: 5xx, unless: json_error, json: {replaced: true}}]
defaults: {auth: none, errors: told, request: {headers: as_sent}}
"""
CANARIES = ("POST", "GET", "POST", "GET")
SECONDS = 20


@dataclass
class Bench:
    """A gateway, its port, and the upstream behind it."""

    upstream: RawUpstream
    port: int

    async def try_case(self, case: Case) -> None:
        """Play a case, then see that whatever comes after it is right."""
        target = f"/{case.id}/case"
        self.upstream.scripts[target] = case.script
        async with asyncio.timeout(SECONDS), connected(self.port) as client:
            answer = await client.ask(case.method, target)
            tell(case, answer)
            (link,) = self.upstream.links_of(target)
            if case.later:
                link.writer.write(case.later)
            else:
                await self.upstream.played_out(target)
            await self.canaries(case.id, client if _stays(answer) else None)
            await self._check_reuse(case, answer, link)

    async def canaries(self, name: str, client: Client | None) -> None:
        """Ask what has only one right answer, first on that connection."""
        for number, method in enumerate(CANARIES):
            await self.canary(f"/{name}/canary-{number}", method, client)
            client = None

    async def canary(
        self, target: str, method: str = "GET", client: Client | None = None
    ) -> None:
        """Ask once, on that connection or on one of its own."""
        if client is None:
            async with connected(self.port) as client:
                return await self.canary(target, method, client)
        body = b"body" if method == "POST" else b""
        answer = await client.ask(method, target, body)
        mistake = Whole(canary_body(method, target, body)).mistake(answer)
        assert mistake is None, f"{target}: {mistake}: {answer}"
        return None

    async def _check_reuse(self, case: Case, answer: Answer, link: Link) -> None:
        reused = len(link.targets) > 1
        alternatives = case.alternatives
        whole = any(
            isinstance(one, Whole) and not one.mistake(answer) for one in alternatives
        )
        expected = case.reused if whole else False
        if expected is not None:
            assert reused == expected, f"connection saw {link.targets}"
        if not reused:
            await link.closed.wait()


def tell(case: Case, answer: Answer) -> None:
    """Fail where an answer is none of the right ones."""
    mistakes = [one.mistake(answer) for one in case.alternatives]
    assert None in mistakes, f"{'; '.join(map(str, mistakes))}: {answer}"


def _stays(answer: Answer) -> bool:
    return answer.complete and answer.all("connection") != ["close"]


def gateway_of(cases: Iterable[Case]) -> Gateway:
    """Compile a gateway with an upstream of its own for each case."""
    upstreams, endpoints = ["upstreams:"], []
    for number, case in enumerate(cases):
        more = f", {case.upstream}" if case.upstream else ""
        upstreams.append(f'  u{number}: {{url: "{{{{ settings.url }}}}"{more}}}')
        more = f", {case.endpoint}" if case.endpoint else ""
        path = json.dumps(f"/{case.id}/{{rest:path}}")
        endpoints.append(f"- {{path: {path}, upstream: u{number}{more}}}")
    return compiled("\n".join(endpoints), HEAD + "\n".join(upstreams) + "\n")


@contextlib.asynccontextmanager
async def bench(
    gateway: Gateway, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Bench]:
    """Serve a gateway on a raw upstream."""
    async with (
        RawUpstream(tls) as upstream,
        served(gateway, {"URL": upstream.url}) as port,
    ):
        yield Bench(upstream, port)


@contextlib.contextmanager
def shared(
    runner: asyncio.Runner, gateway: Gateway, tls: ssl.SSLContext | None = None
) -> Iterator[Bench]:
    """Serve a gateway for several runs of one loop: it starts once."""
    stack = contextlib.AsyncExitStack()
    yield runner.run(stack.enter_async_context(bench(gateway, tls)))
    runner.run(stack.aclose())
