"""Routing: which endpoint takes a request.

The first endpoint of the file whose path and method match takes it. Paths without
parameters stand in a dictionary, the others in a tree of segments, so that finding one
costs the same among ten and among ten thousand. Either is an index only: of all that
have a path, whoever stands first in the file wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hxroute import paths
from hxroute.errors import MethodNotAllowed, NotFound
from hxroute.http import Handler, Request, Response
from hxroute.ir import STANDARD_METHODS, UNLISTED_METHODS, Endpoint, Gateway
from hxroute.nodes import Cors
from hxroute.preflight import asked_for

__all__ = ["Route", "Router", "bare_routes", "takes"]

_SLASH: Final = ord("/")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint in its place, with its pattern parsed and its pipeline folded.

    `preflight` answers what browsers ask before they send what the endpoint takes.
    """

    place: int
    endpoint: Endpoint
    pattern: paths.Pattern
    handler: Handler
    preflight: Handler | None = None


def bare_routes(gateway: Gateway) -> list[Route]:
    """Return the routes of a gateway with nothing behind them, to see what matches."""
    return [
        Route(
            place,
            endpoint,
            paths.parse_pattern(endpoint.path),
            _nothing,
            _bare_preflight(endpoint),
        )
        for place, endpoint in enumerate(gateway.endpoints)
    ]


def _bare_preflight(endpoint: Endpoint) -> Handler | None:
    found = (node for node in endpoint.pipeline if isinstance(node, Cors))
    return next((node.preflight() for node in found), None)


async def _nothing(request: Request) -> Response:
    """Stand for what answers; nothing is answered here."""
    return Response(200)


def takes(endpoint: Endpoint, method: str) -> bool:
    """Tell whether an endpoint takes a method; without a list, all but two."""
    if endpoint.methods:
        return method in endpoint.methods
    return method not in UNLISTED_METHODS


class _Slot:
    """The endpoints of one path or pattern: the first of them for each method.

    `by` has every method that one of them lists, and, where one lists none, those that
    it does not take, by None; `other` takes the rest.
    """

    __slots__ = ("by", "other")

    def __init__(self) -> None:
        self.by: dict[str, Route | None] = {}
        self.other: Route | None = None

    def add(self, route: Route) -> None:
        """Add the endpoint that comes next in the file."""
        for method in route.endpoint.methods:
            if self.by.get(method) is None:
                taken = None if method in UNLISTED_METHODS else self.other
                self.by[method] = taken or route
        if self.other is None and not route.endpoint.methods:
            self.other = route
            for method in UNLISTED_METHODS:
                self.by.setdefault(method, None)

    def allowed(self) -> Iterator[str]:
        """Yield the methods that are taken, of those that have a name."""
        yield from (method for method, route in self.by.items() if route is not None)
        if self.other is not None:
            yield from STANDARD_METHODS


class _Node:
    """Where paths meet: what goes on, by segment or by a parameter, and who ends here."""

    __slots__ = ("children", "ending", "parameter", "rest")

    def __init__(self) -> None:
        self.children: dict[bytes, _Node] = {}
        self.parameter: _Node | None = None
        self.ending: _Slot | None = None
        self.rest: _Slot | None = None

    def add(self, route: Route) -> None:
        """Add the endpoint that comes next in the file."""
        node = self
        for segment in route.pattern.segments[1:]:  # before the first slash is nothing
            if segment is not None:
                node = node.children.setdefault(segment, _Node())
            else:
                node.parameter = node = node.parameter or _Node()
        if route.pattern.rest is None:
            slot = node.ending = node.ending or _Slot()
        else:
            slot = node.rest = node.rest or _Slot()
        slot.add(route)

    def walk(self, segments: list[bytes]) -> list[_Slot]:
        """Return all that have a path, by its segments behind the first slash.

        It goes from segment to segment with every node that the path has reached, and
        so comes to no node twice: whatever a client sends, there are at most 2**n of
        them behind n segments, and no more in all than the file has segments.
        """
        found: list[_Slot] = []
        live = [self]
        for segment in segments:
            reached = []
            for node in live:
                if node.rest is not None:
                    found.append(node.rest)
                child = node.children.get(segment)
                if child is not None:
                    reached.append(child)
                if node.parameter is not None and segment:
                    reached.append(node.parameter)
            if not reached:
                return found
            live = reached
        found += [node.ending for node in live if node.ending is not None]
        return found


