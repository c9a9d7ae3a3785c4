"""Bodies: what a program changes in a request's body on its way up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hxroute.importing.findings import Findings
from hxroute.importing.inside import leaves
from hxroute.importing.storing import asks_for
from hxroute.importing.templating import NOTHING, Templates
from hxroute.importing.values import Bag, Call, Guard, Incoming, Op, Value

__all__ = ["Body", "body_of"]


@dataclass(slots=True)
class Body:
    """What becomes of a body: members renamed, or a body of the call's own."""

    rename: dict[str, str] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    reads: bool = False
    todos: list[tuple[int, str]] = field(default_factory=list)


def body_of(call: Call, templates: Templates, findings: Findings) -> Body:
    """Return what a call makes of the request's body."""
    body = Body(line=call.line)
    if call.content is None:
        if not set(templates.case.methods) <= {"GET", "HEAD", "DELETE"}:
            text = "the request's body did not go on; here it does"
            findings.approximate(call.line, text)
        return body
    items = list(leaves(call.content))
    document = _document(items)
    if document is not None:
        _changed(document, body, call, findings)
    elif isinstance(call.content, Op) and call.content.name == "dumps":
        _made(call.content.args[0], body, call, templates, findings)
    elif not any(_is_body(item) for item in items):
        text = "the body of this call is not understood; the request's goes on"
        findings.manual(call.line, text)
        body.todos.append((call.line, text))
    return body


def _is_body(item: Value) -> bool:
    return isinstance(item, Incoming) and item.what in ("body", "stream")


def _document(items: list[Value]) -> Bag | None:
    for item in items:
        if isinstance(item, Bag) and item.origin == Incoming("json"):
            return item
    return None


def _changed(document: Bag, body: Body, call: Call, findings: Findings) -> None:
    """Note the renames of a document that is written anew."""
    for old, (new, line, guards) in document.moved.items():
        left = [guard for guard in guards if not asks_for(guard, new)]
        if left:
            _leave(body, findings, line, f"`{old}` becomes `{new}` under a test")
            continue
        body.rename[old], body.line = new, line
        if old not in document.drop:
            text = f"`{old}` was copied to `{new}` and stayed; here it is renamed"
            findings.approximate(line, text)
        elif _asks(guards, new):
            findings.exact(line, f"renames `{old}` to `{new}`")
        else:
            text = f"renames `{old}` to `{new}`; where both came, here neither changes"
            findings.approximate(line, text)
    for name, put in document.put.items():
        _leave(body, findings, put.line, f"`{name}` of the body is set")
    for name, line in document.drop.items():
        if name not in document.moved:
            _leave(body, findings, line, f"`{name}` is taken out of the body")
    for line, text in document.odd:
        _leave(body, findings, line, f"the body: {text}")
    if body.rename:
        text = "the body was written anew; one without a change goes on byte for byte"
        findings.approximate(call.line, text)


def _asks(guards: tuple[Guard, ...], new: str) -> bool:
    return any(asks_for(guard, new) for guard in guards)


def _leave(body: Body, findings: Findings, line: int, text: str) -> None:
    said = f"{text}: the language cannot say it"
    findings.manual(line, said)
    body.todos.append((line, said))


def _made(
    value: Value, body: Body, call: Call, templates: Templates, findings: Findings
) -> None:
    """Note a body that the program makes of members of the request's."""
    found = templates.json(value)
    if found is NOTHING:
        _leave(body, findings, call.line, "the body of this call")
        return
    body.own["body"] = found
    body.reads = True
    findings.exact(call.line, "a body of the call's own")
