"""Guards: what stands between the calls of an upstream and its connections.

They are the upstream's, whichever endpoints call it, and outlive a reload. Calls that
run still count after it; that somewhere failed says nothing of somewhere else.
"""

from __future__ import annotations

from hxroute.http import Handler
from hxroute.ir import Upstream
from hxroute.kept import Kept
from hxroute.runtime.breaker import Breaker, breaking
from hxroute.slots import Slots, limited

__all__ = ["guarded"]


def guarded(
    call: Handler, upstream: Upstream, urls: tuple[str, ...], kept: Kept
) -> Handler:
    """Return a call behind the guards of its upstream: the circuit breaker outermost.

    Args:
        call: what they let through.
        upstream: as it is declared.
        urls: where it is.
        kept: what the gateway before this one has left.
    """
    if upstream.concurrency is not None:
        slots = kept.once((guarded, Slots, upstream.name), Slots)
        call = limited(call, upstream.concurrency, slots)
    if upstream.circuit_breaker is not None:
        breaker = kept.once((guarded, Breaker, upstream.name, urls), Breaker)
        call = breaking(call, upstream.circuit_breaker, breaker)
    return call
