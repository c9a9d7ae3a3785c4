"""What the old gateway stood on, as far as it shows on the wire.

uvicorn 0.29.0 with httptools, Starlette 0.46.2, httpx 0.28.1 with h11, and the json
module of the Python it was recorded on. Each function is a fault, or nearly one.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from urllib.parse import quote

from hxroute.proof.messages import Headers, Request
from tests.compat.unchanged import RESPONSE_DROPS
from tests.compat.upstream_reply import Reply

PEER = "127.0.0.1"
# httpx quotes what is not in these sets and leaves each "%xx" that it finds.
PATH_SAFE = "".join(chr(i) for i in range(0x21, 0x7F) if chr(i) not in '"#<>?`{}')
QUERY_SAFE = "".join(chr(i) for i in range(0x21, 0x7F) if chr(i) not in '"#<>')
# h11's field-value: no white space at the end.
FIELD_VALUE = re.compile(r"(?:[^\x00\s\x7f]+(?:[ \t]+[^\x00\s\x7f]+)*)?")
INVENTED = {
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "user-agent": "python-httpx/0.28.1",
}


class Crash(Exception):
    """An exception that main.py did not catch."""


def worded(exc: json.JSONDecodeError) -> str:
    """Return the error as the Pythons before 3.13 worded it."""
    message = exc.msg
    if message.startswith("Illegal trailing comma"):
        in_object = message.endswith("object")
        name = "Expecting property name enclosed in double quotes"
        message = name if in_object else "Expecting value"
    return str(json.JSONDecodeError(message, exc.doc, position(exc)))


def position(exc: json.JSONDecodeError) -> int:
    """Return where the Pythons before 3.13 saw the mistake: after a trailing comma."""
    if not exc.msg.startswith("Illegal trailing comma"):
        return exc.pos
    rest = exc.doc[exc.pos + 1 :]
    return exc.pos + 1 + len(rest) - len(rest.lstrip(" \t\n\r"))


def requoted(path: str, query: str) -> str:
    """Put the decoded path into a URL and let httpx read that anew.

    The recording does not say what became of the query beside a `%3F`.
    """
    url = f"{path}?{query}" if query else path
    if any(char.isascii() and not char.isprintable() for char in url):
        raise Crash("httpx.InvalidURL")
    path, mark, query = url.partition("#")[0].partition("?")
    path = _quoted(_normal(path), PATH_SAFE) or "/"
    return path + mark + _quoted(query, QUERY_SAFE)


def _normal(path: str) -> str:
    segments = path.split("/")
    if not {".", ".."} & set(segments):
        return path
    kept: list[str] = []
    for segment in segments:
        if segment == ".." and kept and kept != [""]:
            kept.pop()
        elif segment not in {".", ".."}:
            kept.append(segment)
    return "/".join(kept)


def _quoted(text: str, safe: str) -> str:
    parts = re.split(r"(%[0-9A-Fa-f]{2})", text)
    return "".join(
        part if index % 2 else quote(part, safe=safe)
        for index, part in enumerate(parts)
    )


def client_host(request: Request) -> str:
    """Return what uvicorn's proxy_headers took for the client: it could be spoofed."""
    hosts = ",".join(request.values("x-forwarded-for")[-1:]).split(",")
    stripped = [host.strip() for host in reversed(hosts) if host]
    return next((host for host in stripped if host != PEER), PEER)


def decoded(reply: Reply) -> str:
    """Undo gzip and deflate; the field that names them stays."""
    body = reply.body.encode("latin-1")
    codings = ",".join(reply.values("content-encoding")).lower().split(",")
    for coding in reversed(codings):
        decode = DECODERS.get(coding.strip())
        body = decode(body) if decode and body else body
    return body.decode("latin-1")


def _gunzip(data: bytes) -> bytes:
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    return decoder.decompress(data) + decoder.flush()


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data)
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data)


DECODERS: dict[str, Callable[[bytes], bytes]] = {"gzip": _gunzip, "deflate": _inflate}


def response_headers(reply: Reply) -> Headers:
    """Merge fields of one name; decode all values in one coding, write latin-1."""
    merged: dict[str, str] = {}
    for name, value in reply.headers:
        key = name.lower()
        if key not in RESPONSE_DROPS:
            merged[key] = f"{merged[key]}, {value}" if key in merged else value
    raw = "".join(value for _, value in reply.headers).encode("latin-1")
    return tuple(
        (name, _transcoded(value, raw).strip(" \t")) for name, value in merged.items()
    )


def _transcoded(value: str, all_values: bytes) -> str:
    try:
        all_values.decode("utf-8")
        value = value.encode("latin-1").decode("utf-8")
        return value.encode("latin-1").decode("latin-1")
    except UnicodeDecodeError:
        return value
    except UnicodeEncodeError as exc:
        raise Crash("UnicodeEncodeError") from exc
