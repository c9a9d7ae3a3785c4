"""Header fields of requests: those that gateways drop, keep, rewrite or stumble over."""

from __future__ import annotations

from typing import Final

from hxroute.proof.cases.levels import Level
from hxroute.proof.cases.places import Place
from hxroute.proof.messages import Headers

__all__ = ["fields"]

_FORGED: Final = "forged"
"""What a client says in the fields that the rules of a routes file name."""

_LONG: Final = 4096
"""Characters of a long value: half of what most servers take."""

_QUICK: Final[tuple[tuple[str, Headers], ...]] = (
    (
        "hop",
        (
            ("Connection", "close, X-Drop-Me"),
            ("X-Drop-Me", "1"),
            ("Keep-Alive", "timeout=5"),
            ("TE", "trailers"),
            ("Proxy-Authorization", "Basic cHJveHk6cHJveHk="),
        ),
    ),
    (
        "forwarded",
        (
            ("X-Forwarded-For", "203.0.113.7, 198.51.100.2"),
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("Forwarded", "for=203.0.113.7;proto=https;host=evil.example"),
        ),
    ),
    ("repeated", (("X-Twice", "one"), ("x-twice", "two"), ("X-Twice", ""))),
)
"""Those that are tried at every endpoint."""

_PAIRED: Final = ("hop", "forwarded")
"""Those that meet other factors."""

_RARE: Final[tuple[tuple[str, Headers], ...]] = (
    ("te", (("TE", "trailers, deflate;q=0.5"),)),
    ("trailer", (("Trailer", "X-Checksum"),)),
    ("upgrade", (("Connection", "close, Upgrade"), ("Upgrade", "h2c"))),
    ("keep-alive", (("Keep-Alive", "timeout=5, max=100"),)),
    (
        "proxy-auth",
        (("Proxy-Authorization", "Basic eA=="), ("Proxy-Authenticate", "x")),
    ),
    ("connection-auth", (("Connection", "close, Authorization"),)),
    ("cookie", (("Cookie", "session=secret; theme=dark"),)),
    ("underscore", (("X_Forwarded_For", "203.0.113.7"), ("X_Twice", "1"))),
    ("empty", (("X-Empty", ""),)),
    ("utf8", (("X-Name", "caf\xc3\xa9"),)),
    ("long", (("X-Long", "v" * _LONG),)),
    (
        "tracing",
        (
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("tracestate", "vendor=value"),
            ("baggage", "user=1"),
        ),
    ),
    ("request-id", (("X-Request-ID", "req-1"), ("X-Correlation-ID", "cor-1"))),
    ("no-coding", (("Accept-Encoding", "identity"),)),
    ("codings", (("Accept-Encoding", "gzip, deflate, br, zstd"),)),
    ("range", (("Range", "bytes=0-3"), ("If-Range", '"v1"'))),
    ("conditional", (("If-None-Match", '"v1"'), ("If-Modified-Since", "x"))),
    ("method-override", (("X-HTTP-Method-Override", "DELETE"),)),
    (
        "origin",
        (
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Referer", "https://evil.example/page"),
        ),
    ),
)
"""Those that one endpoint of a kin is enough for."""

_MORE: Final[tuple[tuple[str, Headers], ...]] = (
    ("proxy-connection", (("Proxy-Connection", "keep-alive"),)),
    ("xff", (("X-Forwarded-For", "203.0.113.7"),)),
    ("x-real-ip", (("X-Real-IP", "203.0.113.7"), ("True-Client-IP", "203.0.113.7"))),
    (
        "forwarded-more",
        (
            ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Prefix", "/other"),
            ("X-Forwarded-Server", "other"),
            ("X-Original-Forwarded-For", "203.0.113.7"),
            ("X-Cluster-Client-IP", "203.0.113.7"),
            ("CF-Connecting-IP", "203.0.113.7"),
            ("CF-IPCountry", "NL"),
            ("Via", "1.1 other"),
        ),
    ),
    ("two-cookies", (("Cookie", "a=1"), ("Cookie", "b=2"))),
    ("set-cookie", (("Set-Cookie", "a=1"), ("WWW-Authenticate", "Bearer"))),
    ("other-keys", (("Api-Key", "key"), ("X-Goog-Api-Key", "key"))),
    ("padded", (("X-Padded", "  a \t b  "),)),
    ("latin1", (("X-Name", "caf\xe9"),)),
    ("upper-case", (("X-UPPER-CASE", "Value"), ("x-lower-case", "Value"))),
    (
        "openai",
        (("OpenAI-Organization", "org-1"), ("OpenAI-Beta", "assistants=v2")),
    ),
    ("agent", (("User-Agent", "hxroute-proof/1"), ("Accept", "text/event-stream"))),
    ("coding-off", (("Accept-Encoding", "gzip;q=0, *;q=0.5"),)),
    ("url-override", (("X-Original-URL", "/admin"), ("X-Rewrite-URL", "/admin"))),
    ("content-coding", (("Content-Encoding", "identity"),)),
    ("digest", (("Content-MD5", "x"), ("Digest", "sha-256=x"))),
    ("many", tuple((f"X-Many-{number}", "v") for number in range(40))),
)
"""Those that are left to a large set of cases."""


def fields(place: Place) -> tuple[Level, ...]:
    """Return what is added to the fields of a request: nothing, then trap by trap."""
    levels = [Level("head-plain", headers=place.headers, rank=0, paired=True)]
    if place.headers:
        levels.append(Level("head-needed-missing", rank=1))
    given = {name.lower() for name, _ in place.headers}
    forged = tuple((name, _FORGED) for name in place.named if name not in given)
    if forged:
        headers = (*place.headers, *forged)
        levels.append(Level("head-named", headers=headers, rank=1))
    ranks = (1, 2, 3) if place.upstream is not None else (1, 3, 3)
    for rank, table in zip(ranks, (_QUICK, _RARE, _MORE), strict=True):
        for name, added in table:
            headers = (*place.headers, *added)
            paired = name in _PAIRED
            levels.append(
                Level(f"head-{name}", headers=headers, rank=rank, paired=paired)
            )
    return tuple(levels)
