"""Everything that can go wrong with a request, as one tree.

    ProxyError
      BadRequest             400  the request does not fit the endpoint
        BadPath              400  the path is refused before anything matches
        InvalidJson          400  the body is not JSON
        NotAnObject          400  the body is JSON, but no object
      Unauthorized           401  the key is missing or wrong
      RateLimited            429  the client has had its share for now
      NotFound               404  no endpoint has this path
      MethodNotAllowed       405  endpoints have this path, none this method
      PayloadTooLarge        413  the body is over the endpoint's limit
      ClientGone             499  the client left; nobody reads an answer
      Internal               500  a defect of the gateway
      Unreachable            502  the upstream gave no answer that can be passed on
        ConnectFailed        502  no connection
        Disconnected         502  it hung up before it answered
        BadResponse          502  what it sent is not HTTP, or was cut short
      Overloaded             503  the gateway will not take more
        CircuitOpen          503  the upstream failed too often to be called now
      UpstreamTimeout        504  the upstream was too slow
        ConnectTimeout, PoolTimeout, ReadTimeout, TotalTimeout, WriteTimeout

`kind` is the name that the `errors:` section of a routes.yaml uses. `detail` is always
a text of ours: never upstream bytes, an address, the text of an exception or a secret.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

__all__ = [
    "KINDS",
    "OTHER",
    "UPSTREAM_STATUS",
    "BadPath",
    "BadRequest",
    "BadResponse",
    "CircuitOpen",
    "ClientGone",
    "ConnectFailed",
    "ConnectTimeout",
    "Disconnected",
    "HxrouteError",
    "Internal",
    "InvalidJson",
    "MethodNotAllowed",
    "NotAnObject",
    "NotFound",
    "Overloaded",
    "PayloadTooLarge",
    "PoolTimeout",
    "ProxyError",
    "RateLimited",
    "ReadTimeout",
    "StartError",
    "TotalTimeout",
    "Unauthorized",
    "Unreachable",
    "UpstreamTimeout",
    "WriteTimeout",
    "lineage",
]

Side = Literal["client", "gateway", "upstream"]
Stage = Literal["match", "authenticate", "body", "connect", "call", "pipeline"]

UPSTREAM_STATUS: Final = "upstream_status"
"""The kind of an upstream's own error status: an answer, not an exception."""


OTHER: Final = "other"
"""The key under which a mapping answers every kind that it does not name."""


class HxrouteError(Exception):
    """The root of what hxroute raises on purpose."""


class StartError(HxrouteError):
    """The gateway cannot start: a setting, the build or an address is wrong."""


class ProxyError(HxrouteError):
    """A request that gets an answer of the gateway's own.

    `fields` are header fields that the answer has, whatever the error table says of it.
    """

    kind: ClassVar[str]
    status: ClassVar[int] = 500
    stage: ClassVar[Stage] = "pipeline"
    side: ClassVar[Side] = "gateway"
    detail: str = ""

    def __init_subclass__(
        cls,
        *,
        kind: str,
        status: int | None = None,
        stage: Stage | None = None,
        side: Side | None = None,
    ) -> None:
        cls.kind = kind
        cls.status = status or cls.status
        cls.stage = stage or cls.stage
        cls.side = side or cls.side

    def __init__(
        self,
        detail: str | None = None,
        *,
        max_size: int | None = None,
        allow: tuple[str, ...] = (),
        fields: tuple[tuple[bytes, bytes], ...] = (),
        challenge: bytes = b"",
    ) -> None:
        if detail is not None:
            self.detail = detail
        self.max_size = max_size
        self.allow = allow
        self.fields = fields
        self.challenge = challenge
        super().__init__(self.detail)


class BadRequest(
    ProxyError, kind="bad_request", status=400, stage="pipeline", side="client"
):
    """The request does not fit the endpoint."""

    detail = "A value that this endpoint needs is missing from the request or unfit."


class BadPath(BadRequest, kind="bad_path", stage="match"):
    """The path is refused before anything matches."""

    detail = "The path is not allowed."


