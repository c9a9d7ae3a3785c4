"""Guards: what stands between the calls of an upstream and its connections.

They are the upstream's, whichever endpoints call it, and outlive a reload.
"""

from __future__ import annotations

from hxroute.http import Handler
from hxroute.ir import Upstream
from hxroute.kept import Kept
from hxroute.runtime.breaker import Breaker, breaking
from hxroute.slots import Slots, limited

__all__ = ["guarded"]


def guarded(call: Handler, upstream: Upstream, kept: Kept) -> Handler:
    """Return a call behind the guards of its upstream: the circuit breaker outermost."""
    if upstream.concurrency is not None:
        slots = kept.once((guarded, Slots, upstream.name), Slots)
        call = limited(call, upstream.concurrency, slots)
    if upstream.circuit_breaker is not None:
        breaker = kept.once((guarded, Breaker, upstream.name), Breaker)
        call = breaking(call, upstream.circuit_breaker, breaker)
    return call
