"""Causes: which line of the file ends a request there, or lets it go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hxroute.errors import UPSTREAM_STATUS
from hxroute.nodes import LimitBody
from hxroute.proof.blame.endings import (
    ANSWER,
    NOWHERE,
    PASSED,
    SERVER,
    UNSTARTED,
    is_timeout,
)
from hxroute.proof.blame.scene import Blame, Scene, line_of

__all__ = ["cause", "passage"]

_PHASES: Final = {
    "connect_timeout": ("connect",),
    "pool_timeout": ("pool",),
    "read_timeout": ("first_byte", "read"),
    "timeout": ("read", "first_byte", "total"),
    "total_timeout": ("total",),
    "write_timeout": ("write",),
}
_Told = Callable[[Scene], Blame]


def cause(scene: Scene, kind: str) -> Blame:
    """Blame what ends a request in a kind of answer."""
    if is_timeout(kind):
        return _timeout(scene, kind)
    return _ENDS.get(kind, _upstream)(scene)


def passage(scene: Scene, kind: str) -> Blame:
    """Blame what lets a request go on that once ended in a kind of answer."""
    if is_timeout(kind):
        return _timeout(scene, kind)
    return _LETS_PASS.get(kind, Scene.taken)(scene)


def _server(scene: Scene) -> Blame:
    """The head of a request breaks the protocol, or is over a limit."""
    step = next(iter(scene.explanation.steps), None)
    if step is not None and step.node == "server":
        return Blame(step.line, step.text)
    return Blame(0, "server: no valid HTTP/1.1 request (RFC 9112)")


def _bad_path(scene: Scene) -> Blame:
    if scene.is_matched:  # the path is one that the call has made
        line = line_of(scene.own, "path") or scene.explanation.line
        return Blame(line, f"{scene.endpoint} makes a path that is refused")
    return _policy(scene)


def _policy(scene: Scene) -> Blame:
    policy = scene.gateway.paths
    line = line_of(scene.program.document, "paths")
    return Blame(line, f"`paths` {'is' if line else 'is by default'} `{policy}`")


def _no_method(scene: Scene) -> Blame:
    found = next((c for c in scene.passed_over() if c.outcome == "method"), None)
    if found is None:
        return scene.nearest()
    rule = f"endpoint `{found.name}` {found.reason}"
    return Blame(scene.methods_of(found), rule)


def _unauthorized(scene: Scene) -> Blame:
    """A wrong key is a matter of the keys, a missing one of asking at all."""
    node = scene.asks
    if node is None:
        return scene.taken()
    if not scene.request.values(node.auth.shown_in):
        rule = f"{scene.endpoint} asks for a key of `{node.auth.name}`"
        return Blame(node.at, rule)
    return _keys(scene)


def _keys(scene: Scene) -> Blame:
    node = scene.asks
    assert node is not None
    read = scene.settings(" ".join(node.auth.sources()))
    return Blame(node.auth.at, f"the keys of auth `{node.auth.name}`{read}")


def _too_large(scene: Scene) -> Blame:
    node = next((n for n in scene.pipeline if isinstance(n, LimitBody)), None)
    if node is None:
        return scene.taken()
    read = scene.settings(node.max_body)
    return Blame(node.at, f"`max_body` limits what {scene.endpoint} takes{read}")


def _json(scene: Scene) -> Blame:
    line = scene.effective("request", "json")
    if not line:
        return scene.taken()
    return Blame(line, f"{scene.endpoint} reads the body as JSON")


def _answer(scene: Scene) -> Blame:
    line = line_of(scene.unit.node, "respond")
    if not line:
        return scene.taken()
    return Blame(line, f"{scene.endpoint} answers by itself")


def _values(scene: Scene) -> Blame:
    key = "upstream" if scene.call is not None else "respond"
    line = line_of(scene.unit.node, key) or scene.explanation.line
    return Blame(line, f"{scene.endpoint}: a value that it needs is missing or unfit")


def _internal(scene: Scene) -> Blame:
    return Blame(scene.explanation.line, f"{scene.endpoint} fails by a defect")


def _upstream(scene: Scene) -> Blame:
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    return Blame(upstream.at, f"upstream `{upstream.name}` gives no usable answer")


def _usable(scene: Scene) -> Blame:
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    return Blame(upstream.at, f"what upstream `{upstream.name}` answers passes")


def _unreached(scene: Scene) -> Blame:
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    line = line_of(scene.upstream_node, "url") or upstream.at
    read = scene.settings(upstream.url)
    return Blame(line, f"`url` of upstream `{upstream.name}`{read}")


def _overloaded(scene: Scene) -> Blame:
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    line = line_of(scene.upstream_node, "max_connections") or upstream.at
    return Blame(line, f"upstream `{upstream.name}` takes no more calls")


def _timeout(scene: Scene, kind: str) -> Blame:
    """The call's own limits replace those of the upstream."""
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    own = line_of(scene.own, "timeout")
    node = scene.own if own else scene.upstream_node
    whose = scene.endpoint if own else f"upstream `{upstream.name}`"
    phases = _PHASES.get(kind, ())
    stated = [phase for phase in phases if line_of(node, "timeout", phase)]
    for phase in stated[:1]:
        return Blame(line_of(node, "timeout", phase), f"timeout `{phase}` of {whose}")
    line = own or line_of(node, "timeout") or upstream.at
    return Blame(line, f"timeout `{phases[-1]}` of {whose}, which is the default")


