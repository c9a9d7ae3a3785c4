"""Composing: each route with what stands around it, followed for each of its cases."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import Final

from hxroute.importing.app import App, Middleware, Route, pattern
from hxroute.importing.behaviour import Auth, Behaviour, StatusAnswer
from hxroute.importing.branches import Budget
from hxroute.importing.conditions import Case
from hxroute.importing.downstream import over
from hxroute.importing.findings import Findings
from hxroute.importing.inside import text_of
from hxroute.importing.program import Program, shown
from hxroute.importing.values import (
    Answer,
    Bag,
    Class,
    Foreign,
    Function,
    Function_,
    Incoming,
    Instance,
    Known,
    Op,
    Put,
    Value,
)
from hxroute.importing.walk import Walk

__all__ = ["behaviours", "unmatched"]

_NO_CHECKS: Final = ("CORSMiddleware", "GZipMiddleware", "SessionMiddleware")
"""Middlewares that let everybody in."""

_MOST_CASES: Final = 40
"""Cases of one route."""


def behaviours(
    program: Program, app: App, findings: Findings, budget: Budget
) -> Iterator[Behaviour]:
    """Yield what the program does, case by case, the narrower before the wider."""
    for route in app.routes:
        path, odd = pattern(route.path)
        if odd:
            findings.manual(route.line, f"`{route.path}`: {odd}")
            continue
        seen: set[tuple[str, tuple[str, ...]]] = set()
        case = Case(path, route.methods)
        yield from _cases(program, app, route, case, findings, budget, seen)


def _cases(
    program: Program,
    app: App,
    route: Route,
    case: Case,
    findings: Findings,
    budget: Budget,
    seen: set[tuple[str, tuple[str, ...]]],
) -> Iterator[Behaviour]:
    if (case.path, case.methods) in seen or len(seen) > _MOST_CASES:
        return
    seen.add((case.path, case.methods))
    behaviour = Behaviour(case, route.line)
    _Layers(program, app, route, findings, behaviour, budget).run()
    for narrower, line in behaviour.narrower:
        if len(seen) < _MOST_CASES:
            for found in _cases(program, app, route, narrower, findings, budget, seen):
                if (found.case.path, found.case.methods) == (
                    narrower.path,
                    narrower.methods,
                ):
                    found.line = line
                yield found
    rest = _left_over(behaviour)
    if rest is not None:
        yield rest


def _left_over(behaviour: Behaviour) -> Behaviour | None:
    """Take the methods off a case that narrower ones of the same path have."""
    case = behaviour.case
    taken = {
        method
        for narrower, _ in behaviour.narrower
        if narrower.path == case.path
        for method in narrower.methods
    }
    left = tuple(method for method in case.methods if method not in taken)
    if case.methods and not left:
        return None
    behaviour.case = dataclasses.replace(case, methods=left)
    return behaviour


def unmatched(
    program: Program, app: App, findings: Findings, budget: Budget
) -> Behaviour:
    """Return what is answered where no route takes a request."""
    behaviour = Behaviour(Case("/{unmatched:path}"), app.line)
    _Layers(program, app, None, findings, behaviour, budget).run()
    return behaviour


class _Layers:
    """The middlewares around a route, each of which calls the next one."""

    def __init__(
        self,
        program: Program,
        app: App,
        route: Route | None,
        findings: Findings,
        behaviour: Behaviour,
        budget: Budget,
    ) -> None:
        self.app, self.route = app, route
        self.findings = findings
        self.behaviour = behaviour
        self.walk = Walk(program, findings, behaviour, budget)
        self.walk.handlers = app.handlers
        self.walk.inner_layers = self.inner
        self._depth = 0
        self._response: Answer | None = None

    def run(self) -> None:
        """Follow the case from the outermost layer on."""
        self._layer(0)

    def inner(self) -> Answer:
        """Follow what a middleware calls; what it sets then is set on every answer."""
        before = len(self.behaviour.placed)
        self.behaviour.passed = self.behaviour.passed or self.walk.guards
        outer = self.walk.names, self.walk.guards, self.walk.context
        self._layer(self._depth + 1)
        self.walk.names, self.walk.guards, self.walk.context = outer
        answers = self.behaviour.placed[before:]
        return over(answers)

    def _layer(self, depth: int) -> None:
        middlewares = self.app.middlewares
        if depth >= len(middlewares):
            self._handler()
            return
        self._depth, was = depth, self._depth
        middleware = middlewares[depth]
        if middleware.function is None:
            text = f"the middleware `{middleware.name}` is not drafted"
            self.findings.manual(middleware.line, text)
            self.behaviour.opaque |= middleware.name not in _NO_CHECKS
            self._layer(depth + 1)
        else:
            self._middleware(middleware, middleware.function)
        self._depth = was

    def _middleware(self, middleware: Middleware, node: Function_) -> None:
        names = [arg.arg for arg in node.args.args if arg.arg not in ("self", "cls")]
        given: list[Value] = [Incoming("request"), Foreign("call_next")]
        self.walk.names = dict(zip(names, given, strict=False))
        self.walk.names["self"] = Op("self", ())
        found = self.walk.handle(node)
        self.walk.end_of(found, node.lineno)

    def _handler(self) -> None:
        route = self.route
        if route is None:
            body = Bag(put={"detail": Put(Known("Not Found"), 0)})
            answer = Answer(Known(404), body, "json", Bag(), self.app.line)
            self.behaviour.placed.append(answer)
            self.behaviour.respond = answer
            return
        walk = self.walk
        walk.names, walk.guards = {}, ()
        for node in route.dependencies:
            self._depends(node)
        names = self._parameters(route.function)
        walk.names = names
        status = route.status
        walk.default_status = Known(200) if status is None else walk.value(status)
        found = walk.handle(route.function)
        walk.end_of(found, route.function.lineno)
        self._injected()
        self._uncaught()

    def _uncaught(self) -> None:
        """Note what `raise_for_status` comes to where nothing catches it."""
        line = self.behaviour.raises_status
        if line and not self.behaviour.statuses:
            text = Known("Internal Server Error")
            answer = Answer(Known(500), text, "text", Bag(), line)
            self.behaviour.statuses.append(StatusAnswer(("4xx", "5xx"), answer, line))

    def _injected(self) -> None:
        """Put what a handler sets on the `Response` it was given on its answer."""
        given, answer = self._response, self.behaviour.respond or self.behaviour.reply
        if given is not None and answer is not None:
            for name, put in given.headers.put.items():
                answer.headers.store(name, put)

    def _parameters(self, node: Function_) -> dict[str, Value]:
        """Bind the parameters of a handler or a dependency as FastAPI does."""
        spec = node.args
        listed = [*spec.posonlyargs, *spec.args]
        given = dict(zip(reversed(listed), reversed(spec.defaults), strict=False))
        only = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        given.update({arg: default for arg, default in only if default is not None})
        return {
            arg.arg: self._parameter(arg, given.get(arg))
            for arg in (*listed, *spec.kwonlyargs)
        }

    def _parameter(self, arg: ast.arg, default: ast.expr | None) -> Value:
        annotation = arg.annotation
        marks = [default] if isinstance(default, ast.Call) else []
        if isinstance(annotation, ast.Subscript) and (
            shown(annotation.value).endswith("Annotated")
        ):
            parts = annotation.slice
            items = parts.elts if isinstance(parts, ast.Tuple) else [parts]
            marks += [item for item in items[1:] if isinstance(item, ast.Call)]
            annotation = items[0]
        for mark in marks:
            found = self._marked(arg, mark, annotation)
            if found is not None:
                return found
        return self._plain(arg, annotation, default)

    def _marked(
        self, arg: ast.arg, mark: ast.Call, annotation: ast.expr | None
    ) -> Value | None:
        kind = shown(mark.func).split(".")[-1]
        if kind in ("Depends", "Security"):
            return self._depends(mark, annotation)
        alias = next((k.value for k in mark.keywords if k.arg == "alias"), None)
        name = text_of(self.walk.value(alias)) if alias is not None else None
        if kind == "Header":
            return Incoming("header", (name or arg.arg.replace("_", "-")).lower())
        if kind in ("Query", "Cookie", "Path"):
            what = {"Query": "query_param", "Cookie": "cookie", "Path": "path"}[kind]
            return Incoming(what, name or arg.arg)
        return self.walk.document() if kind == "Body" else None

    def _plain(
        self, arg: ast.arg, annotation: ast.expr | None, default: ast.expr | None
    ) -> Value:
        kind = shown(annotation).split(".")[-1] if annotation is not None else ""
        if kind in ("Request", "HTTPConnection") or (
            annotation is None and arg.arg == "request"  # as Starlette has it
        ):
            return Incoming("request")
        if kind == "Response":
            self._response = Answer(Known(200), None, "raw", Bag(), arg.lineno)
            return self._response
        if kind == "BackgroundTasks":
            return Foreign("logging.background")
        path = "" if self.route is None else self.route.path
        if f"{{{arg.arg}" in path:
            return Incoming("path", arg.arg.lower())
        found = self.walk.value(annotation) if annotation is not None else None
        if isinstance(found, Class) or kind.startswith(("dict", "Dict")):
            text = "FastAPI's 422 for bodies that do not fit is not drafted"
            self.findings.approximate(arg.lineno, text)
            return self.walk.document()
        given = self.walk.value(default) if default is not None else None
        return Incoming("query_param", arg.arg, given)

    def _depends(self, mark: ast.expr, annotation: ast.expr | None = None) -> Value:
        """Follow a dependency, and return what it gives."""
        args = mark.args if isinstance(mark, ast.Call) else []
        found = self.walk.value(args[0] if args else annotation)
        if found == Foreign("HTTPBearer"):
            self._bearer(mark)
            return Incoming("bearer", "authorization")
        if isinstance(found, Class):
            return Instance(found.node)
        if not isinstance(found, Function):
            text = f"the dependency `{shown(mark)}` is not understood"
            self.walk.manual(mark.lineno, text)
            return self.walk.unknown(mark)
        names = self._parameters(found.node)
        given = self.walk.call_function(found, [], names)
        if self.walk.is_answer(given):
            text = "an answer that a dependency returns (and does not raise) refuses nobody"
            self.walk.manual(mark.lineno, text)
        return given

    def _bearer(self, mark: ast.expr) -> None:
        body = Bag(put={"detail": Put(Known("Not authenticated"), mark.lineno)})
        headers = Bag(put={"WWW-Authenticate": Put(Known("Bearer"), mark.lineno)})
        answer = Answer(Known(401), body, "json", headers, mark.lineno)
        self.behaviour.placed.append(answer)
        test = Incoming("header", "authorization")
        self.behaviour.auth.append(Auth((test,), answer, mark.lineno))
        text = "HTTPBearer's own answer; before FastAPI 0.122 it was 403"
        self.findings.approximate(mark.lineno, text)
