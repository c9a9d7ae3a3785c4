"""Candidates: which endpoint takes a request, and why each other does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hxroute import paths
from hxroute.explain.data import Candidate
from hxroute.http import Request
from hxroute.runtime.routing import Route, takes

__all__ = ["candidates"]


def candidates(routes: Iterable[Route], request: Request) -> Iterator[Candidate]:
    """Say of each endpoint, in the order of the file, what it has to do with a request.

    The request has been routed: it knows the endpoint that took it.
    """
    segments = paths.comparable(request.path).split(b"/")
    taken_at = 0
    for route in routes:
        endpoint, pattern = route.endpoint, route.pattern
        stands = endpoint.name, endpoint.path, endpoint.at
        if endpoint is request.endpoint:
            taken_at = endpoint.at
            yield Candidate(*stands, "taken", "takes the request")
        elif not pattern.matches(segments):
            yield Candidate(*stands, "path", _difference(pattern, segments))
        elif not takes(endpoint, request.method):
            listed = f"takes {', '.join(endpoint.methods)} only"
            reason = listed if endpoint.methods else "takes it only where it is listed"
            yield Candidate(*stands, "method", reason)
        else:
            reason = f"would take it too, but line {taken_at} comes first"
            yield Candidate(*stands, "later", reason)


def _difference(pattern: paths.Pattern, segments: list[bytes]) -> str:
    """Name the first segment in which a path is not what a pattern wants."""
    for place, wanted in enumerate(pattern.segments):
        if place >= len(segments):
            more = _shown(wanted) if wanted != b"" else "a `/`"
            return f"wants {more} after `{_path(segments)}`"
        found = segments[place]
        if wanted is None and not found:
            return f"wants a segment {place} that is not empty"
        if wanted is not None and wanted != found:
            return f"wants {_shown(wanted)}, not {_shown(found)}, in segment {place}"
    if pattern.rest is not None:
        return f"wants a `/` after `{_path(segments)}`"
    return f"ends before `/{_path(segments[len(pattern.segments) :])}`"


def _shown(segment: bytes | None) -> str:
    if segment is None:
        return "one more segment"
    return f"`{segment.decode('latin-1')}`" if segment else "nothing"


def _path(segments: list[bytes]) -> str:
    return b"/".join(segments).decode("latin-1")
