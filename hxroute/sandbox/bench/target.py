"""Target: which endpoint is asked, and by what method and path."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute import paths
from hxroute.errors import BadPath, MethodNotAllowed, NotFound, StartError
from hxroute.http import Request
from hxroute.ir import STANDARD_METHODS, UNLISTED_METHODS, Endpoint, Gateway
from hxroute.nodes import Execute
from hxroute.runtime.routing import Router, bare_routes, takes
from hxroute.space import OutOfSteps, Space, claim_of

__all__ = ["Target", "Wish", "targets"]

_UNASKED: Final = frozenset({"HEAD", *UNLISTED_METHODS})
"""Methods that get no body, or no answer of an upstream."""

_METHODS: Final = tuple(dict.fromkeys(("POST", "GET", *STANDARD_METHODS)))
_SHOWN: Final = 10
"""How many names a message has room for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user says of the endpoint; None leaves it to the file.

    `path` is a request's, with its query, or that of an endpoint as the file has it.
    """

    endpoint: str | None = None
    path: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint that calls an upstream, with a method and a path that it takes."""

    endpoint: Endpoint
    call: Execute
    method: str
    target: str

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def targets(gateway: Gateway, wish: Wish, file: str) -> Iterator[Target]:
    """Yield what may be measured, in the order of the file; at least one.

    Raises:
        StartError: where nothing may, and why.
    """
    if wish.method in _UNASKED:
        raise StartError(f"{wish.method} is not measured; name another method")
    if wish.path is not None and not _is_pattern(gateway, wish.path):
        yield _at(gateway, wish.path, wish.method)
        return
    found = False
    for endpoint in _wanted(gateway, wish, file):
        for target in itertools.islice(_samples(gateway, endpoint, wish.method), 1):
            found = True
            yield target
    if not found:
        wanted = wish.method or "a method that can be measured"
        raise StartError(
            f"no endpoint of {file} that calls an upstream takes {wanted}; "
            "name a request with --path and --method"
        )


def _is_pattern(gateway: Gateway, path: str) -> bool:
    return "{" in path and any(_path(e) == path for e in gateway.endpoints)


def _path(endpoint: Endpoint) -> str:
    """Return an endpoint's path as a request line would hold it."""
    return paths.printable(endpoint.path.encode()).decode()


def _wanted(gateway: Gateway, wish: Wish, file: str) -> Iterable[Endpoint]:
    """Return the endpoints that a wish leaves; all of them call an upstream."""
    calling = [e for e in gateway.endpoints if isinstance(e.pipeline[-1], Execute)]
    if not calling:
        raise StartError(
            f"no endpoint of {file} calls an upstream; there is nothing to measure"
        )
    if wish.path is not None:
        named = [e for e in gateway.endpoints if _path(e) == wish.path]
    elif wish.endpoint is not None:
        named = [e for e in gateway.endpoints if wish.endpoint in (e.name, e.path)]
    else:
        return calling
    if not named:
        names = ", ".join(f"`{endpoint.name}`" for endpoint in calling[:_SHOWN])
        raise StartError(
            f"no endpoint is named `{wish.endpoint}`; upstreams are called by {names}"
        )
    for endpoint in named:
        _call(endpoint)
    return named


def _call(endpoint: Endpoint) -> Execute:
    last = endpoint.pipeline[-1]
    if not isinstance(last, Execute):
        raise StartError(
            f"line {endpoint.at}: {endpoint.path} answers by itself; "
            "name an endpoint that calls an upstream"
        )
    return last


def _samples(
    gateway: Gateway, endpoint: Endpoint, method: str | None
) -> Iterator[Target]:
    """Yield requests that an endpoint gets, and no earlier one."""
    place = next(n for n, e in enumerate(gateway.endpoints) if e is endpoint)
    claims = list(map(claim_of, gateway.endpoints))
    own = claims[place]
    methods = (method,) if method else dict.fromkeys((*_METHODS, *endpoint.methods))
    for name in methods:
        if own is None or not takes(endpoint, name) or name in _UNASKED:
            continue
        claims[place] = dataclasses.replace(own, methods=(name,))
        try:
            witness = Space(claims, gateway.paths).witness(place)
        except OutOfSteps:
            return
        if witness is not None:
            yield Target(endpoint, _call(endpoint), name, witness.path.decode())


def _at(gateway: Gateway, target: str, method: str | None) -> Target:
    """Return the target that a user names by its path."""
    path = target.partition("?")[0].encode()
    router = Router(bare_routes(gateway), gateway.paths)
    for name in (method,) if method else _METHODS:
        request = Request(name, path)
        try:
            router.match(request)
        except BadPath as exc:
            raise StartError(f"{target} is refused: {exc.detail}") from exc
        except NotFound as exc:
            raise StartError(f"no endpoint has the path {target}") from exc
        except MethodNotAllowed as exc:
            allowed = ", ".join(exc.allow)
            continue
        if name not in _UNASKED:
            assert isinstance(request.endpoint, Endpoint)
            return Target(request.endpoint, _call(request.endpoint), name, target)
    raise StartError(f"{target} takes {allowed} only; name one of these by --method")
