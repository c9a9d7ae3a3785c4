"""Targets: the paths and queries that servers read differently (RFC 3986)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hxroute.proof.cases.levels import Level
from hxroute.proof.cases.places import Place

__all__ = ["targets"]

_LONG: Final = 4000
"""Characters of a long query: half of what most servers take of a request line."""

_QUERIES: Final = (
    ("plain", "limit=2", 1),
    ("repeated", "a=1&a=2&b=3", 1),
    ("no-value", "flag", 3),
    ("empty-value", "a=&b=", 3),
    ("spaces", "q=a+b%20c", 2),
    ("plus", "q=a%2Bb", 3),
    ("ampersands", "a=1&&b=2&", 3),
    ("semicolon", "a=1;b=2", 2),
    ("brackets", "include[]=x&include%5B%5D=y", 2),
    ("slashes", "next=/a/../b//c", 3),
    ("question", "a=1?b=2", 3),
    ("hex", "q=caf%C3%A9", 2),
    ("lower-hex", "q=caf%c3%a9", 2),
    ("unreserved", "%61=%7E", 3),
    ("not-utf8", "q=caf%E9", 3),
    ("nul", "q=%00", 3),
    ("line-end", "q=%0D%0AX-Injected:%201", 3),
    ("broken", "q=%zz&r=%", 2),
    ("quotes", "q=%22x%22&r='y'", 3),
    ("key", "api_key=no-such-key&access_token=no-such-key", 3),
    ("order", "z=1&y=2&x=3", 3),
    ("long", "q=" + "v" * _LONG, 2),
)
_ENDINGS: Final = (
    ("space", "%20x", 2),
    ("plus", "+x", 2),
    ("slash", "%2Fx", 2),
    ("lower-slash", "%2fx", 3),
    ("backslash", "%5Cx", 2),
    ("dots", "/%2e%2e/x", 2),
    ("plain-dots", "/../x", 2),
    ("dot", "/./x", 3),
    ("slash-dots", "%2F..%2Fx", 3),
    ("nul", "%00", 2),
    ("broken", "%zz", 2),
    ("percent", "%", 3),
    ("percent-twice", "%252F", 3),
    ("hex", "%C3%A9", 2),
    ("lower-hex", "%c3%a9", 2),
    ("not-utf8", "%E9", 2),
    ("hash", "%23x", 3),
    ("question", "%3Fx", 3),
    ("line-end", "%0Ax", 3),
    ("semicolon", ";a=b", 2),
    ("colon", ":x@y", 3),
    ("brackets", "[0]", 3),
    ("double-slash", "//x", 2),
)
"""What is put behind a path."""


def targets(place: Place) -> tuple[Level, ...]:
    """Return the place's own target, and others with odd queries and paths."""
    return (
        Level("path-plain", _target(place, place.path), rank=0, paired=True),
        *_queries(place),
        *_rewritten(place),
        *(
            Level(f"path-{name}", _target(place, place.path + end), rank=rank)
            for name, end, rank in _ENDINGS
        ),
    )


def _target(place: Place, path: str) -> str:
    return f"{path}?{place.query}" if place.query else path


def _queries(place: Place) -> Iterator[Level]:
    answered = place.upstream is None  # so that nothing of a query goes anywhere
    for name, query, stated in _QUERIES:
        rank = 3 if answered and stated > 1 else stated
        whole = "&".join(filter(None, (place.query, query)))
        yield Level(
            f"query-{name}", f"{place.path}?{whole}", rank=rank, paired=rank == 1
        )
    yield Level("query-empty", f"{place.path}?", rank=1)
    if place.query:
        yield Level("query-needed-missing", place.path, rank=1)


def _rewritten(place: Place) -> Iterator[Level]:
    """Yield the path in other spellings, and the paths around it."""
    head, _, last = place.path.rpartition("/")
    for name, path, rank in (
        ("encoded", f"{head}/{_encoded(last)}", 1),
        ("end-slash", place.path.rstrip("/") if not last else f"{place.path}/", 1),
        ("two-slashes", f"/{place.path}", 2),
        ("inner-slashes", f"{head}//{last}", 2),
        ("parent", head or "/", 2),
        ("parent-slash", f"{head}/", 2),
        ("swapped-case", place.path.swapcase(), 2),
        ("nowhere", "/hx/no/such/path", 2),
    ):
        yield Level(f"path-{name}", _target(place, path or "/"), rank=rank)


def _encoded(segment: str) -> str:
    """Write the first character as an escape, which means the same (RFC 3986 2.3)."""
    first = segment[:1]
    return f"%{ord(first):02X}{segment[1:]}" if first.isalnum() else segment
