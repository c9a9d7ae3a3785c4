"""The right answer to each request, as bytes: for those who send it and who check it."""

from __future__ import annotations

import hashlib
from random import Random

from tests.chaos.plan import Shot

__all__ = ["EVIL", "body", "digest", "fields", "head", "pieces"]

EVIL = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-id: evil\r\n"
    b"set-cookie: shot=evil\r\ncontent-length: 4\r\n\r\nEVIL"
)
"""What comes behind an answer and belongs to nobody."""


def digest(key: str, cookie: str | None, sent: bytes) -> str:
    """Return what stands for all that a request brought along."""
    told = f"{key}\n{cookie}\n".encode()
    return hashlib.sha1(told + sent).hexdigest()[:16]


def body(shot: Shot, got: str) -> bytes:
    """Return the answer's body; `got` is the digest of what the upstream received."""
    tag = f"[{shot.id} {shot.user} {shot.mark} {got}]"
    if shot.shape == "events":
        lines = [f"data: {tag} {number}\n\n" for number in range(shot.size)]
        return "".join([*lines, "data: [DONE]\n\n"]).encode()
    return (tag.encode() * (shot.size // len(tag) + 1))[: shot.size]


def fields(shot: Shot) -> list[tuple[str, str]]:
    """Return the fields that the client must get as they are."""
    kind = "text/event-stream" if shot.shape == "events" else "text/plain"
    return [
        ("content-type", kind),
        ("x-id", str(shot.id)),
        ("set-cookie", f"session={shot.user}-{shot.id}-{shot.mark}; Path=/"),
    ]


def head(shot: Shot) -> bytes:
    """Return the answer's head."""
    lines = [f"HTTP/1.1 {shot.status} Said"]
    lines += [f"{name}: {value}" for name, value in fields(shot)]
    if shot.shape in ("short", "long"):
        lines.append(f"content-length: {shot.size}")
    elif shot.shape in ("chunked", "events"):
        lines.append("transfer-encoding: chunked")
    if shot.shape == "until_close" or shot.fault.startswith("early"):
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


def pieces(shot: Shot, got: str) -> list[bytes]:
    """Return the answer's body as it goes over the wire, in pieces.

    The last piece ends it: without that one the answer is not whole.
    """
    if shot.method == "HEAD" or shot.shape == "none":
        return []
    whole = body(shot, got)
    if shot.shape == "events":
        parts = [event + b"\n\n" for event in whole.split(b"\n\n")[:-1]]
    else:
        parts = _parts(whole, shot.chance("pieces"))
    if shot.shape not in ("chunked", "events"):
        return parts
    return [*(b"%x\r\n%b\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"]


def _parts(whole: bytes, chance: Random) -> list[bytes]:
    """Divide a body of two bytes or more into two parts or more."""
    count = min(chance.randint(1, 6), len(whole) - 1)
    cuts = sorted(chance.sample(range(1, len(whole)), count))
    return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