class Router:
    """The endpoints of a gateway, to be asked which of them takes a request.

    Args:
        routes: the endpoints in file order.
        policy: which paths are refused.
    """

    def __init__(self, routes: Iterable[Route], policy: paths.Policy) -> None:
        self._policy = policy
        self._exact: dict[bytes, _Slot] = {}
        self._tree = _Node()
        self._depth = 1
        # Of the paths in `_exact`, those that have been asked for, and all that have them.
        self._known: dict[bytes, Sequence[_Slot]] = {}
        self._answers_preflights = False
        for route in routes:
            self._answers_preflights |= route.preflight is not None
            literal = route.pattern.literal
            if literal is None:
                self._tree.add(route)
                self._depth = max(self._depth, len(route.pattern.segments))
            else:
                self._exact.setdefault(literal, _Slot()).add(route)

    def match(self, request: Request) -> Handler:
        """Return the handler of the first endpoint whose path and method match.

        A preflight is answered by the endpoint that takes what it asks for, where that
        has an answer; else it is a request like any other.

        Raises:
            BadPath: where the path is refused.
            NotFound: where no endpoint has the path.
            MethodNotAllowed: where endpoints have the path, but not the method.
        """
        path, method = request.path, request.method
        found = self._known.get(path) or self._found(path)
        if method == "OPTIONS" and self._answers_preflights:
            owner = _owner(found, request)
            if owner is not None and owner.preflight is not None:
                request.endpoint = owner.endpoint
                return owner.preflight
        taken: Route | None = None
        for slot in found:
            route = slot.by.get(method, slot.other)
            if route is not None and (taken is None or route.place < taken.place):
                taken = route
        if taken is None:
            raise _refusal(found)
        request.endpoint = taken.endpoint
        pattern = taken.pattern
        if pattern.parameters or pattern.rest is not None:
            request.params = pattern.extract(path)
        return taken.handler

    def _found(self, path: bytes) -> Sequence[_Slot]:
        """Return all endpoints that have a path."""
        if not path or path[0] != _SLASH:
            raise NotFound  # `OPTIONS *` asks for no path
        form = paths.checked(path, self._policy)
        found = self._tree.walk(form.split(b"/", self._depth)[1:])
        exact = self._exact.get(form)
        if exact is not None:
            found.append(exact)
            if form == path:
                found = [_merged(found)]
                self._known[path] = found
        return found


def _owner(found: Sequence[_Slot], request: Request) -> Route | None:
    """Return who takes what a preflight asks for; None where it is no preflight."""
    asked = asked_for(request)
    if asked is None:
        return None
    return _first(slot.by.get(asked, slot.other) for slot in found)


def _merged(slots: list[_Slot]) -> _Slot:
    """Put together who has one path."""
    if len(slots) == 1:
        return slots[0]
    merged = _Slot()
    merged.other = _first(slot.other for slot in slots)
    for method in {method for slot in slots for method in slot.by}:
        merged.by[method] = _first(slot.by.get(method, slot.other) for slot in slots)
    return merged


def _first(routes: Iterable[Route | None]) -> Route | None:
    standing = (route for route in routes if route is not None)
    return min(standing, key=lambda route: route.place, default=None)


def _refusal(found: Sequence[_Slot]) -> NotFound | MethodNotAllowed:
    if not found:
        return NotFound()
    allowed = {method for slot in found for method in slot.allowed()}
    return MethodNotAllowed(allow=tuple(sorted(allowed)))