def _replaced(scene: Scene) -> Blame:
    rule = scene.rule
    if rule is None:
        return _unreplaced(scene)
    matched = " or ".join(rule.match)
    return Blame(
        rule.at, f"`upstream_status` of `{scene.table.name}` replaces {matched}"
    )


def _unreplaced(scene: Scene) -> Blame:
    """Blame a rule that let a status pass, or the mapping that has none for it."""
    rule, name = scene.rule, scene.table.name
    if rule is not None:
        unless = line_of(scene.rule_node, "unless") or rule.at
        return Blame(
            unless, f"`upstream_status` of `{name}` leaves what is a JSON error"
        )
    line = line_of(scene.table_node, "upstream_status") or scene.table.at
    if not line:
        return Blame(scene.errors_line, f"{scene.endpoint} has no error mapping")
    return Blame(line, f"`{name}` has no `upstream_status` for {scene.reply.status}")


def _passed(scene: Scene) -> Blame:
    line = line_of(scene.unit.node, "upstream") or scene.explanation.line
    return Blame(line, f"{scene.endpoint} passes the upstream's answer")


def _unstarted(scene: Scene) -> Blame:
    return Blame(0, "the gateway does not start")


def _nowhere(scene: Scene) -> Blame:
    return Blame(scene.explanation.line, f"{scene.endpoint} gives no answer")


def _took_method(scene: Scene) -> Blame:
    line = line_of(scene.unit.node, "methods") or scene.explanation.line
    return Blame(line, f"{scene.endpoint} takes {scene.request.method}")


def _asked_for_no_key(scene: Scene) -> Blame:
    if scene.asks is not None:
        return _keys(scene)
    line = scene.effective("auth") or scene.explanation.line
    return Blame(line, f"{scene.endpoint} asks for no key")


_ENDS: Final[Mapping[str, _Told]] = {
    ANSWER: _answer,
    NOWHERE: _nowhere,
    PASSED: _passed,
    SERVER: _server,
    UNSTARTED: _unstarted,
    UPSTREAM_STATUS: _replaced,
    "bad_path": _bad_path,
    "bad_request": _values,
    "connect_failed": _unreached,
    "internal": _internal,
    "invalid_json": _json,
    "method_not_allowed": _no_method,
    "not_an_object": _json,
    "not_found": Scene.nearest,
    "overloaded": _overloaded,
    "payload_too_large": _too_large,
    "unauthorized": _unauthorized,
}
_LETS_PASS: Final[Mapping[str, _Told]] = {
    NOWHERE: _passed,
    UPSTREAM_STATUS: _unreplaced,
    "bad_path": _policy,
    "bad_response": _usable,
    "connect_failed": _unreached,
    "disconnected": _usable,
    "invalid_json": _json,
    "method_not_allowed": _took_method,
    "not_an_object": _json,
    "overloaded": _overloaded,
    "payload_too_large": _too_large,
    "unauthorized": _asked_for_no_key,
    "unreachable": _usable,
}
