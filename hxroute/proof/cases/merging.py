"""Merging: the places of a gateway, refined by the operations of an OpenAPI document.

The gateway says how an endpoint is opened, limited and passed on; the document says
what is sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hxroute import paths
from hxroute.ir import Gateway
from hxroute.proof.cases.places import USUAL, Place, labelled
from hxroute.proof.messages import Headers

__all__ = ["merged"]


def merged(
    gateway: Gateway, places: Iterable[Place], operations: Iterable[Place]
) -> tuple[Place, ...]:
    """Refine the places of a gateway by the operations of an OpenAPI document.

    An operation that falls on an endpoint is handled as that one is; where it stands
    for all that the endpoint takes, it comes in its place. Others are added.
    """
    own, patterns = (
        list(places),
        [paths.parse_pattern(e.path) for e in gateway.endpoints],
    )
    refined: dict[int, list[Place]] = {}
    for operation in operations:
        number = _taker(operation, patterns, gateway)
        refined.setdefault(number, []).append(
            operation if number < 0 else _refined(own[number], operation)
        )
    found = []
    for number, place in enumerate(own):
        if number not in refined or patterns[number].rest is not None:
            found.append(place)
        found += refined.get(number, ())
    return labelled([*found, *refined.get(-1, ())])


def _taker(
    operation: Place, patterns: Iterable[paths.Pattern], gateway: Gateway
) -> int:
    """Return the number of the endpoint that takes an operation's request, or -1."""
    segments = paths.comparable(operation.path.encode("latin-1")).split(b"/")
    for number, (pattern, endpoint) in enumerate(
        zip(patterns, gateway.endpoints, strict=True)
    ):
        takes = not endpoint.methods or operation.method in endpoint.methods
        if takes and pattern.matches(segments):
            return number
    return -1


def _refined(place: Place, operation: Place) -> Place:
    """Return a place with what an operation knows of its requests."""
    known = place if operation.body == USUAL and place.body else operation
    return replace(
        place,
        label=operation.label,
        path=operation.path,
        method=operation.method,
        query="&".join(filter(None, (operation.query, place.query))),
        headers=(*operation.headers, *_missing(place.headers, operation.headers)),
        content_type=known.content_type,
        body=known.body,
        origin=f"{operation.origin}, which is {place.origin}",
    )


def _missing(fields: Headers, present: Headers) -> Iterator[tuple[str, str]]:
    names = {name.lower() for name, _ in present}
    return (item for item in fields if item[0].lower() not in names)
