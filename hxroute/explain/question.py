"""A request as a person types it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hxroute import paths, rules
from hxroute.http import Request

__all__ = ["Question", "ask"]


@dataclass(frozen=True, slots=True)
class Question:
    """A method, a target and header fields as they would be sent, and the body."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def request(self) -> Request:
        """Return a new request, as the server would hand it over."""
        path, _, query = self.target.partition("?")
        return Request(
            self.method,
            path.encode(),
            query.encode(),
            list(self.headers),
            self.body,
            len(self.body),
            client="127.0.0.1",
        )


def ask(method: str, target: str, fields: Iterable[str], body: bytes) -> Question:
    """Make a question of what stands on a command line.

    Args:
        method: in any case.
        target: a path with its query, or a whole URL.
        fields: `name: value`, as curl's `-H` takes them.
        body: the body; its length becomes a field where none is given.

    Raises:
        ValueError: with what is wrong.
    """
    if not rules.FIELD_NAME.fullmatch(method.encode()):
        raise ValueError(f"`{method}` is no method")
    if "://" in target:
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.startswith("/"):
        raise ValueError(f"`{target}` is no path; a path starts with `/`")
    target = paths.printable(target.partition("#")[0].encode()).decode()
    headers = [_field(text) for text in fields]
    if body and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % len(body)))
    return Question(method.upper(), target, tuple(headers), body)


def _field(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    raw, content = name.strip().lower().encode(), value.strip(" \t").encode()
    if not colon or not rules.FIELD_NAME.fullmatch(raw):
        raise ValueError(f"`{name}` is no header; write `name: value`")
    if rules.FIELD_VALUE_REFUSED.search(content):
        raise ValueError(f"the value of `{name}` holds a control character")
    return raw, content
