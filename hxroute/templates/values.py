"""The values that one request gives its templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from hxroute import jsontext
from hxroute.http import UNPARSED, Request

__all__ = ["PathParameter", "Settings", "Sparse", "Values", "values"]

Values = Mapping[str, Any]


class Settings(dict[str, Any]):
    """The values of settings, and what templates have become under them.

    Endpoints have many templates in common; what is kept here goes with the values.
    """

    __slots__ = ("prepared",)

    def __init__(self, values: Values) -> None:
        super().__init__(values)
        self.prepared: dict[tuple[object, str], Any] = {}


class Sparse(dict[str, Any]):
    """A mapping in which an absent key is `none`, as for headers and query values."""

    def __missing__(self, key: object) -> None:
        return None


class PathParameter(str):
    """A decoded path parameter that knows its raw bytes."""

    __slots__ = ("raw",)
    raw: bytes

    @classmethod
    def of(cls, raw: bytes) -> PathParameter:
        """Decode a parameter's bytes on the wire."""
        parameter = cls(_text(unquote_to_bytes(raw)))
        parameter.raw = raw
        return parameter


class Fields(Sparse):
    """Header values by name, in any case (RFC 9110 §5.1)."""

    def __missing__(self, key: object) -> Any:
        return self.get(key.lower()) if isinstance(key, str) else None


def values(request: Request, roots: frozenset[str]) -> Values:
    """Return what the templates that read those variables may see.

    Text is UTF-8 in which other bytes survive as surrogates. Of repeated headers and
    query parameters the first counts.
    """
    return {root: _READERS[root](request) for root in roots if root in _READERS}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _headers(request: Request) -> Fields:
    return Fields((_text(name), _text(value)) for name, value in request.headers[::-1])


def _query(request: Request) -> Sparse:
    pairs = parse_qsl(
        _text(request.query), keep_blank_values=True, errors="surrogateescape"
    )
    return Sparse(reversed(pairs))


def _path(request: Request) -> dict[str, PathParameter]:
    return {name: PathParameter.of(raw) for name, raw in request.params.items()}


def _body(request: Request) -> object:
    if request.json is UNPARSED:
        data = request.body if isinstance(request.body, bytes) else b""
        request.json = jsontext.decode(data) if data else {}
    return request.json


def _client(request: Request) -> dict[str, str]:
    return {"host": request.client}


_READERS = {
    "body": _body,
    "client": _client,
    "headers": _headers,
    "path": _path,
    "query": _query,
}
