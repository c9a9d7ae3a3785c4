"""Lower what the gateway answers by itself: bodies, fields, and the error mappings."""

from __future__ import annotations

from typing import Any

from hxroute import templates
from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.fields import pairs
from hxroute.compiler.resolve import Entry
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.http import BODILESS
from hxroute.ir import ErrorAnswer, ErrorTable, StatusRule
from hxroute.span import Span

__all__ = ["answer", "error_table", "openai"]


def error_table(entry: Entry, place: Place, report: Report) -> ErrorTable:
    """Lower an error mapping."""
    node = entry.node
    answers = [
        ErrorAnswer(
            kind=str(key.value), **answer(value, place, report), at=key.span.line
        )
        for key, value in node.items
        if isinstance(value, Mapping)
    ]
    statuses = node.get("upstream_status")
    listed = statuses.items if isinstance(statuses, Sequence) else ()
    _check_order(listed, report)
    found = [
        _status_rule(item, place, report)
        for item in listed
        if isinstance(item, Mapping) and "match" in plain(item)
    ]
    return ErrorTable(entry.name, tuple(answers), tuple(found), at=entry.at)


def _check_order(listed: tuple[Node, ...], report: Report) -> None:
    """Report statuses that an earlier rule takes: the first one that matches counts."""
    taken: dict[str, Span] = {}
    for item in listed:
        match = item.get("match") if isinstance(item, Mapping) else None
        for node in match.items if isinstance(match, Sequence) else (match,):
            if not isinstance(node, Scalar):
                continue
            status = str(node.value)
            by = taken.get(status) or taken.get(f"{status[0]}xx")
            if by is not None:
                message = f"`{status}` is taken by line {by.line}"
                related = ((by, "taken here"),)
                same_rule = match is not None and match.span.line <= by.line
                help_text = (
                    "remove it"
                    if same_rule
                    else "the first rule that matches counts: put this one above it"
                )
                report.add("HX322", message, node.span, help=help_text, related=related)
            taken.setdefault(status, node.span)


def _status_rule(node: Mapping, place: Place, report: Report) -> StatusRule:
    data = plain(node)
    match = data["match"] if isinstance(data["match"], list) else [data["match"]]
    return StatusRule(
        match=tuple(str(item) for item in match),
        unless=data.get("unless"),
        **answer(node, place, report),
        at=node.span.line,
    )


def answer(node: Mapping, place: Place, report: Report) -> dict[str, Any]:
    """Lower `status`, `headers` and one of `json` and `text`."""
    json_node, text_node = node.get("json"), node.get("text")
    if json_node is not None and text_node is not None:
        key = node.key("text")
        assert key is not None
        message = "`json` and `text` exclude each other"
        report.add("HX107", message, key.span, help="remove one of them")
    status = node.get("status")
    if plain(status or node) in BODILESS and (json_node or text_node):
        assert status is not None
        message = f"a {plain(status)} has no body"
        report.add("HX107", message, status.span, help="remove `json` or `text`")
    json_text = (
        None if json_node is None else expressions.document(json_node, place, report)
    )
    return {
        "status": status.value if isinstance(status, Scalar) else None,
        "headers": _literal_pairs(node.get("headers"), report),
        "json": json_text,
        "text": None
        if text_node is None
        else expressions.text(text_node, place, report),
    }


def _literal_pairs(node: Node | None, report: Report) -> tuple[tuple[str, str], ...]:
    for _, value in node.items if isinstance(node, Mapping) else ():
        if templates.is_template(str(plain(value))):
            message = "the headers of an answer are no templates"
            help_text = "write a constant; what varies goes into `json` or `text`"
            report.add("HX303", message, value.span.head, help=help_text)
            return ()
    return pairs(node, Place({}), report)


def openai() -> ErrorTable:
    """Answer as OpenAI's API does."""

    def error(
        kind: str, type: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> ErrorAnswer:
        body = (
            '{"error":{"message":"{{ error.detail }}","type":"%s","param":null,'
            '"code":"{{ error.kind }}"}}'
        )
        return ErrorAnswer(kind=kind, headers=headers, json=body % type)

    challenge = (("www-authenticate", "Bearer"),)
    return ErrorTable(
        "openai",
        (
            error("bad_request", "invalid_request_error"),
            error("unauthorized", "authentication_error", challenge),
            error("not_found", "invalid_request_error"),
            error("method_not_allowed", "invalid_request_error"),
            error("payload_too_large", "invalid_request_error"),
            error("rate_limited", "rate_limit_error"),
            error("internal", "server_error"),
            error("unreachable", "server_error"),
            error("overloaded", "server_error"),
            error("timeout", "server_error"),
        ),
    )
