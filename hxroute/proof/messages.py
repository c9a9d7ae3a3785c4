"""Requests and answers as they go over the wire, in latin-1: one character, one byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["HTTP_1_1", "Answer", "Header", "Headers", "Request", "unchunked", "values"]

HTTP_1_1: Final = "HTTP/1.1"

Header = tuple[str, str]
Headers = tuple[Header, ...]


def values(headers: Headers, name: str) -> list[str]:
    """Return the values of a header field, in order; `name` is in lower case."""
    return [value for key, value in headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a client puts it on the wire; its body is sent `repeat` times."""

    method: str
    target: str
    headers: Headers = ()
    body: str = ""
    repeat: int = 1

    def values(self, name: str) -> list[str]:
        """Return the values of a header field, in order."""
        return values(self.headers, name)

    @property
    def path(self) -> str:
        """The raw path."""
        return self.target.partition("?")[0]

    @property
    def sent(self) -> str:
        """The body as it is sent, with its framing."""
        return self.body * self.repeat

    @property
    def content(self) -> str:
        """The body without its framing, as far as that can be told."""
        if not self.values("transfer-encoding"):
            return self.sent
        try:
            return unchunked(self.sent)
        except ValueError:
            return self.sent

    def fields(self, host: str) -> Headers:
        """Return its header fields, with those that every request needs."""
        added = {"Host": host, "Connection": "close"}
        if not self.values("transfer-encoding"):
            added["Content-Length"] = str(len(self.sent))
        missing = {name: added[name] for name in added if not self.values(name.lower())}
        return (*self.headers, *missing.items())

    def wire(self, host: str) -> bytes:
        """Return the bytes to send."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.fields(host)]
        return "\r\n".join([*lines, "", self.sent]).encode("latin-1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client got; `complete` is false where it was cut short.

    `interim` are the statuses that came before it, `excess` what came behind its end.
    """

    status: int
    headers: Headers
    body: str = ""
    complete: bool = True
    trailers: Headers = ()
    version: str = HTTP_1_1
    interim: tuple[int, ...] = ()
    excess: str = ""


def unchunked(text: str) -> str:
    """Take a whole body out of its chunks (RFC 9112 section 7.1).

    Raises:
        ValueError: where it is in none.
    """
    content, rest = "", text
    while True:
        size, _, rest = rest.partition("\r\n")
        wanted = int(size.split(";")[0], 16)
        if not wanted:
            return content
        content, rest = content + rest[:wanted], rest[wanted + 2 :]
