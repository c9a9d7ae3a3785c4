"""Routes: what a program registers on its app, in the order in which it matters."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, ClassVar, Final

from hxroute.importing.app import App, Middleware, Route, Router, dispatch, listed
from hxroute.importing.bags import names_in
from hxroute.importing.evaluate import Evaluator
from hxroute.importing.findings import Findings
from hxroute.importing.inside import text_of
from hxroute.importing.program import Program, shown
from hxroute.importing.values import (
    Class,
    Foreign,
    Function,
    Function_,
)

__all__ = ["read_app"]

_VERBS: Final = frozenset(
    ["get", "post", "put", "patch", "delete", "head", "options", "trace"]
)
_QUIET: Final = (
    "logging.",
    "dotenv.",
    "warnings.",
    "uvloop.",
    "sys.",
    "builtins.print",
)


class _Reader:
    """Reads the top level of a program, statement by statement."""

    def __init__(self, program: Program, findings: Findings) -> None:
        self.values = Evaluator(program, findings)
        self.findings = findings
        self.program = program
        self.app = App()
        self.routers: dict[str, Router] = {}

    def assigned(self, name: str, node: ast.expr) -> None:
        """Note an app or a router."""
        if not isinstance(node, ast.Call):
            return
        made = self.values.value(node)
        if not isinstance(made, Foreign) or made.name not in ("app", "router"):
            return
        given = {k.arg: k.value for k in node.keywords if k.arg}
        router = Router(
            text_of(self.values.value(given.get("prefix"))) or "",
            listed(given.get("dependencies")),
        )
        self.routers[name] = router
        if made.name == "app":
            self._app(router, given, node)

    def _app(self, router: Router, given: dict[str, ast.expr], node: ast.Call) -> None:
        router.routes = self.app.routes
        self.app.line = node.lineno
        closed = given.get("openapi_url")
        if isinstance(closed, ast.Constant) and closed.value is None:
            self.app.pages = False
        for item in listed(given.get("middleware")):
            if isinstance(item, ast.Call) and item.args:
                self._middleware(item.args[0], item.lineno, outermost=False)
        for item in listed(given.get("routes")):
            self._route_object(router, item)

    def _route_object(self, router: Router, item: ast.expr) -> None:
        if isinstance(item, ast.Call) and len(item.args) >= 2 and (
            shown(item.func).endswith("Route")
        ):  # fmt: skip
            self.add_route(router, item, starlette=True)
        else:
            self.findings.manual(item.lineno, f"`{shown(item)}` is not drafted")

    def function(self, node: Function_) -> None:
        """Note what the decorators of a function register."""
        for item in node.decorator_list:
            call = item if isinstance(item, ast.Call) else None
            target = call.func if call is not None else item
            if not isinstance(target, ast.Attribute):
                continue
            owner = ast.unparse(target.value)
            if owner in self.routers:
                self._decorated(self.routers[owner], target.attr, call, node)

    def _decorated(
        self, router: Router, verb: str, call: ast.Call | None, node: Function_
    ) -> None:
        if verb in _VERBS | {"api_route", "route"} and call is not None:
            self._add(router, verb, call, node)
        elif verb == "middleware":
            self.app.middlewares.insert(0, Middleware(node, node.lineno, node.name))
        elif verb == "exception_handler" and call is not None and call.args:
            self._handler(call.args[0], Function(node))
        elif verb == "on_event":
            text = (
                "start-up and shut-down code is not drafted, but for clients it makes"
            )
            self.findings.approximate(node.lineno, text)
        else:
            self.findings.manual(node.lineno, f"`{verb}` is not drafted")

    def _handler(self, of: ast.expr, function: Function) -> None:
        found = self.values.value(of)
        name = shown(of)
        if isinstance(found, Class):
            name = found.node.name
        if isinstance(found, Foreign):
            name = found.name
        if name.endswith("HTTPException"):
            name = "HTTPException"
        self.app.handlers[name] = function

    def add_route(self, router: Router, call: ast.Call, *, starlette: bool) -> None:
        """Note a route of `app.add_route(path, function)`."""
        function = self.values.value(call.args[1]) if len(call.args) > 1 else None
        given = {k.arg: k.value for k in call.keywords if k.arg}
        if function is None and "endpoint" in given:
            function = self.values.value(given["endpoint"])
        if not isinstance(function, Function):
            self.findings.manual(call.lineno, f"`{shown(call)}` is not drafted")
            return
        verb = "route" if starlette else "api_route"
        self._add(router, verb, call, function.node)

    def _add(self, router: Router, verb: str, call: ast.Call, node: Function_) -> None:
        given = {k.arg: k.value for k in call.keywords if k.arg}
        path = text_of(
            self.values.value(call.args[0] if call.args else given.get("path"))
        )
        if path is None:
            self.findings.manual(
                call.lineno, f"`{shown(call)}`: its path is no constant"
            )
            return
        methods = self._methods(verb, given.get("methods"), call)
        router.routes.append(
            Route(
                router.prefix + path,
                methods,
                node,
                call.lineno,
                (*router.dependencies, *listed(given.get("dependencies"))),
                given.get("status_code"),
            )
        )

    def _methods(
        self, verb: str, named: ast.expr | None, call: ast.Call
    ) -> tuple[str, ...]:
        """Return the methods of a route; none: any."""
        if verb in _VERBS:
            return (verb.upper(),)
        stated = names_in(self.values.value(named)) if named is not None else {}
        if stated is None:
            text = "the methods are no constants; the draft takes any"
            self.findings.approximate(call.lineno, text)
            return ()
        methods = tuple(dict.fromkeys(name.upper() for name in stated)) or ("GET",)
        odd = [name for name in methods if name.lower() not in _VERBS]
        if odd:
            text = f"{', '.join(odd)}: no method that the draft takes"
            self.findings.manual(call.lineno, text)
        methods = tuple(name for name in methods if name not in odd) or ("GET",)
        if verb == "route" and "GET" in methods and "HEAD" not in methods:
            methods = (*methods, "HEAD")
        return methods

    def statement(self, node: ast.stmt) -> None:
        """Note what a loose statement of the top level registers."""
        if isinstance(node, ast.If) and "__name__" in shown(node.test):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and shown(inner.func).endswith("run"):
                    self._server(inner)
            return
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and self._registers(call):
            return
        if isinstance(call, ast.Call):
            found = self.values.value(call.func)
            if isinstance(found, Foreign) and found.name.startswith("dotenv."):
                text = "a .env file is not read; set its variables where the gateway starts"
                self.findings.approximate(node.lineno, text)
                return
            if isinstance(found, Foreign) and found.name.startswith(_QUIET):
                return
            if shown(call.func).split(".")[0] in ("logger", "log", "logging"):
                return
        self.findings.manual(node.lineno, f"`{shown(node)}` is not understood")

    def _registers(self, call: ast.Call) -> bool:
        if not isinstance(call.func, ast.Attribute):
            return False
        if shown(call.func) == "uvicorn.run":
            self._server(call)
            return True
        router = self.routers.get(ast.unparse(call.func.value))
        method = self._REGISTER.get(call.func.attr)
        if router is None or method is None:
            return False
        method(self, router, call)
        return True

    def _server(self, call: ast.Call) -> None:
        for keyword in call.keywords:
            found = self.values.value(keyword.value)
            value = getattr(found, "value", getattr(found, "default", None))
            line = keyword.value.lineno
            if keyword.arg == "host" and isinstance(value, str):
                self.app.host = value, line
            elif keyword.arg == "port" and str(value).isdigit():
                self.app.port = int(str(value)), line

    def _include(self, router: Router, call: ast.Call) -> None:
        given = {k.arg: k.value for k in call.keywords if k.arg}
        inner = self.routers.get(ast.unparse(call.args[0])) if call.args else None
        if inner is None:
            text = f"`{shown(call)}`: the router is not in this file"
            self.findings.manual(call.lineno, text)
            return
        prefix = text_of(self.values.value(given.get("prefix"))) or ""
        more = (*router.dependencies, *listed(given.get("dependencies")))
        for item in inner.routes:
            path = router.prefix + prefix + item.path
            dependencies = (*more, *item.dependencies)
            router.routes.append(
                Route(
                    path,
                    item.methods,
                    item.function,
                    item.line,
                    dependencies,
                    item.status,
                )
            )

    def _add_route(self, router: Router, call: ast.Call) -> None:
        starlette = (
            isinstance(call.func, ast.Attribute) and call.func.attr == "add_route"
        )
        self.add_route(router, call, starlette=starlette)

    def _add_middleware(self, router: Router, call: ast.Call) -> None:
        if call.args:
            self._middleware(call.args[0], call.lineno, outermost=True)

    def _middleware(self, node: ast.expr, line: int, *, outermost: bool) -> None:
        found = self.values.value(node)
        function = dispatch(found)
        place = 0 if outermost else len(self.app.middlewares)
        item = Middleware(function, line, shown(node).split(".")[-1])
        self.app.middlewares.insert(place, item)

    def _add_handler(self, router: Router, call: ast.Call) -> None:
        function = self.values.value(call.args[1]) if len(call.args) > 1 else None
        if isinstance(function, Function):
            self._handler(call.args[0], function)
        else:
            self.findings.manual(call.lineno, f"`{shown(call)}` is not drafted")

    def _not_drafted(self, router: Router, call: ast.Call) -> None:
        self.findings.manual(call.lineno, f"`{shown(call)}` is not drafted")

    _REGISTER: ClassVar[dict[str, Callable[..., Any]]] = {
        "include_router": _include,
        "add_route": _add_route,
        "add_api_route": _add_route,
        "add_middleware": _add_middleware,
        "add_exception_handler": _add_handler,
        "mount": _not_drafted,
        "add_websocket_route": _not_drafted,
        "add_event_handler": _not_drafted,
    }


def read_app(program: Program, findings: Findings) -> App:
    """Return what a program registers."""
    reader = _Reader(program, findings)
    loose = set(map(id, program.loose))
    for node in program.statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            reader.function(node)
        elif id(node) in loose:
            reader.statement(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    reader.assigned(target.id, node.value)
    return reader.app
