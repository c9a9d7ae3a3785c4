"""Check: what holds between the endpoints of a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hxroute import paths, templates
from hxroute.compiler.coverage import check_coverage
from hxroute.compiler.credentials import broken_rules, check_credentials
from hxroute.compiler.expressions import OF_A_REQUEST
from hxroute.compiler.resolve import Program, Unit
from hxroute.compiler.tree import Mapping, Scalar
from hxroute.compiler.unused import check_unused
from hxroute.diagnostics import Report
from hxroute.errors import BadPath
from hxroute.ir import UNLISTED_METHODS, Endpoint, Gateway
from hxroute.nodes import Execute
from hxroute.nodes.execute import METHOD
from hxroute.span import Span

__all__ = ["check"]


def check(gateway: Gateway, program: Program, report: Report) -> None:
    """Report what only the whole file shows."""
    placed = list(zip(gateway.endpoints, program.endpoints, strict=True))
    _check_names(placed, report)
    _check_reach(placed, gateway.paths, report)
    calls = [
        (node, unit)
        for endpoint, unit in placed
        for node in endpoint.pipeline
        if isinstance(node, Execute)
    ]
    for call, unit in calls:
        _check_call(call, unit, report)
        _check_shown(call, gateway, unit, report)
    check_credentials(calls, broken_rules(program.document.get("headers")), report)
    check_coverage(gateway, program, report)
    check_unused(program, report)


def _check_names(placed: list[tuple[Endpoint, Unit]], report: Report) -> None:
    taken: dict[str, Span] = {}
    for endpoint, unit in placed:
        name = unit.node.get("name")
        if not isinstance(name, Scalar):
            continue
        if endpoint.name in taken:
            related = ((taken[endpoint.name], "first given here"),)
            message = f"the endpoint name `{endpoint.name}` is taken"
            report.add("HX205", message, name.span, related=related)
        taken.setdefault(endpoint.name, name.span)


@dataclass(slots=True)
class _Taken:
    """The methods that endpoints of one pattern take (None: all), and where."""

    methods: dict[str | None, Span] = field(default_factory=dict)

    def by(self, method: str | None) -> Span | None:
        """Return where a method is taken."""
        to_all = None if method in UNLISTED_METHODS else self.methods.get(None)
        return self.methods.get(method) or to_all


@dataclass(slots=True)
class _Tree:
    """Earlier endpoints, by the segments of their paths; None is a parameter."""

    children: dict[bytes | None, _Tree] = field(default_factory=dict)
    here: _Taken = field(default_factory=_Taken)
    rest: _Taken = field(default_factory=_Taken)

    def at(self, pattern: paths.Pattern) -> _Taken:
        """Return what is taken under exactly this pattern."""
        tree = self
        for segment in pattern.segments:
            tree = tree.children.setdefault(segment, _Tree())
        return tree.here if pattern.rest is None else tree.rest

    def covering(self, pattern: paths.Pattern) -> Iterator[_Taken]:
        """Yield what is taken under patterns that match every path of this one."""
        trees = [self]
        for segment in pattern.segments:
            yield from (tree.rest for tree in trees)
            wanted = [segment] if segment in (None, b"") else [segment, None]
            trees = [
                tree.children[key]
                for tree in trees
                for key in wanted
                if key in tree.children
            ]
        for tree in trees:
            yield tree.here if pattern.rest is None else tree.rest


def _check_reach(
    placed: list[tuple[Endpoint, Unit]], policy: paths.Policy, report: Report
) -> None:
    """Report endpoints whose every request is refused, or taken by earlier ones."""
    tree = _Tree()
    for endpoint, unit in placed:
        path = unit.node.get("path")
        try:
            pattern = paths.parse_pattern(endpoint.path)
        except ValueError:
            continue  # lowering has reported it
        assert path is not None
        try:
            paths.check(pattern.sample, policy)
        except BadPath as exc:
            message = f"this endpoint can never match: {exc.detail}"
            report.add("HX310", message, path.span)
            continue
        methods = endpoint.methods or (None,)
        covering = list(tree.covering(pattern))
        takers = [_taker(covering, method) for method in methods]
        if None not in takers:
            spans = sorted({span for span in takers if span is not None})
            related = tuple((span, "taken here") for span in spans)
            message = "this endpoint can never match: an earlier one takes it all"
            help_text = f"move it above line {spans[0].line}, or remove one of them"
            report.add("HX310", message, path.span, help=help_text, related=related)
        taken = tree.at(pattern).methods
        for method in methods:
            taken.setdefault(method, path.span)


def _taker(covering: list[_Taken], method: str | None) -> Span | None:
    return next(filter(None, (taken.by(method) for taken in covering)), None)


def _check_call(execute: Execute, unit: Unit, report: Report) -> None:
    """Report a path or method for which every request is refused, or that it chooses."""
    call = unit.node.get("upstream")
    if not isinstance(call, Mapping):
        return
    path, method = call.get("path"), call.get("method")
    if isinstance(path, Scalar) and execute.path is not None:
        _check_path(execute.path, path, report)
    if isinstance(method, Scalar) and "{{" not in str(method.value):
        name = str(method.value)
        if not METHOD.fullmatch(name.encode()):
            report.add("HX105", f"`{name}` is no method in upper case", method.span)


def _check_path(source: str, node: Scalar, report: Report) -> None:
    if "{{" in source:
        first = source.partition("}}")[0] + "}}"
        read = {root for root, _ in templates.names(first)}
        chosen = not first.startswith("{{") or read & OF_A_REQUEST
        if not source.startswith("/") and chosen:
            message = "a request could choose where this path begins"
            report.add("HX321", message, node.span.head, help="begin it with `/`")
        return
    raw = source.encode()
    try:
        paths.check(raw, "as_sent")
    except BadPath as exc:
        report.add("HX105", exc.detail, node.span)
    if b"?" in raw or b"#" in raw:
        help_text = "write the query under `query`"
        report.add("HX105", "a path holds no `?` and no `#`", node.span, help=help_text)


def _check_shown(node: Execute, gateway: Gateway, unit: Unit, report: Report) -> None:
    """Report a secret that a header rule would show to clients."""
    secrets = {setting.name for setting in gateway.settings if setting.secret}
    place = unit.get("response", "headers")
    for rule in node.response_headers:
        for name, source in rule.set:
            read = {key for root, key in templates.names(source) if root == "settings"}
            for key in sorted(secrets & read):
                assert place is not None
                message = f"the secret `settings.{key}` would be shown to clients"
                help_text = f"rule set `{rule.name}` puts it into `{name}`"
                report.add("HX309", message, place.span, help=help_text)
