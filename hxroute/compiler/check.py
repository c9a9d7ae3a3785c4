"""Check: what holds between the endpoints of a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hxroute import paths
from hxroute.compiler.resolve import Program, Unit
from hxroute.compiler.source import Scalar
from hxroute.diagnostics import Report
from hxroute.errors import BadPath
from hxroute.ir import Endpoint, Gateway
from hxroute.span import Span

__all__ = ["check"]

_ONLY_WHEN_LISTED: Final = frozenset({"CONNECT", "TRACE"})


def check(gateway: Gateway, program: Program, report: Report) -> None:
    """Report endpoints of one name, and endpoints that can never match."""
    placed = list(zip(gateway.endpoints, program.endpoints, strict=True))
    _check_names(placed, report)
    _check_reach(placed, gateway.paths, report)


def _check_names(placed: list[tuple[Endpoint, Unit]], report: Report) -> None:
    taken: dict[str, Span] = {}
    for endpoint, unit in placed:
        name = unit.node.get("name")
        if not isinstance(name, Scalar):
            continue
        if endpoint.name in taken:
            related = ((taken[endpoint.name], "first given here"),)
            message = f"the endpoint name `{endpoint.name}` is taken"
            report.error("HX205", message, name.span, related=related)
        taken.setdefault(endpoint.name, name.span)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An endpoint that comes before others."""

    pattern: paths.Pattern
    methods: frozenset[str]
    span: Span


@dataclass(slots=True)
class _Index:
    """Earlier endpoints, by what every path that they match starts with."""

    by_first: dict[bytes | None, list[_Earlier]] = field(default_factory=dict)

    def add(self, earlier: _Earlier) -> None:
        """Add an endpoint."""
        first = _first(earlier.pattern)
        self.by_first.setdefault(first, []).append(earlier)

    def covering(self, pattern: paths.Pattern) -> Iterator[_Earlier]:
        """Yield the endpoints that match every path of a pattern."""
        for first in dict.fromkeys((_first(pattern), None)):
            for earlier in self.by_first.get(first, ()):
                if earlier.pattern.covers(pattern):
                    yield earlier


def _first(pattern: paths.Pattern) -> bytes | None:
    return pattern.segments[1] if len(pattern.segments) > 1 else None


def _check_reach(
    placed: list[tuple[Endpoint, Unit]], policy: paths.Policy, report: Report
) -> None:
    """Report endpoints whose every request is refused, or taken by earlier ones."""
    index = _Index()
    for endpoint, unit in placed:
        path = unit.node.get("path")
        assert path is not None
        try:
            pattern = paths.parse_pattern(endpoint.path)
        except ValueError:
            continue  # lowering has reported it
        try:
            paths.check(pattern.sample, policy)
        except BadPath as exc:
            message = f"this endpoint can never match: {exc.detail}"
            report.error("HX310", message, path.span)
            continue
        methods = frozenset(endpoint.methods)
        covering = list(index.covering(pattern))
        if _takes_all(covering, methods):
            related = tuple((earlier.span, "taken here") for earlier in covering)
            message = "this endpoint can never match: an earlier one takes it all"
            report.error("HX310", message, path.span, related=related)
        index.add(_Earlier(pattern, methods, path.span))


def _takes_all(covering: list[_Earlier], methods: frozenset[str]) -> bool:
    """Tell whether earlier endpoints take every one of the methods (none: all)."""
    open_to_all = any(not earlier.methods for earlier in covering)
    if not methods:
        return open_to_all
    listed = {method for earlier in covering for method in earlier.methods}
    left = methods - listed
    return not left or (open_to_all and not left & _ONLY_WHEN_LISTED)
