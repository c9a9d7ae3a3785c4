"""The target `rename`: any body is renamed as its values say, or refused by name."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from hxroute.errors import Internal, InvalidJson, NotAnObject, ProxyError
from hxroute.http import Handler, Request, Response, Start, Timeout
from hxroute.nodes import RenameJson
from hxroute.resilience import Retry
from tests.fuzz.running import finished, pieces

__all__ = ["rename"]

_Table = tuple[tuple[str, str], ...]

_TABLES: Final[tuple[_Table, ...]] = (
    (("prompt", "input"),),
    (("a", "b"), ("b", "c"), ("c", "a")),
    (("", "é"), ("\u2028", ""), ("input", '"\\')),
)
_DETAIL: Final = re.compile(
    r"(?:not valid JSON|not (?:UTF-8|UTF-16|UTF-32) text) at line (\d+) column (\d+)"
)
_DEEP: Final = 300
"""Brackets from which Python may find a body nested too deeply."""

_LONG: Final = 4300
"""Digits that Python neither reads nor writes."""


def _unreachable(name: str, timeout: Timeout | None, retry: Retry | None) -> Handler:
    raise Internal


async def _echo(request: Request) -> Response:
    assert isinstance(request.body, bytes)
    assert request.length == len(request.body)
    return Response(200, [], request.body)


_START: Final = Start({}, _unreachable)
_NODES: Final = [(t, RenameJson(t).wrap(_echo, _START)) for t in _TABLES]


def rename(data: bytes) -> None:
    """Rename the members of any body, whole and in pieces."""
    expected = _read(data)
    for place, (table, node) in enumerate(_NODES):
        body = pieces(data) if place else data
        request = Request("POST", b"/", body=body, length=len(data))
        try:
            response = finished(node(request))
        except (InvalidJson, NotAnObject) as exc:
            _is_deserved(exc, data, expected)
            continue
        assert isinstance(expected, dict), "a body that is no object has passed"
        assert isinstance(response.body, bytes)
        _is_renamed(data, response.body, expected, table)
        assert _shown(request.json) == _shown(_renamed(expected, table)[0])


def _read(data: bytes) -> object:
    """Read a body as Python's json does; what it refuses is returned as an error."""
    try:
        return json.loads(data) if data else {}
    except (ValueError, RecursionError) as exc:
        return exc


def _is_deserved(exc: ProxyError, data: bytes, expected: object) -> None:
    if isinstance(exc, NotAnObject):
        assert not isinstance(expected, dict | Exception)
    elif exc.detail == "nested too deeply":
        assert _brackets(data) > _DEEP
    elif exc.detail == "number too long":
        assert len(data) > _LONG
    else:
        found = _DETAIL.fullmatch(exc.detail)
        assert found is not None, exc.detail
        assert isinstance(expected, ValueError)
        line, column = map(int, found.groups())
        assert 1 <= line <= 1 + data.count(b"\n")
        assert 1 <= column <= 1 + len(data)


def _brackets(data: bytes) -> int:
    return data.count(b"[") + data.count(b"{")


def _is_renamed(
    data: bytes, body: bytes, expected: dict[str, Any], table: _Table
) -> None:
    wanted, times = _renamed(expected, table)
    if not times:
        assert body == data, "what needs no change goes on byte for byte"
        return
    assert _shown(json.loads(body)) == _shown(wanted)
    assert body == _compact(wanted)


def _compact(document: object) -> bytes:
    """Write an object as it must be: in UTF-8, or in escapes where that is no text."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":")).encode()


def _renamed(document: dict[str, Any], table: _Table) -> tuple[dict[str, Any], int]:
    """Return an object with its members renamed, and how many times one was."""
    members = list(document.items())
    times = 0
    for old, new in table:
        names = [name for name, _ in members]
        if old in names and new not in names:
            members.append((new, members.pop(names.index(old))[1]))
            times += 1
    return dict(members), times


def _shown(value: object) -> str:
    """Return a form in which values are equal that json tells apart by nothing."""
    return json.dumps(value)