class InvalidJson(BadRequest, kind="invalid_json", stage="body"):
    """The body is not JSON."""

    detail = "not valid JSON"


class NotAnObject(BadRequest, kind="not_an_object", stage="body"):
    """The body is JSON, but no object."""

    detail = "The body must be a JSON object."


class Unauthorized(
    ProxyError, kind="unauthorized", status=401, stage="authenticate", side="client"
):
    """The key is missing or wrong."""

    detail = "A valid key is required."


class RateLimited(
    ProxyError, kind="rate_limited", status=429, stage="authenticate", side="client"
):
    """The client has had its share for now; `fields` say when there is more."""

    detail = "Too many requests."


class NotFound(ProxyError, kind="not_found", status=404, stage="match", side="client"):
    """No endpoint has this path."""

    detail = "Nothing is here."


class MethodNotAllowed(
    ProxyError, kind="method_not_allowed", status=405, stage="match", side="client"
):
    """Endpoints have this path, none this method; `allow` lists those they have."""

    detail = "The method is not allowed here."


class PayloadTooLarge(
    ProxyError, kind="payload_too_large", status=413, stage="body", side="client"
):
    """The body is over the endpoint's limit of `max_size` bytes."""

    detail = "The body is too large."


class ClientGone(
    ProxyError, kind="client_gone", status=499, stage="body", side="client"
):
    """The client left; nobody reads an answer."""

    detail = "The client closed the connection."


class Internal(ProxyError, kind="internal", status=500):
    """A defect of the gateway."""

    detail = "The gateway failed to handle the request."


class Unreachable(
    ProxyError, kind="unreachable", status=502, stage="call", side="upstream"
):
    """The upstream gave no answer that can be passed on."""

    detail = "The upstream gave no usable answer."


class ConnectFailed(Unreachable, kind="connect_failed", stage="connect"):
    """No connection to the upstream."""

    detail = "No connection to the upstream could be made."


class Disconnected(Unreachable, kind="disconnected"):
    """The upstream hung up before it answered."""

    detail = "The upstream closed the connection without an answer."


class BadResponse(Unreachable, kind="bad_response"):
    """What the upstream sent is not HTTP, or was cut short."""

    detail = "The upstream's answer was not valid HTTP or was cut short."


class Overloaded(ProxyError, kind="overloaded", status=503):
    """The gateway will not take more."""

    detail = "The gateway is overloaded."


class CircuitOpen(Overloaded, kind="circuit_open", stage="connect"):
    """The upstream failed too often to be called now."""

    detail = "The upstream failed too often; it is not called for a while."


class UpstreamTimeout(
    ProxyError, kind="timeout", status=504, stage="call", side="upstream"
):
    """The upstream was too slow."""

    detail = "The upstream did not answer in time."


class ConnectTimeout(UpstreamTimeout, kind="connect_timeout", stage="connect"):
    """The connection took too long."""


class PoolTimeout(UpstreamTimeout, kind="pool_timeout", stage="connect"):
    """No connection of the pool became free in time."""


class ReadTimeout(UpstreamTimeout, kind="read_timeout"):
    """The upstream sent nothing for too long."""


class TotalTimeout(UpstreamTimeout, kind="total_timeout"):
    """The call as a whole took too long."""


class WriteTimeout(UpstreamTimeout, kind="write_timeout"):
    """The upstream took nothing for too long."""


def _tree(root: type[ProxyError]) -> list[type[ProxyError]]:
    return [root, *(cls for child in root.__subclasses__() for cls in _tree(child))]


KINDS: Final = {cls.kind: cls for cls in _tree(ProxyError)[1:]}
"""Every kind that a request can end in, with its class."""


def lineage(kind: str) -> tuple[str, ...]:
    """Return the kind and its parents, nearest first: where an answer is looked up."""
    bases = (base for base in KINDS[kind].__mro__ if issubclass(base, ProxyError))
    return tuple(base.kind for base in bases if base is not ProxyError)
