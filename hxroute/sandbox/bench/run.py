"""The whole of it: from a compiled file and a wish to a result."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.runtime import settings
from hxroute.sandbox.bench.aim import aimed, made_up
from hxroute.sandbox.bench.client import NONE
from hxroute.sandbox.bench.figures import OK, spread
from hxroute.sandbox.bench.request import Own, written
from hxroute.sandbox.bench.rounds import Bench, Options
from hxroute.sandbox.bench.shown import Result
from hxroute.sandbox.bench.target import Target, Wish, targets

__all__ = ["bench"]

_TRIED: Final = 50
"""How many endpoints are tried, where the user names none."""


def bench(
    gateway: Gateway,
    wish: Wish,
    own: Own,
    options: Options,
    *,
    file: str,
    command: Sequence[str],
    environ: Mapping[str, str],
) -> Result:
    """Measure a gateway.

    Args:
        gateway: the file's own.
        wish: which endpoint.
        own: what the user says of the request.
        options: how long, how often, on how many connections.
        file: what the file is called.
        command: what runs `hxroute` in a tethered process.
        environ: where settings come from.

    Raises:
        StartError: where it cannot be measured, and why.
    """
    found = itertools.islice(targets(gateway, wish, file), _TRIED)
    first = next(found)  # says what is wrong with the wish before anything starts
    filled, missing = made_up(gateway, environ)
    values = settings.resolve(filled.settings, environ)
    with Bench.ready(command, environ) as on:
        on.write(aimed(filled, on.url))
        requests = (
            (t, written(t, own, values)) for t in itertools.chain([first], found)
        )
        target, request, refused = _answered(on, requests)
        rounds = [on.round(request, options) for _ in range(options.rounds)]
        return Result(
            file, target, options, spread(rounds), on.counts, missing, refused
        )


def _answered(
    on: Bench, requests: Iterable[tuple[Target, bytes]]
) -> tuple[Target, bytes, tuple[str, ...]]:
    """Return the first request that gets the upstream's answer, and why those before don't.

    Raises:
        StartError: where none does, and why the first one does not.
    """
    refused: list[str] = []
    with on.gateway() as (_, client):
        for target, request in requests:
            status = on.attempt(client, request).status
            if status == OK:
                return target, request, tuple(refused)
            refused.append(_refusal(target, status))
    raise StartError(f"{refused[0]}; give it what it needs with -H and -d")


def _refusal(target: Target, status: int) -> str:
    line = f"{target} (line {target.endpoint.at})"
    if status == NONE:
        return f"{line} gets no answer"
    return f"{line} is answered with {status}, not with the upstream's 200"
