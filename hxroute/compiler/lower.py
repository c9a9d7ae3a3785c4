"""Lower: endpoints to pipelines, nodes in the order of `NODES`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from hxroute import nodes, paths, templates, units
from hxroute.compiler import expressions
from hxroute.compiler.answers import answer
from hxroute.compiler.auth import check_auth
from hxroute.compiler.cors import cors
from hxroute.compiler.definitions import Definitions, timeout
from hxroute.compiler.events import stream_error
from hxroute.compiler.expressions import Place
from hxroute.compiler.fields import pairs
from hxroute.compiler.guards import concurrency
from hxroute.compiler.limits import limits
from hxroute.compiler.rates import RateLimits
from hxroute.compiler.resilience import failures, retry
from hxroute.compiler.resolve import ENDS, Program, Unit
from hxroute.compiler.server import max_memory, server
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.ir import Endpoint, ErrorTable, Gateway, HeaderRules
from hxroute.ir import Node as PipelineNode

__all__ = ["lower"]

_T = TypeVar("_T")


def lower(program: Program, report: Report) -> Gateway:
    """Make the gateway; where the report holds errors it is not to be used."""
    definitions = Definitions(program, report)
    lowering = _Lowering(definitions, report)
    lowering.memory = max_memory(program.document.get("server"), report)
    gateway = Gateway(
        endpoints=tuple(
            lowering.endpoint(unit) for unit in program.endpoints if not report.full
        ),
        upstreams=definitions.upstreams,
        settings=definitions.settings,
        server=server(program.document.get("server"), report),
        limits=limits(program.document.get("limits"), report),
        paths=_policy(program.document.get("paths")),
        unmatched=tuple(lowering.around(program.defaults)),
    )
    check_auth(lowering.without_auth, report)
    lowering.rates.report_keyless()
    return gateway


def _policy(node: Node | None) -> paths.Policy:
    return "as_sent" if node is not None and plain(node) == "as_sent" else "strict"


def _renamed(node: Mapping) -> tuple[tuple[str, str], ...]:
    return tuple(plain(node).get("rename", {}).items())


@dataclass(frozen=True, slots=True)
class _Own:
    """What the templates of one endpoint may read besides."""

    pattern: paths.Pattern | None
    body_is_read: bool

    def of(self, place: Place) -> Place:
        """Return a place with the endpoint's own variables."""
        variables = {**place.variables, "path": self._names()}
        if self.body_is_read:
            variables["body"] = None
        unread = not self.body_is_read
        return dataclasses.replace(place, variables=variables, body_unread=unread)

    def _names(self) -> frozenset[str] | None:
        if self.pattern is None:
            return None  # a path that is no pattern is mistake enough
        names = {name for name, _ in self.pattern.parameters}
        return frozenset(names | ({self.pattern.rest} if self.pattern.rest else set()))


