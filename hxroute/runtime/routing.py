"""Routing: which endpoint takes a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hxroute import paths
from hxroute.errors import MethodNotAllowed, NotFound
from hxroute.http import Handler, Request
from hxroute.ir import STANDARD_METHODS, UNLISTED_METHODS, Endpoint

__all__ = ["Route", "Router", "takes"]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint in its place, with its pattern parsed and its pipeline folded."""

    place: int
    endpoint: Endpoint
    pattern: paths.Pattern
    handler: Handler


def takes(endpoint: Endpoint, method: str) -> bool:
    """Tell whether an endpoint takes a method; without a list, all but two."""
    if endpoint.methods:
        return method in endpoint.methods
    return method not in UNLISTED_METHODS


class Router:
    """The endpoints in file order, with an index over those of one path only."""

    def __init__(self, routes: Iterable[Route], policy: paths.Policy) -> None:
        self._policy = policy
        self._exact: dict[bytes, list[Route]] = {}
        self._patterns: list[tuple[bytes, Route]] = []
        for route in routes:
            literal = route.pattern.literal
            if literal is None:
                self._patterns.append((route.pattern.prefix, route))
            else:
                self._exact.setdefault(literal, []).append(route)

    def match(self, request: Request) -> Handler:
        """Return the handler of the first endpoint whose path and method match.

        Raises:
            BadPath: where the path is refused.
            NotFound: where no endpoint has the path.
            MethodNotAllowed: where endpoints have the path, but not the method.
        """
        if not request.path.startswith(b"/"):
            raise NotFound  # `OPTIONS *` asks for no path
        paths.check(request.path, self._policy)
        path = paths.comparable(request.path)
        candidates = self._candidates(path)
        for route in candidates:
            if takes(route.endpoint, request.method):
                request.endpoint = route.endpoint
                request.params = route.pattern.extract(request.path)
                return route.handler
        if not candidates:
            raise NotFound
        raise MethodNotAllowed(allow=_allowed(candidates))

    def _candidates(self, path: bytes) -> list[Route]:
        segments = path.split(b"/")
        found = list(self._exact.get(path, ()))
        exact = len(found)
        found += [
            route
            for prefix, route in self._patterns
            if path.startswith(prefix) and route.pattern.matches(segments)
        ]
        if exact and len(found) > exact:
            found.sort(key=lambda route: route.place)
        return found


def _allowed(candidates: list[Route]) -> tuple[str, ...]:
    methods = {m for r in candidates for m in r.endpoint.methods or STANDARD_METHODS}
    return tuple(sorted(methods))
