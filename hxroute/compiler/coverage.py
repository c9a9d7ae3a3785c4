"""Coverage: every kind of error that can happen has an answer of its mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hxroute.compiler.resolve import Program
from hxroute.diagnostics import Report
from hxroute.errors import OTHER, TotalTimeout, lineage
from hxroute.ir import Gateway, Node, Upstream
from hxroute.nodes import UNMATCHED, Execute, MapErrors
from hxroute.nodes.fallback import with_calls

__all__ = ["check_coverage"]


def check_coverage(gateway: Gateway, program: Program, report: Report) -> None:
    """Warn of mappings in use that leave kinds to the built-in problem details."""
    raised = defaultdict[str, set[str]](set)
    raised[_mapping(gateway.unmatched)].update(error.kind for error in UNMATCHED)
    upstreams = {upstream.name: upstream for upstream in gateway.upstreams}
    for pipeline in (gateway.unmatched, *(item.pipeline for item in gateway.endpoints)):
        raised[_mapping(pipeline)].update(_kinds(pipeline, upstreams))
    for name, entry in program.tables["errors"].items():
        answered = {str(key.value) for key, _ in entry.node.items}
        if OTHER in answered or name not in raised:
            continue
        open_kinds = {k for k in raised[name] if not answered.intersection(lineage(k))}
        if open_kinds:
            named = ", ".join(f"`{k}`" for k in _parents(open_kinds, raised[name]))
            message = f"error mapping `{name}` has no answer for {named}"
            help_text = (
                "add them, or `other:` for all that are left; "
                "until then they answer as problem details (RFC 9457)"
            )
            report.add("HX317", message, entry.key.span, help=help_text)


def _mapping(pipeline: tuple[Node, ...]) -> str:
    found = (node.table.name for node in pipeline if isinstance(node, MapErrors))
    return next(found, "")


def _kinds(pipeline: tuple[Node, ...], upstreams: dict[str, Upstream]) -> Iterator[str]:
    """Yield the kinds of a pipeline; a call takes too long only where `total` is stated.

    Args:
        pipeline: of an endpoint, or of what no endpoint takes.
        upstreams: by their names.
    """
    for node in with_calls(pipeline):
        kinds = {error.kind for error in node.raises()}
        upstream = upstreams.get(node.upstream) if isinstance(node, Execute) else None
        if isinstance(node, Execute) and upstream is not None:
            kinds.update(error.kind for error in upstream.raises())
            if (node.timeout or upstream.timeout).total is None:
                kinds.discard(TotalTimeout.kind)
        yield from kinds


def _parents(kinds: set[str], raised: set[str]) -> list[str]:
    """Name a parent for its kinds where all of them are open."""

    def shown(kind: str) -> str:
        parent = lineage(kind)[-1]
        family = {other for other in raised if parent in lineage(other)}
        return parent if family <= kinds else kind

    return sorted({shown(kind) for kind in kinds})