class _Lowering:
    def __init__(self, definitions: Definitions, report: Report) -> None:
        self._defined = definitions
        self._report = report
        self.memory: nodes.LimitMemory | None = None
        self.without_auth: list[Unit] = []
        self.rates = RateLimits(definitions.stores, report)
        self._lowered: dict[tuple[object, int], Any] = {}

    def _once(self, lower: Callable[[Any], _T], node: Node) -> _T:
        """Lower a node once, which endpoints may share by `defaults` or by aliases."""
        key = lower, id(node)
        if key not in self._lowered:
            self._lowered[key] = lower(node)
        lowered: _T = self._lowered[key]
        return lowered

    def endpoint(self, unit: Unit) -> Endpoint:
        """Lower one endpoint."""
        path, methods = unit.node.get("path"), unit.node.get("methods")
        listed = tuple(plain(methods)) if isinstance(methods, Sequence) else ()
        shown = plain(path) if path is not None else None
        stated = unit.node.get("name")
        default = f"{','.join(listed) or 'ANY'} {shown}"
        name = str(stated.value) if isinstance(stated, Scalar) else default
        pattern = self._pattern(path)
        return Endpoint(
            path="" if shown is None or isinstance(methods, Hole) else shown,
            methods=listed,
            name=name,
            pipeline=tuple(self._pipeline(unit, name, pattern)),
            at=unit.node.span.line,
        )

    def around(self, unit: Unit) -> Iterator[PipelineNode]:
        """Yield what stands around everything, from observation to the error table."""
        observe = unit.get("observe")
        if isinstance(observe, Mapping):
            yield nodes.Observe(**plain(observe), at=observe.span.line)
        elif ("observe",) not in unit.effective:
            yield nodes.Observe()
        shared = unit.get("cors")
        if isinstance(shared, Mapping):
            yield self._once(self._cors, shared)
        yield nodes.MapErrors(self._error_table(unit))

    def _pipeline(
        self, unit: Unit, name: str, pattern: paths.Pattern | None
    ) -> Iterator[PipelineNode]:
        yield from self.around(unit)
        yield from self._limit_memory(unit)
        yield from self._authenticate(unit)
        yield from self._rate_limit(unit, name, pattern)
        guarded = unit.get("concurrency")
        guard = concurrency(guarded, self._report)
        if guarded is not None and guard is not None:
            yield nodes.LimitConcurrency(name, guard, at=guarded.span.line)
        limit = unit.get("request", "max_body")
        if limit is not None:
            max_body = self._once(self._max_body, limit)
            yield nodes.LimitBody(max_body, at=limit.span.line)
        rename = unit.get("request", "json")
        if isinstance(rename, Mapping):
            self._needs_body(rename, limit)
            names = self._once(_renamed, rename)
            yield nodes.RenameJson(names, at=rename.span.line)
        yield from self._last(unit, _Own(pattern, body_is_read=limit is not None))

    def _pattern(self, path: Node | None) -> paths.Pattern | None:
        if not isinstance(path, Scalar):
            return None
        try:
            return paths.parse_pattern(str(path.value))
        except ValueError as exc:
            help_text = "write `/v1/{name}`, with `{rest:path}` as last segment at most"
            self._report.add("HX302", str(exc), path.span, help=help_text)
            return None

    def _cors(self, node: Mapping) -> PipelineNode:
        return cors(node, self._report)

    def _error_table(self, unit: Unit) -> ErrorTable:
        name = unit.get("errors")
        if name is None:
            return ErrorTable()
        return self._defined.errors.get(str(plain(name)), ErrorTable())

    def _authenticate(self, unit: Unit) -> Iterator[PipelineNode]:
        name = unit.get("auth")
        if name is not None:
            auth = self._defined.auth.get(str(plain(name)))
            if auth is not None:
                yield nodes.Authenticate(auth, at=name.span.line)
        elif ("auth",) not in unit.effective:
            self.without_auth.append(unit)

    def _rate_limit(
        self, unit: Unit, name: str, pattern: paths.Pattern | None
    ) -> Iterator[PipelineNode]:
        node = unit.get("rate_limit")
        if node is not None:
            place = _Own(pattern, body_is_read=False).of(self._defined.in_rules)
            found = self.rates.of(node, unit, name, place)
            yield nodes.RateLimit(found, at=node.span.line)

    def _limit_memory(self, unit: Unit) -> Iterator[PipelineNode]:
        """Yield the limit, except where it is asked whether the process lives."""
        health = unit.node.get("health")
        if self.memory is not None and (health is None or plain(health) != "live"):
            yield self.memory

    def _max_body(self, node: Node) -> str:
        if isinstance(node, Hole):
            return ""
        source = expressions.text(node, self._defined.at_start, self._report)
        for root, key in templates.shown_names(source):
            kind = self._defined.types.get(key or "")
            if root == "settings" and kind not in (None, "size", "integer"):
                message = f"setting `{key}` is a {kind}, not a size"
                help_text = f"add `type: size` to setting `{key}`"
                self._report.add("HX308", message, node.span, help=help_text)
                return source
        shown = self._defined.by_default(source)
        if shown is not None and units.size(shown) is None:
            message = f"{self._defined.named(source, shown)} no size"
            help_text = "write bytes as a plain number, or 64KiB, 1MiB"
            self._report.add("HX110", message, node.span.head, help=help_text)
        return source

    def _needs_body(self, node: Node, limit: Node | None) -> None:
        if limit is None:
            self._report.add(
                "HX305",
                "`json` needs the body, which is not read here",
                node.span.head,
                help="add `max_body: 1MiB` under `request`",
            )

    def _last(self, unit: Unit, own: _Own) -> Iterator[PipelineNode]:
        stated = {key: node for key in ENDS if (node := unit.node.get(key)) is not None}
        if len(stated) != 1:
            path = unit.node.get("path")
            assert path is not None
            what = "both `{}` and `{}`" if stated else "neither `{}` nor `{}`"
            message = f"this endpoint has {what.format(*(*stated, *ENDS)[:2])}"
            self._report.add("HX107", message, path.span, help="state one of them")
            return
        ((key, node),) = stated.items()
        if key == "upstream":
            event = unit.get("response", "stream_error")
            yield from stream_error(event, self._defined.in_errors, self._report)
            yield from self._fallback(unit, own)
            yield self._execute(unit, node, own)
        elif isinstance(node, Mapping):
            yield self._respond(node, own)
        elif key == "health" and isinstance(node, Scalar):
            yield nodes.Health(plain(node), at=node.span.line)

    def _respond(self, node: Mapping, own: _Own) -> PipelineNode:
        place = own.of(self._defined.in_answers)
        lowered = answer(node, place, self._report)
        lowered["status"] = lowered["status"] or 200
        return nodes.Respond(**lowered, at=node.span.line)

    def _fallback(self, unit: Unit, own: _Own) -> Iterator[PipelineNode]:
        node = unit.node.get("fallback")
        if not isinstance(node, Mapping):
            return
        stated = failures(node.get("when"))
        yield nodes.Fallback(
            tuple(
                self._execute(call, upstream, own)
                for call in unit.fallbacks()
                if (upstream := call.node.get("upstream")) is not None
            ),
            **({"when": stated} if stated else {}),
            at=node.span.line,
        )

    def _execute(self, unit: Unit, node: Node, own: _Own) -> PipelineNode:
        place = own.of(self._defined.in_rules)
        call = node if isinstance(node, Mapping) else Mapping((), node.span, 1)
        named = call.get("name") or node
        query, body = call.get("query"), call.get("body")
        return nodes.Execute(
            upstream=str(plain(named)),
            method=self._text(call.get("method"), place),
            path=self._text(call.get("path"), place),
            query=self._query(query, place) if isinstance(query, Mapping) else None,
            headers=pairs(call.get("headers"), place, self._report),
            body=None
            if body is None
            else expressions.document(body, place, self._report),
            timeout=timeout(call.get("timeout"), self._report),
            retry=retry(call.get("retry"), self._report),
            request_headers=self._rules(unit.get("request", "headers")),
            response_headers=self._rules(unit.get("response", "headers")),
            errors=self._error_table(unit),
            at=node.span.line,
        )

    def _text(self, node: Node | None, place: Place) -> str | None:
        return None if node is None else expressions.text(node, place, self._report)

    def _query(self, node: Mapping, place: Place) -> tuple[tuple[str, str], ...]:
        return tuple(
            (str(key.value), expressions.text(value, place, self._report))
            for key, value in node.items
        )

    def _rules(self, node: Node | None) -> tuple[HeaderRules, ...]:
        items = node.items if isinstance(node, Sequence) else (node,) if node else ()
        named = (self._defined.headers.get(str(plain(item))) for item in items)
        return tuple(rule for rule in named if rule is not None)
