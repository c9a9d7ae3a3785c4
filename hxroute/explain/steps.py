"""What each node of a pipeline says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hxroute import nodes
from hxroute.ir import Node

__all__ = ["describe"]


def describe(node: Node) -> str:
    """Say in a line what a node does, in the words of the file."""
    return _TEXTS[type(node)](node)


def _observe(node: nodes.Observe) -> str:
    return "write an access log line" if node.access_log else "no access log"


def _map_errors(node: nodes.MapErrors) -> str:
    name = node.table.name
    if not name:
        return "answer errors as problem details (RFC 9457)"
    return f"answer errors as `{name}` says"


def _authenticate(node: nodes.Authenticate) -> str:
    return f"ask for a bearer key of `{node.auth.name}`"


def _limit_body(node: nodes.LimitBody) -> str:
    return f"read the body whole, {node.max_body} at most"


def _rename_json(node: nodes.RenameJson) -> str:
    pairs = ", ".join(f"`{old}` to `{new}`" for old, new in node.rename)
    return f"rename members of the JSON body: {pairs}"


def _respond(node: nodes.Respond) -> str:
    return f"answer {node.status}, without an upstream"


def _execute(node: nodes.Execute) -> str:
    return f"call upstream `{node.upstream}`"


_TEXTS: Final[Mapping[type, Callable[[Any], str]]] = {
    nodes.Authenticate: _authenticate,
    nodes.Execute: _execute,
    nodes.LimitBody: _limit_body,
    nodes.MapErrors: _map_errors,
    nodes.Observe: _observe,
    nodes.RenameJson: _rename_json,
    nodes.Respond: _respond,
}
