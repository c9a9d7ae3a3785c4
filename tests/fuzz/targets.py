"""What is fuzzed: each target takes any bytes, and fails where a promise is broken."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, Final

from jinja2 import TemplateSyntaxError

from hxroute import jsontext, templates
from hxroute.compiler import compile
from hxroute.errors import BadRequest
from hxroute.explain import ask, explain, json, text
from hxroute.http import Request
from hxroute.ir import Server
from tests.explain.files import RICH, SECRETS
from tests.fuzz.front import front
from tests.fuzz.pathways import path, router
from tests.fuzz.renaming import rename
from tests.fuzz.slots import slots
from tests.fuzz.upstream import upstream
from tests.invariants import compiles_or_says_why

__all__ = ["TARGETS"]

_VARIABLES: Final = {
    "settings": frozenset({"key", "limit", "url", "flag", "unset"}),
    "path": frozenset({"id"}),
    "client": frozenset({"host"}),
    "query": None,
    "headers": None,
    "body": None,
}
_SETTINGS: Final[tuple[dict[str, Any], ...]] = (
    {"key": "k", "limit": 7, "url": "http://a", "flag": True, "unset": None},
    {"key": "", "limit": 0, "url": "é\ud800", "flag": False, "unset": 1.5},
)
_BODIES: Final = (
    *(b"", b"[[]]", b'"a"', b'{"items": [1, {"a": "\\ud800"}], "x": null}'),
    b'{"x": %s}' % (b"9" * 4300),
)


def routes(data: bytes) -> None:
    """Compile any bytes."""
    compiles_or_says_why(data)


def template(data: bytes) -> None:
    """Check any text as a template; what is accepted must start, and render."""
    source = data.decode("utf-8", "replace")
    try:
        templates.parse(source)
    except TemplateSyntaxError:
        assert not templates.names(source)
        assert not templates.literals(source)
    templates.is_constant(source)
    found = templates.mistakes(source, _VARIABLES)
    for mistake in found:
        place = templates.find(source, mistake.near)
        assert place is None or 0 <= place[0] <= place[1] <= len(source)
    if not found:
        for settings in _SETTINGS:
            starts(source, settings)


def starts(source: str, settings: dict[str, Any]) -> None:
    """Prepare a template as a start does, and render it for some requests."""
    leaf = jsontext.encode({"a": source, "b": [source]}).decode()
    try:
        templates.folds(source, settings)
        prepared: list[Callable[[Any], object] | str | bytes] = [
            templates.text(source, settings),
            templates.path(source, settings),
            templates.document(leaf, settings),
        ]
    except BadRequest:
        return
    for body in _BODIES:
        for render in prepared:
            rendered(render, body, templates.roots([source]))


def rendered(
    render: Callable[[Any], object] | str | bytes, body: bytes, roots: frozenset[str]
) -> None:
    """Render, which may refuse the request, and nothing else."""
    if not callable(render):
        return
    headers = [(b"x-a", b"1"), (b"x", b"\xff")]
    request = Request("GET", b"/x", b"q=1&q=2&e=%C3", headers, body, len(body))
    request.params = {"id": b"a%2Fb%FF"}
    with contextlib.suppress(BadRequest):
        render(templates.values(request, roots))


_EXPLAINED: Final = compile(RICH.encode(), "routes.yaml")
_ENVIRONS: Final[tuple[dict[str, str], ...]] = (
    {},
    {name.upper(): value for name, value in SECRETS.items()},
)
_TELLING: Final = [value for value in SECRETS.values() if value not in RICH]


def question(data: bytes) -> None:
    """Explain any request: a line of method and target, its fields, and the body."""
    head, _, body = data.partition(b"\n\n")
    first, *fields = os.fsdecode(head).split("\n")
    method, _, target = first.partition(" ")
    try:
        asked = ask(method, target, fields, body, Server())
    except ValueError:
        return
    for environ in _ENVIRONS:
        explanation = explain(_EXPLAINED, asked, environ)
        shown = "".join(map(str, text.lines(explanation)))
        shown += json.render(explanation)
        assert not any(secret in shown for secret in _TELLING if environ)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "routes": routes,
    "template": template,
    "question": question,
    "rename": rename,
    "path": path,
    "router": router,
    "slots": slots,
    "front": front,
    "upstream": upstream,
}
