"""Places of an OpenAPI document, 3.0 or 3.1: its operations, with a request for each.

Whatever in the document is not as it should be is passed over with a note. Nothing is
read but the document.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit

from hxroute.compiler import source
from hxroute.compiler.tree import plain
from hxroute.diagnostics import Report
from hxroute.errors import StartError
from hxroute.proof.cases.bodies import encoded
from hxroute.proof.cases.places import (
    JSON,
    UNKNOWN,
    USUAL,
    WITH_BODY,
    Place,
    labelled,
    slug,
    wire,
)
from hxroute.proof.cases.samples import Samples, mapping, printable, sequence, text
from hxroute.proof.messages import Headers
from hxroute.rules import FIELD_NAME, FIELD_VALUE_REFUSED

__all__ = ["Described", "described", "read"]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_NOT_PARAMETERS: Final = frozenset({"accept", "authorization", "content-type"})
"""Header parameters that a document cannot describe (OpenAPI 3.1 section 4.8.12.2)."""

_LIKED: Final = (
    r"application/json\b.*",
    r"application/.*\+json\b.*",
    r"application/x-www-form-urlencoded\b.*",
    r"multipart/form-data\b.*",
    r"text/.*",
    r"[\w.+-]+/[\w.+-]+",
)
"""Content types of a body, the one that is tried first."""

_Auth = Literal["none", "bearer"]


@dataclass(frozen=True, slots=True)
class Described:
    """The places of a document, and what of it was passed over."""

    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()


def read(data: bytes, name: str) -> Mapping[str, Any]:
    """Read a document, JSON or YAML.

    Args:
        data: its bytes.
        name: of its file, for the error.

    Raises:
        StartError: where it is neither, or no mapping.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = _yaml(data, name)
    if not isinstance(document, dict):
        raise StartError(f"{name}: an OpenAPI document is a mapping")
    return document


def _yaml(data: bytes, name: str) -> object:
    report = Report(name)
    found = source.read(data, report)
    if found is None or report.failed:
        first = report.diagnostics[0]
        raise StartError(f"{name}:{first.span.line}: {first.message}")
    return plain(found)


def described(document: Mapping[str, Any], name: str, key: str = "") -> Described:
    """Return the places of a document.

    Args:
        document: as `read` returns it.
        name: of its file.
        key: what opens the operations that want one. It is shown to those, too, of
            which the document says nothing: many gateways look for it by themselves.

    Raises:
        StartError: where it is no OpenAPI 3 document.
    """
    version = text(document.get("openapi"))
    if not version.startswith("3."):
        what = "Swagger 2.0" if "swagger" in document else "no OpenAPI 3 document"
        raise StartError(f"{name} is {what}; give one that begins with `openapi: 3.…`")
    if not isinstance(document.get("paths"), dict):
        raise StartError(f"{name} has no `paths`, so there is nothing to ask for")
    reader = _Reader(document, name, wire(key))
    places = labelled(reader.places())
    return Described(places, tuple(reader.samples.notes))


