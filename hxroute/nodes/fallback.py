"""Fallback: where a call fails, another one is made in its place.

Stands right before the execution node, and holds others like it: each makes its own
request of the client's, with its own header rules, so that no credential follows a
request to another upstream unless the file says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hxroute.errors import Internal, ProxyError
from hxroute.failures import Failures, is_unsent
from hxroute.http import Handler, Request, Response, Start
from hxroute.ir import Node
from hxroute.resilience import FALLS_BACK_ON

__all__ = ["Fallback", "with_calls"]


@dataclass(frozen=True, slots=True)
class Fallback:
    """Make the next of `calls` where the one before it failed in a way of `when`.

    `when` are kinds of errors, and upstream statuses such as `503` and `5xx`. A request
    whose body is not at hand goes on only where nothing of it was sent.
    """

    calls: tuple[Node, ...]
    when: tuple[str, ...] = FALLS_BACK_ON
    at: int = field(default=0, compare=False)

    def raises(self) -> tuple[type[ProxyError], ...]:
        """Return the errors that this node can end a request in."""
        return tuple(
            dict.fromkeys(error for call in self.calls for error in call.raises())
        )

    def wrap(self, next: Handler, start: Start) -> Handler:
        """Prepare every call."""
        failures = Failures(self.when)
        others = [call.wrap(_nothing_after, start) for call in self.calls]

        async def fallback(request: Request) -> Response:
            call = next
            for other in others:
                try:
                    response = await call(request)
                except ProxyError as exc:
                    if not failures.has(exc) or not (
                        is_unsent(exc) or _at_hand(request)
                    ):
                        raise
                else:
                    if (
                        response.upstream_status not in failures.statuses
                        or not _at_hand(request)
                    ):
                        return response
                    await response.close()
                call = other
            return await call(request)

        return fallback


def with_calls(pipeline: Iterable[Node]) -> Iterator[Node]:
    """Yield the nodes of a pipeline, and in the place of a fallback its calls."""
    for node in pipeline:
        yield from node.calls if isinstance(node, Fallback) else (node,)


def _at_hand(request: Request) -> bool:
    """Tell whether a request's body can be sent again."""
    return isinstance(request.body, bytes)


async def _nothing_after(request: Request) -> Response:
    """Stand behind an execution node, which nothing comes after."""
    raise Internal
