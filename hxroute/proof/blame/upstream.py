"""What reached the upstream, fact by fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from hxroute.nodes import RenameJson
from hxroute.proof.blame import headers
from hxroute.proof.blame.scene import Blame, Scene, line_of
from hxroute.proof.verdict import Difference

__all__ = ["called"]

_NUMBER: Final = re.compile(r"upstream\.(?:[0-9]+\.)?")
_Told = Callable[[Scene, Difference], Blame]


def called(scene: Scene, difference: Difference) -> Blame:
    """Blame what decides a fact of an upstream request that both gateways make."""
    name = _NUMBER.sub("", difference.fact, count=1)
    if name.startswith("headers."):
        field = name.removeprefix("headers.")
        return headers.asked(scene, field, went=bool(difference.new))
    return _PARTS.get(name, _as_it_came)(scene, difference)


def _requests(scene: Scene, difference: Difference) -> Blame:
    """Only a repeated request makes another number where both have made one."""
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    line = line_of(scene.upstream_node, "client") or upstream.at
    repeats = "repeats an idempotent request on a new connection (RFC 9110 §9.2.2)"
    return Blame(line, f"upstream `{upstream.name}` {repeats}")


def _name(scene: Scene, difference: Difference) -> Blame:
    line = line_of(scene.own, "name") or line_of(scene.unit.node, "upstream")
    called = "" if scene.call is None else scene.call.upstream
    return Blame(
        line or scene.explanation.line, f"{scene.endpoint} calls upstream `{called}`"
    )


def _method(scene: Scene, difference: Difference) -> Blame:
    return _stated(scene, "method") or _as_it_came(scene, difference)


def _target(scene: Scene, difference: Difference) -> Blame:
    """Blame the path where it differs, else the query."""
    old, new = (
        "".join(value).partition("?") for value in (difference.old, difference.new)
    )
    parts = ("path", "query") if old[0] != new[0] else ("query", "path")
    found = (_stated(scene, part) for part in parts)
    stated = next((blame for blame in found if blame is not None), None)
    if stated is not None:
        return stated
    if old[0] != new[0] and not scene.request.path.startswith(new[0] or "/"):
        return _base(scene)
    return _as_it_came(scene, difference)


def _base(scene: Scene) -> Blame:
    """Blame the upstream's address, which paths may be put behind."""
    upstream = scene.upstream
    if upstream is None:
        return scene.taken()
    line = line_of(scene.upstream_node, "url") or upstream.at
    read = scene.settings(upstream.url)
    return Blame(line, f"`url` of upstream `{upstream.name}`{read}")


def _body(scene: Scene, difference: Difference) -> Blame:
    stated = _stated(scene, "body")
    if stated is not None:
        return stated
    node = next((n for n in scene.pipeline if isinstance(n, RenameJson)), None)
    if node is None:
        return _as_it_came(scene, difference)
    pairs = ", ".join(f"{old} to {new}" for old, new in node.rename)
    return Blame(node.at, f"{scene.endpoint} renames {pairs}")


def _stated(scene: Scene, part: str) -> Blame | None:
    """Blame what a call states of its own."""
    line = line_of(scene.own, part)
    return Blame(line, f"{scene.endpoint} calls with its own {part}") if line else None


def _as_it_came(scene: Scene, difference: Difference) -> Blame:
    """Blame the endpoint that lets something go on as it came."""
    blame = scene.taken()
    if blame.line != scene.explanation.line:
        return blame
    what = _NUMBER.sub("", difference.fact, count=1)
    return Blame(blame.line, f"{scene.endpoint} lets the {what} go on as it came")


_PARTS: Final[Mapping[str, _Told]] = {
    "body": _body,
    "method": _method,
    "name": _name,
    "requests": _requests,
    "target": _target,
}