class _Reader:
    """Goes through a document."""

    def __init__(self, document: Mapping[str, Any], name: str, key: str) -> None:
        self._document = document
        self._name = name
        self._key = key
        self.samples = Samples(document)
        self._base = self._server()
        self._schemes = mapping(
            mapping(document.get("components")).get("securitySchemes")
        )

    def places(self) -> Iterator[Place]:
        """Yield a place for each operation, in the order of the document."""
        for path, found in self._document["paths"].items():
            item = self.samples.follow(found)
            if not str(path).startswith("/") or not item:
                self.samples.note(f"path {path} is passed over: it describes nothing")
                continue
            for method in _METHODS:
                if method in item:
                    yield from self._operation(str(path), method, item)

    def _operation(
        self, path: str, method: str, item: Mapping[str, Any]
    ) -> Iterator[Place]:
        operation, where = item[method], printable(f"{method.upper()} {path}")
        if not isinstance(operation, dict):
            self.samples.note(f"{where} is passed over: it is no mapping")
            return
        parameters = self._parameters(item, operation, where)
        content_type, body = self._body(operation)
        if not body and method.upper() in WITH_BODY:  # a proxy that reads it by itself
            content_type, body = JSON, USUAL
        yield Place(
            slug(f"{method} {self._base}{path}"),
            self._base + self._path(path, parameters),
            method.upper(),
            (method.upper(),),
            auth := self._auth(operation, where),
            self._key if auth == "bearer" else "",
            query=_query(parameters),
            headers=self._headers(parameters),
            content_type=content_type,
            body=body,
            upstream=UNKNOWN,
            kin=f"{self._name} {auth}",
            origin=f"{self._name}: {where}",
        )

    def _parameters(
        self, item: Mapping[str, Any], operation: Mapping[str, Any], where: str
    ) -> list[tuple[str, str, str]]:
        """Return the place, name and value of the parameters that have to be there."""
        found: dict[tuple[str, str], str] = {}
        listed = (
            *sequence(item.get("parameters")),
            *sequence(operation.get("parameters")),
        )
        for one in map(self.samples.follow, listed):
            place, name = text(one.get("in")), text(one.get("name"))
            if not place or not name:
                self.samples.note(f"{where}: a parameter without a name or place")
            elif place == "path" or one.get("required") is True:
                found[place, name] = _shown(self._example(one)) or name
        return [(place, name, value) for (place, name), value in found.items()]

    def _example(self, part: Mapping[str, Any]) -> Any:
        """Return the example of a parameter or of a content."""
        if "example" in part:
            return part["example"]
        for named in mapping(part.get("examples")).values():
            example = self.samples.follow(named)
            if "value" in example:
                return example["value"]
        content = next(iter(mapping(part.get("content")).values()), None)
        if "schema" not in part and isinstance(content, dict):
            return self.samples.value(content.get("schema"))
        return self.samples.value(part.get("schema"))

    def _path(self, path: str, parameters: Iterable[tuple[str, str, str]]) -> str:
        values = {name: value for place, name, value in parameters if place == "path"}
        pieces = re.split(r"\{([^{}]*)\}", path)
        shown = [
            quote(values.get(piece) or _name(piece), safe="", errors="replace")
            if number % 2
            else quote(piece, safe="/:@!$&'()*+,;=~%", errors="replace")
            for number, piece in enumerate(pieces)
        ]
        return "".join(shown)

    def _headers(self, parameters: Iterable[tuple[str, str, str]]) -> Headers:
        named = [
            (name, wire(value))
            for place, name, value in parameters
            if place == "header"
        ]
        return tuple(
            (name, value)
            for name, value in named
            if name.lower() not in _NOT_PARAMETERS
            and FIELD_NAME.fullmatch(wire(name).encode("latin-1"))
            and not FIELD_VALUE_REFUSED.search(value.encode("latin-1"))
        )

    def _body(self, operation: Mapping[str, Any]) -> tuple[str, str]:
        """Return the content type and the body of a request, or nothing."""
        body = self.samples.follow(operation.get("requestBody"))
        content = mapping(body.get("content"))
        for liked in _LIKED:
            for kind in content:
                if re.fullmatch(liked, str(kind), re.ASCII):
                    value = self._example(self.samples.follow(content[kind]))
                    return encoded(str(kind), value)
        return "", ""

    def _auth(self, operation: Mapping[str, Any], where: str) -> _Auth:
        """Tell what opens an operation: a bearer key, or nothing."""
        stated = operation.get("security", self._document.get("security"))
        if stated is None:
            return "bearer" if self._key else "none"
        wanted = [mapping(item) for item in sequence(stated)]
        if not wanted or {} in wanted:
            return "none"
        named = [name for item in wanted for name in item]
        if any(self._is_bearer(name) for name in named):
            return "bearer"
        self.samples.note(f"{where}: {', '.join(named)} is no bearer key and not tried")
        return "none"

    def _is_bearer(self, name: str) -> bool:
        scheme = self.samples.follow(self._schemes.get(name))
        kind = text(scheme.get("type")).lower()
        if kind == "http":
            return text(scheme.get("scheme")).lower() == "bearer"
        return kind in ("oauth2", "openidconnect")

    def _server(self) -> str:
        """Return the path of the first server, which all paths begin with."""
        first = mapping(next(iter(sequence(self._document.get("servers"))), None))
        url = text(first.get("url"))
        for name, variable in mapping(first.get("variables")).items():
            url = url.replace(f"{{{name}}}", str(mapping(variable).get("default", "")))
        try:
            path = urlsplit(url).path.rstrip("/")
        except ValueError:
            path = ""
        if path and not re.fullmatch(r"(?:/[\w.~-]+)+", path, re.ASCII):
            self.samples.note(f"the path of server {url} is passed over")
            return ""
        return path


def _name(parameter: str) -> str:
    """Return what is between braces, without the convertor that some write there."""
    return parameter.partition(":")[0] or "x"


def _query(parameters: Iterable[tuple[str, str, str]]) -> str:
    pairs = [(name, value) for place, name, value in parameters if place == "query"]
    return urlencode(pairs, errors="replace")


def _shown(value: object) -> str:
    """Return a parameter's value as it goes into a path, a query or a field."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and math.isfinite(value):
        return format(value, "g") if isinstance(value, float) else str(value)
    if isinstance(value, list):
        return ",".join(filter(None, map(_shown, value)))
    return text(value)
