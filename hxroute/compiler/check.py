"""Check: what holds between the endpoints of a gateway."""

from __future__ import annotations

from hxroute import paths
from hxroute.compiler.resolve import Program, Unit
from hxroute.compiler.source import Scalar
from hxroute.diagnostics import Report
from hxroute.ir import Endpoint, Gateway
from hxroute.span import Span

__all__ = ["check"]


def check(gateway: Gateway, program: Program, report: Report) -> None:
    """Report endpoints of one name, and endpoints that can never match."""
    placed = list(zip(gateway.endpoints, program.endpoints, strict=True))
    _check_names(placed, report)
    _check_reach(placed, report)


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


def _check_reach(placed: list[tuple[Endpoint, Unit]], report: Report) -> None:
    """Report an endpoint whose every request an earlier one of the same shape takes."""
    seen: dict[object, list[tuple[frozenset[str], Span]]] = {}
    for endpoint, unit in placed:
        path = unit.node.get("path")
        assert path is not None
        try:
            pattern = paths.parse_pattern(endpoint.path)
        except ValueError:
            continue  # lowering has reported it
        shape = (pattern.segments, pattern.rest is not None)
        methods = frozenset(endpoint.methods)
        for earlier, span in seen.setdefault(shape, []):
            if not earlier or (methods and methods <= earlier):
                related = ((span, "taken here"),)
                message = "this endpoint can never match: an earlier one takes it all"
                report.error("HX310", message, path.span, related=related)
                break
        seen[shape].append((methods, path.span))
