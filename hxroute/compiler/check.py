"""Check: what holds between the endpoints of a gateway."""

from __future__ import annotations

from collections.abc import Iterator

from hxroute import paths, templates
from hxroute.compiler.coverage import check_coverage
from hxroute.compiler.credentials import broken_rules, check_credentials
from hxroute.compiler.expressions import find
from hxroute.compiler.keys import KEY_FIELD
from hxroute.compiler.reach import reach
from hxroute.compiler.resolve import Program, Unit
from hxroute.compiler.settings import is_whole
from hxroute.compiler.tree import Mapping, Scalar
from hxroute.compiler.unused import check_unused
from hxroute.diagnostics import Report
from hxroute.errors import BadPath
from hxroute.ir import UNLISTED_METHODS, Endpoint, Gateway
from hxroute.nodes import Authenticate, Execute, Fallback
from hxroute.nodes.execute import METHOD
from hxroute.span import Span

__all__ = ["check"]


def check(gateway: Gateway, program: Program, report: Report) -> None:
    """Report what only the whole file shows."""
    placed = list(zip(gateway.endpoints, program.endpoints, strict=True))
    _check_names(placed, report)
    reach(gateway, program, report)
    calls = [call for endpoint, unit in placed for call in _calls(endpoint, unit)]
    for call, unit in calls:
        _check_call(call, unit, report)
        _check_shown(call, gateway, unit, report)
    _check_key_fields(gateway, program, report)
    shown_in = {
        node.auth.header: None
        for endpoint in gateway.endpoints
        for node in endpoint.pipeline
        if isinstance(node, Authenticate) and node.auth.header
    }
    broken = broken_rules(program.document.get("headers"))
    check_credentials(calls, tuple(shown_in), broken, report)
    check_coverage(gateway, program, report)
    check_unused(program, report)


def _calls(endpoint: Endpoint, unit: Unit) -> Iterator[tuple[Execute, Unit]]:
    """Yield each call of an endpoint with what it is made of."""
    for node in endpoint.pipeline:
        if isinstance(node, Execute):
            yield node, unit
        elif isinstance(node, Fallback):
            for call, stated in zip(node.calls, unit.fallbacks(), strict=False):
                assert isinstance(call, Execute)
                yield call, stated


def _check_names(placed: list[tuple[Endpoint, Unit]], report: Report) -> None:
    taken: dict[str, Span] = {}
    for endpoint, unit in placed:
        name = unit.node.get("name")
        if not isinstance(name, Scalar):
            continue
        if endpoint.name in taken:
            related = ((taken[endpoint.name], "first given here"),)
            message = f"the endpoint name `{endpoint.name}` is taken"
            help_text = "give one of them another name"
            report.add("HX205", message, name.span, help=help_text, related=related)
        taken.setdefault(endpoint.name, name.span)


def _check_call(execute: Execute, unit: Unit, report: Report) -> None:
    """Report a path or method for which every request is refused, or that it chooses."""
    call = unit.node.get("upstream")
    if not isinstance(call, Mapping):
        return
    path, method = call.get("path"), call.get("method")
    if isinstance(path, Scalar) and execute.path is not None:
        _check_path(execute.path, path, report)
    if isinstance(method, Scalar) and not templates.is_template(str(method.value)):
        name = str(method.value)
        if not METHOD.fullmatch(name.encode()):
            message = f"`{name}` is no method in upper case"
            help_text = f"write `{name.upper()}`"
            report.add("HX105", message, method.span, help=help_text)
        elif name in UNLISTED_METHODS:
            message = f"`{name}` is no method for a call"
            help_text = "no gateway makes such a request of its own"
            report.add("HX105", message, method.span, help=help_text)


def _check_path(source: str, node: Scalar, report: Report) -> None:
    """Report a path that every request is refused for, or that a request begins."""
    if any(item.span in node.span for item in report.diagnostics):
        return  # what is wrong with the template is said
    if templates.is_template(source) and not source.startswith("/"):
        message = "the path of a call begins with a `/` that stands in the file"
        report.add("HX321", message, node.span.head, help="begin it with `/`")
        return
    stated = templates.outline(source).encode()
    try:
        paths.check(stated, "as_sent")
    except BadPath as exc:
        help_text = "every request would be refused: write the path as it is to go"
        report.add("HX105", exc.detail, node.span.head, help=help_text)
    if b"?" in stated or b"#" in stated:
        message = "a path holds no `?` and no `#`"
        help_text = "write the query under `query`"
        report.add("HX105", message, node.span.head, help=help_text)


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


def _check_key_fields(gateway: Gateway, program: Program, report: Report) -> None:
    """Report keys in header rules that come from settings that are not secret."""
    open_to_all = {
        setting.name: setting
        for setting in gateway.settings
        if not setting.secret
        and setting.type == "string"
        and is_whole(program.tables["settings"][setting.name])
    }
    for entry in program.tables["headers"].values():
        fields = entry.node.get("set")
        for name, value in fields.items if isinstance(fields, Mapping) else ():
            if not isinstance(value, Scalar) or not KEY_FIELD.fullmatch(
                str(name.value)
            ):
                continue
            source = str(value.value)
            for root, key in sorted(templates.shown_names(source), key=str):
                if root == "settings" and key in open_to_all:
                    message = f"a key from setting `{key}`, which is not secret"
                    help_text = f"add `secret: true` to setting `{key}`"
                    place = find(report.lines, value.span, source, f"settings.{key}")
                    report.add("HX320", message, place, help=help_text)
