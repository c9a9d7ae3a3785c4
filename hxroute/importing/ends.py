"""Ends: what a function returns or raises, as answers to the client."""

from __future__ import annotations

import ast
from collections.abc import Callable

from hxroute.importing.behaviour import Behaviour
from hxroute.importing.branches import acts
from hxroute.importing.evaluate import Evaluator
from hxroute.importing.findings import Findings
from hxroute.importing.placing import Context, place
from hxroute.importing.program import Program, shown
from hxroute.importing.values import (
    Answer,
    Bag,
    Call,
    Caught,
    Choice,
    Class,
    Foreign,
    Function,
    Guard,
    Instance,
    Known,
    Many,
    Op,
    Option,
    Part,
    Put,
    Setting,
    Text,
    Unknown,
    Value,
)

__all__ = ["Ends"]


class Ends(Evaluator):
    """Evaluates for one case, and notes the answers that it comes to."""

    def __init__(
        self, program: Program, findings: Findings, behaviour: Behaviour
    ) -> None:
        super().__init__(program, findings)
        self.behaviour = behaviour
        self.context = Context()
        self.went_on = False
        self.json_was_read = False
        self.handlers: dict[str, Function] = {}
        self.inner_layers: Callable[[], Value] | None = None
        self.default_status: Value = Known(200)

    def manual(self, line: int, text: str) -> None:
        """Leave something to the reader, and count the case as not understood whole."""
        self.findings.manual(line, text)
        self.behaviour.opaque = True
        if (line, text) not in self.behaviour.todos:
            self.behaviour.todos.append((line, text))

    def not_followed(self, node: ast.Call) -> None:
        """Note a call of which nothing is known: it may be a check."""
        self.behaviour.opaque |= acts(node)

    def status_is_raised(self, line: int) -> None:
        """Note that an upstream's error status becomes an exception."""
        self.behaviour.raises_status = line

    def is_answer(self, value: Value) -> bool:
        """Tell whether a value is an answer to the client, or may be."""
        if isinstance(value, Choice):
            return any(self.is_answer(option.value) for option in value.options)
        return isinstance(value, Answer)

    def passes_on(self, value: Value) -> bool:
        """Tell whether what is returned is no refusal: what comes behind is one."""
        if isinstance(value, Choice):
            return any(self.passes_on(option.value) for option in value.options)
        if isinstance(value, Answer):
            status = value.status
            return not (isinstance(status, Known) and _is_refusal(status.value))
        return True

    def as_answer(self, value: Value, line: int) -> Value:
        """Return what FastAPI makes an answer of, as one."""
        if isinstance(value, Answer | Choice):
            return value
        if isinstance(value, Op) and value.name == "either":
            test, yes, no = value.args
            ways = (
                (yes, Guard(test, truth=True, line=line)),
                (no, Guard(test, truth=False, line=line)),
            )
            return Choice(
                tuple(Option(self.as_answer(v, line), (guard,)) for v, guard in ways)
            )
        if isinstance(value, Part) and value.name == "json":
            text = "the upstream's status is lost here: always the route's own"
            self.manual(line, text)
            return Answer(self.default_status, value, "json", Bag(), line)
        if isinstance(value, Call):
            self.manual(line, "the client library's answer is returned as it is")
            return Answer(
                self.default_status, Part(value, "content"), "json", Bag(), line
            )
        if isinstance(value, Known | Bag | Many | Text | Setting):
            return Answer(self.default_status, value, "json", Bag(), line)
        return value

    def inner(self) -> Value:
        """Follow what a middleware calls."""
        return super().inner() if self.inner_layers is None else self.inner_layers()

    def end_of(self, value: Value, line: int) -> None:
        """Note what a layer has come to; what an inner one answered is noted already."""
        self._end(self.as_answer(value, line), Context(), line)

    def _end(self, value: Value, context: Context, line: int) -> None:
        if isinstance(value, Choice):
            answers = [o for o in value.options if o.value != Known(None)]
            for option in answers or value.options:
                inner = Context(
                    (*context.guards, *option.guards),
                    option.caught or context.caught,
                    option.catches_call or context.catches_call,
                    option.catches_json or context.catches_json,
                )
                self._end(self.as_answer(option.value, line), inner, line)
        elif isinstance(value, Answer):
            if value.body == Op("downstream", ()):
                return
            if value not in self.behaviour.placed:
                place(value, context, self.behaviour, self.findings)
        elif value != Op("downstream", ()):
            shown = value.text if isinstance(value, Unknown) else "what is returned"
            self.manual(line, f"`{shown}` is not understood as an answer")

    def raised(self, node: ast.Raise) -> None:
        """Note what an exception is answered with."""
        found = self.value(node.exc) if node.exc is not None else None
        if isinstance(found, Choice | Op):
            self.manual(node.lineno, f"`{shown(node)}` is not understood")
            return
        if not isinstance(found, Answer):
            self._raised_other(node, found)
            return
        answer = self._handled("HTTPException", found) or found
        place(answer, self._here(), self.behaviour, self.findings)

    def _here(self) -> Context:
        now = self.context
        return Context(self.guards, now.caught, now.catches_call, now.catches_json)

    def _raised_other(self, node: ast.Raise, found: Value | None) -> None:
        name = _name(found)
        answer = self._handled(name, Caught((name,))) if name else None
        if isinstance(answer, Answer):
            place(answer, self._here(), self.behaviour, self.findings)
        elif node.exc is None and self.context.caught:
            text = "the exception goes on: the old program answers 500"
            self.findings.approximate(node.lineno, text)
        else:
            self.manual(node.lineno, f"`{shown(node)}` is not understood")

    def _handled(self, name: str, found: Value) -> Answer | None:
        """Return what the program's own handler of an exception answers."""
        handler = self.handlers.get(name)
        if handler is None:
            return None
        given = handler_argument(found)
        answer = self.call_function(handler, [Known(None), given], {})
        if isinstance(answer, Answer) and isinstance(found, Answer):
            return _filled(answer, found)
        return answer if isinstance(answer, Answer) else None


def handler_argument(found: Value) -> Value:
    """Return an exception as its handler sees it."""
    return Caught(("HTTPException",)) if isinstance(found, Answer) else found


def _filled(answer: Answer, raised: Answer) -> Answer:
    """Put an HTTPException's status and detail where its handler names them."""
    body = raised.body
    detail = body.put["detail"].value if isinstance(body, Bag) else Known("")

    def fill(value: Value | None) -> Value | None:
        if isinstance(value, Op) and value.name == "exception":
            name = value.args[0]
            if name == Known("status_code"):
                return raised.status
            return detail if name == Known("detail") else value
        if isinstance(value, Bag):
            new = value.copy()
            new.put = {
                k: Put(fill(p.value) or p.value, p.line, p.when)
                for k, p in value.put.items()
            }
            return new
        if isinstance(value, Text):
            return Text(tuple(fill(part) or part for part in value.parts))
        return value

    status = fill(answer.status) or answer.status
    headers = answer.headers if answer.headers.put else raised.headers
    return Answer(
        status, fill(answer.body), answer.form, headers, raised.line, answer.media
    )


def _is_refusal(status: object) -> bool:
    return isinstance(status, int) and status >= 400


def _name(found: Value | None) -> str:
    if isinstance(found, Instance):
        return found.of.name
    if isinstance(found, Class):
        return found.node.name
    return found.name if isinstance(found, Foreign) else ""
