"""A request as a person types it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Final

from hxroute import paths, rules
from hxroute.http import Headers, Request, first
from hxroute.ir import Server
from hxroute.runtime.strict import DIGITS

__all__ = ["Question", "ask"]

_SERVER: Final = Server()
_URL: Final = re.compile(
    r"https?://(?:[^/?@]*@)?([^/?]+)(.*)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Question:
    """A method, a target and header fields as they would be sent, and the body."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def request(self, headers: Headers) -> Request:
        """Return a new request with other fields, as the server would hand it over."""
        path, _, query = self.target.partition("?")
        length = self._length()
        return Request(
            self.method,
            path.encode(),
            query.encode(),
            headers,
            b"" if length == 0 else _at_once(self.body),
            length,
            client="127.0.0.1",
        )

    def notes(self) -> tuple[str, ...]:
        """Say where it is no request that could be sent as it is."""
        length = self._length()
        if length is None or length == len(self.body):
            return ()
        said = f"`content-length` says {length} bytes, but the body has"
        return (f"{said} {len(self.body)}",)

    def _length(self) -> int | None:
        if first(self.headers, b"transfer-encoding") is not None:
            return None
        stated = first(self.headers, b"content-length") or b"0"
        return int(stated) if DIGITS.fullmatch(stated) else None  # that is refused


async def _at_once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def ask(
    method: str,
    target: str,
    fields: Iterable[str] = (),
    body: bytes = b"",
    server: Server = _SERVER,
) -> Question:
    """Make a question of what stands on a command line.

    Args:
        method: in any case.
        target: a path with its query, or a whole URL.
        fields: `name: value`, as curl's `-H` takes them.
        body: the body; its length becomes a field where none is given.
        server: where the gateway listens, which becomes the host where none is given.

    Raises:
        ValueError: with what is wrong.
    """
    if not rules.FIELD_NAME.fullmatch(os.fsencode(method)):
        raise ValueError(f"`{method}` is no method")
    target = target.partition("#")[0]
    url, host = _URL.fullmatch(target), _host(server)
    if url is not None:
        host, target = url[1], url[2] if url[2].startswith("/") else f"/{url[2]}"
    if not target.startswith("/"):
        raise ValueError(f"`{target}` is no path; a path starts with `/`")
    headers = [_field(text) for text in fields]
    named = {name for name, _ in headers}
    if b"host" not in named:
        headers.insert(0, _field(f"host: {host}"))
    if body and not named & {b"content-length", b"transfer-encoding"}:
        headers.append((b"content-length", b"%d" % len(body)))
    sent = paths.printable(os.fsencode(target)).decode()
    return Question(method.upper(), sent, tuple(headers), body)


def _host(server: Server) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{host}:{server.port}"


def _field(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    raw, content = os.fsencode(name.strip(" \t")), os.fsencode(value.strip(" \t"))
    if not colon or not rules.FIELD_NAME.fullmatch(raw):
        raise ValueError(f"`{name}` is no header; write `name: value`")
    if rules.FIELD_VALUE_REFUSED.search(content):
        raise ValueError(f"the value of `{name}` holds a control character")
    if raw.lower() == b"content-length" and not re.fullmatch(rb"[0-9]{1,18}", content):
        raise ValueError("the value of `content-length` is no number")
    return raw.lower(), content
