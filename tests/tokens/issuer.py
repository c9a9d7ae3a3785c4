"""An issuer of tokens: keys, tokens, and a server of its key set."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import json
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwk
from joserfc.errors import SecurityWarning
from joserfc.jws import JWSRegistry

from hxroute.sandbox.seen import read_request

NOW = 1_800_000_000.0
SAID = {"iss": "https://issuer", "aud": "gateway", "sub": "alice", "exp": NOW + 300}


def key(kind: str = "RSA", size: int | str = 2048, number: int = 1) -> Any:
    """Make a key pair; the same number gives the same one."""
    return _made(kind, size, number)


@functools.cache
def _made(kind: str, size: int | str, number: int) -> Any:
    with quiet():
        return jwk.generate_key(kind, size)  # type: ignore[call-overload]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):
        yield


def public(pair: Any, **more: object) -> dict[str, Any]:
    return {**pair.as_dict(private=False), **more}


def keys(*listed: dict[str, Any]) -> bytes:
    return json.dumps({"keys": listed}).encode()


def b64(data: bytes | str | dict[str, Any]) -> bytes:
    if isinstance(data, dict):
        data = json.dumps(data)
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(
    said: bytes | str | dict[str, Any] | None = None,
    header: bytes | str | dict[str, Any] | None = None,
    pair: Any = None,
    alg: str = "RS256",
) -> bytes:
    """Sign a token; whatever it says of itself, it is signed as `alg`."""
    header = {"alg": alg, "kid": "one"} if header is None else header
    signed = b64(header) + b"." + b64(SAID if said is None else said)
    signature = JWSRegistry.algorithms[alg].sign(signed, pair or key())
    return signed + b"." + b64(signature)


@dataclass
class Issuer:
    """Serves a key set; `fails` makes it hang up instead."""

    body: bytes
    url: str = ""
    fails: bool = False
    asked: int = 0
    fields: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def asked_times(self, count: int) -> None:
        async with asyncio.timeout(30):
            while self.asked < count:
                self.changed.clear()
                await self.changed.wait()

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = await read_request(reader)
        self.asked += 1
        self.changed.set()
        if not self.fails and request is not None:
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(self.body)}\r\n"
            writer.write(f"{head}{self.fields}connection: close\r\n\r\n".encode())
            writer.write(self.body)
        writer.close()


@contextlib.asynccontextmanager
async def issuing(body: bytes, **options: Any) -> AsyncIterator[Issuer]:
    this = Issuer(body, **options)
    server = await asyncio.start_server(this.answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        this.url = f"http://127.0.0.1:{port}/.well-known/jwks.json"
        yield this
