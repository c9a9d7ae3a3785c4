"""The targets `path` and `router`: paths against a slower reading of the same rules."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from hxroute import paths
from hxroute.errors import BadPath, Internal, MethodNotAllowed, NotFound
from hxroute.http import Request, Response
from hxroute.ir import STANDARD_METHODS, Endpoint
from hxroute.runtime.routing import Route, Router

__all__ = ["path", "router"]

_POLICIES: Final[tuple[paths.Policy, ...]] = ("strict", "as_sent")
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_PRINTED: Final = frozenset(range(0x21, 0x7F))
_UNRESERVED: Final = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
)
_METHOD: Final = re.compile(r"[A-Z]+")
_MAX_ENDPOINTS: Final = 12

_Unit = tuple[bytes, bool]
"""A byte of a path, decoded once, and whether it was written as an escape."""

_Answer = Endpoint | str | tuple[str, ...]
"""The endpoint that takes a request, why none does, or the methods allowed."""


def path(data: bytes) -> None:
    """Check any bytes as a path, and compare it."""
    _is_checked(data)
    shown = paths.printable(data)
    assert _PRINTED.issuperset(shown)
    assert paths.printable(shown) == shown
    assert unquote_to_bytes(shown) == unquote_to_bytes(data)
    _is_checked(shown)
    form = paths.comparable(data)
    assert form == _compared(data)
    assert form.split(b"/") == [paths.comparable(part) for part in data.split(b"/")]
    if not _has_bad_escape(data):
        assert paths.comparable(form) == form
        assert unquote_to_bytes(form) == unquote_to_bytes(data)


def _is_checked(data: bytes) -> None:
    accepted = [policy for policy in _POLICIES if _accepts(data, policy)]
    assert accepted == [policy for policy in _POLICIES if _accepted(data, policy)]
    if not accepted:
        return
    assert not _has_dots(unquote_to_bytes(data))
    assert b"\0" not in unquote_to_bytes(data)
    assert paths.comparable(data).startswith(b"/")
    if "strict" in accepted:
        decoded = unquote_to_bytes(data)
        assert decoded.count(b"/") == data.count(b"/"), "no segment is hidden"
        assert not re.search(rb"[\\\x00-\x1f\x7f]", decoded)
        assert _accepts(paths.comparable(data), "strict")


def _accepts(data: bytes, policy: paths.Policy) -> bool:
    try:
        paths.check(data, policy)
    except BadPath:
        return False
    return True


def _accepted(data: bytes, policy: paths.Policy) -> bool:
    """Tell what `check` must say, byte after byte."""
    if data[:1] != b"/":
        return False
    units = _units(data)
    if _has_dots(b"".join(byte for byte, _ in units)):
        return False
    if any(byte == b"\0" for byte, _ in units):
        return False
    return policy == "as_sent" or not (
        data.startswith(b"//")
        or _has_bad_escape(data)
        or any(_is_doubtful(unit) for unit in units)
    )


def _is_doubtful(unit: _Unit) -> bool:
    byte, coded = unit
    is_control = byte < b" " or byte == b"\x7f"
    return is_control or byte == b"\\" or byte == (b"/" if coded else b" ")


def _units(data: bytes) -> list[_Unit]:
    found: list[_Unit] = []
    at = 0
    while at < len(data):
        if _is_escape(data, at):
            found.append((bytes((int(data[at + 1 : at + 3], 16),)), True))
            at += 3
        else:
            found.append((data[at : at + 1], False))
            at += 1
    return found


def _is_escape(data: bytes, at: int) -> bool:
    digits = data[at + 1 : at + 3]
    return data[at] == 0x25 and len(digits) == 2 and _HEX.issuperset(digits)


def _has_bad_escape(data: bytes) -> bool:
    return any(
        byte == 0x25 and not _is_escape(data, at) for at, byte in enumerate(data)
    )


def _has_dots(decoded: bytes) -> bool:
    return not {b".", b".."}.isdisjoint(decoded.replace(b"\\", b"/").split(b"/"))


def _compared(data: bytes) -> bytes:
    return b"".join(
        byte if not coded or byte[0] in _UNRESERVED else b"%%%02X" % byte[0]
        for byte, coded in _units(data)
    )


async def _nobody(request: Request) -> Response:
    raise Internal


def router(data: bytes) -> None:
    """Route a request (the first line) by endpoints (the others), and by brute force."""
    first, *lines = data.split(b"\n")[: 1 + _MAX_ENDPOINTS]
    method, _, target = first.partition(b" ")
    asked = method.decode("latin-1")
    routes = [
        route for place, line in enumerate(lines) if (route := _route(place, line))
    ]
    for policy in _POLICIES:
        request = Request(asked, paths.printable(target))
        expected = _expected(asked, request.path, routes, policy)
        assert _found(Router(routes, policy), request) == expected
        if request.endpoint is not None:
            _are_parameters(request)


def _found(router: Router, request: Request) -> _Answer:
    try:
        router.match(request)
    except BadPath:
        return "bad path"
    except NotFound:
        return "not found"
    except MethodNotAllowed as exc:
        return exc.allow
    assert isinstance(request.endpoint, Endpoint)
    return request.endpoint


def _route(place: int, line: bytes) -> Route | None:
    methods, _, written = line.decode("utf-8", "replace").partition(" ")
    try:
        pattern = paths.parse_pattern(written)
    except ValueError:
        return None
    assert pattern.matches(pattern.sample.split(b"/"))
    assert pattern.sample.startswith(pattern.prefix)
    assert pattern.literal in (None, pattern.sample)
    endpoint = Endpoint(written, (), tuple(_METHOD.findall(methods)), name=str(place))
    return Route(place, endpoint, pattern, _nobody)


def _expected(
    method: str, path: bytes, routes: list[Route], policy: paths.Policy
) -> _Answer:
    """Tell what `match` must find, trying every endpoint in file order."""
    if not path.startswith(b"/"):
        return "not found"
    if not _accepted(path, policy):
        return "bad path"
    fitting = [r for r in routes if _matches(r.endpoint.path, _compared(path))]
    for route in fitting:
        methods = route.endpoint.methods
        if method in methods or (not methods and method not in ("CONNECT", "TRACE")):
            return route.endpoint
    allowed = {m for r in fitting for m in r.endpoint.methods or STANDARD_METHODS}
    return tuple(sorted(allowed)) if fitting else "not found"


def _matches(written: str, path: bytes) -> bool:
    parts = []
    for part in written.split("/"):
        if "{" not in part:
            parts.append(re.escape(_compared(paths.printable(part.encode()))))
        else:
            parts.append(rb"[\s\S]*" if part.endswith(":path}") else rb"[^/]+")
    return re.fullmatch(b"/".join(parts), path) is not None


def _are_parameters(request: Request) -> None:
    """Assert that each parameter is what stands in its place."""
    assert isinstance(request.endpoint, Endpoint)
    written = request.endpoint.path
    parts = request.path.split(b"/", written.count("/"))
    names = written.split("/")
    found = {
        name.strip("{}").removesuffix(":path"): part
        for name, part in zip(names, parts, strict=True)
        if name.startswith("{")
    }
    assert request.params == found
