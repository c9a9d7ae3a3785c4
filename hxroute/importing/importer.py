"""Import: a FastAPI program's source to a draft of routes.yaml that compiles.

program, routes     the source, and what it registers
composing, walk     what each case of a route does
deciding            that as a draft, and a finding for each thing
settling, writing   the draft as text
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hxroute.errors import StartError
from hxroute.importing.app import App
from hxroute.importing.branches import Budget, caught
from hxroute.importing.composing import behaviours, unmatched
from hxroute.importing.deciding import decide
from hxroute.importing.draft import Block, Node, Rows
from hxroute.importing.evaluate import Evaluator
from hxroute.importing.findings import Finding, Findings
from hxroute.importing.openapi import Operation, add_missing
from hxroute.importing.program import Program, parse
from hxroute.importing.routes import read_app
from hxroute.importing.settling import settle
from hxroute.importing.values import Setting

__all__ = ["Imported", "import_fastapi"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft and its findings."""

    text: str
    findings: tuple[Finding, ...]


def import_fastapi(
    data: bytes, file: str, operations: Iterable[Operation] | None = None
) -> Imported:
    """Draft a routes file of a program's source.

    Args:
        data: the source; it is read, never run.
        file: its name, for findings and comments.
        operations: of its OpenAPI document, where there is one.

    Raises:
        StartError: where nothing can be drafted, with the reason.
    """
    program = parse(data, file)
    if program.is_empty:
        raise StartError(f"{file} holds no program")
    try:
        return _drafted(program, file, operations)
    except RecursionError as exc:
        raise StartError(f"{file} is nested too deeply to be read") from exc


def _drafted(
    program: Program, file: str, operations: Iterable[Operation] | None
) -> Imported:
    findings = Findings()
    app = read_app(program, findings)
    if not app.line:
        raise StartError(f"{file} makes no FastAPI or Starlette app")
    budget = Budget()
    found = list(behaviours(program, app, findings, budget))
    others = unmatched(program, app, Findings(), budget)
    if others.auth:
        text = "paths that no route takes were refused without a key; here they are 404"
        findings.approximate(others.auth[-1].line, text)
    _in_general(program, app, findings)
    if not found and operations is None:
        raise StartError(f"{file}: its app has no route that could be drafted")
    known = _settings(program, findings)
    draft = decide(app, found, others, known, findings)
    add_missing(draft, operations or (), findings)
    _leave_rest(draft, findings)
    head = (
        "yaml-language-server: $schema=routes.schema.json",
        "",
        f"Drafted from {file} by `hxroute import fastapi`; each part names its line.",
        "What is left to do says TODO; record and prove tell what still differs.",
    )
    written = settle(draft, file, head, findings)
    return Imported(written.text, findings.sorted())


def _settings(program: Program, findings: Findings) -> list[Setting]:
    """Return the settings that the top level of a program names."""
    reader = Evaluator(program, findings)
    values = [reader.name(name) for name in program.assigned]
    return [value for value in values if isinstance(value, Setting)]


def _leave_rest(draft: Block, findings: Findings) -> None:
    """Put into the draft what is left to do and stands nowhere in it yet."""
    endpoints = draft.items["endpoints"]
    said = {line for line, _ in _todos(draft)}
    for item in findings.sorted():
        if item.grade == "manual" and item.line not in said:
            endpoints.todos.append((item.line, item.text))


def _todos(node: Node) -> Iterator[tuple[int, str]]:
    """Yield what a draft says is left to do."""
    if not isinstance(node, Block | Rows):
        return
    yield from node.todos
    items = node.items.values() if isinstance(node, Block) else node.items
    for item in items:
        yield from item.todos
        yield from _todos(item.value)


def _in_general(program: Program, app: App, findings: Findings) -> None:
    """Say what differs between any FastAPI program and any gateway."""
    line = app.line
    if app.pages:
        text = "FastAPI's own pages (/docs, /redoc, /openapi.json) are not drafted"
        findings.approximate(line, text)
    text = "no redirects to or from a trailing slash: such paths are 404"
    findings.approximate(line, text)
    text = "odd paths (encoded slashes, backslashes) are 400; `paths: as_sent` lets them in"
    findings.approximate(line, text)
    for node in program.tries:
        for handler in node.handlers:
            text = f"`{caught(handler)}` at the top level is taken not to happen"
            findings.approximate(handler.lineno, text)
