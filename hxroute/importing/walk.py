"""Walk: the statements of a function, one after the other, for one case.

What a statement changes is in the values and the behaviour afterwards; one of which
nothing is understood is a finding for the reader, with its line. None is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from hxroute.importing import loops, storing, trying
from hxroute.importing.behaviour import Behaviour
from hxroute.importing.branches import (
    Budget,
    acts,
    guards_of,
    is_known,
    is_one,
    merged,
    writes_log,
    yields,
)
from hxroute.importing.conditions import decided, refined
from hxroute.importing.ends import Ends
from hxroute.importing.findings import Findings
from hxroute.importing.methods import HARMLESS
from hxroute.importing.placing import Context
from hxroute.importing.program import Program, shown
from hxroute.importing.values import (
    Bag,
    Choice,
    Field,
    Foreign,
    Function,
    Incoming,
    Known,
    Option,
    Unknown,
    Value,
)

__all__ = ["Walk"]

_MOST_CALLS: Final = 12
"""Functions of the program that are followed into each other."""


class Walk(Ends):
    """Follows one case through middlewares, dependencies and a handler."""

    def __init__(
        self,
        program: Program,
        findings: Findings,
        behaviour: Behaviour,
        budget: Budget,
    ) -> None:
        super().__init__(program, findings, behaviour)
        self.budget = budget
        self._stack: list[ast.AST] = []
        self._returned: list[list[Option]] = []
        self._base = 0
        self._entries: list[tuple[int, Context]] = []
        self._document: Bag | None = None
        self.loop: tuple[Bag, int] | None = None

    def document(self) -> Bag:
        """Return the JSON body of the request, the same one each time."""
        if self._document is None:
            self._document = Bag(Incoming("json"))
        self.json_was_read = True
        return self._document

    def call_function(
        self, function: Function, args: list[Value], named: dict[str, Value]
    ) -> Value:
        """Follow a function of the program; return what it gives."""
        node = function.node
        if node in self._stack or len(self._stack) >= _MOST_CALLS:
            self.manual(
                node.lineno, f"`{node.name}` calls itself, or is called too deep"
            )
            return Unknown(node.name, node.lineno)
        self._decorators(node)
        own = loops.parameters(self, node, args, named)
        names, self.names = self.names, {**(function.around or {}), **own}
        self._stack.append(node)
        self._returned.append([])
        self._entries.append((len(self.guards), self.context))
        guards = self.guards
        try:
            ended = self.run(node.body)
            options = self._returned[-1]
        finally:
            self._returned.pop()
            self._entries.pop()
            self._stack.pop()
            self.names, self.guards = names, guards
        if not ended and not yields(node):
            options.append(Option(Known(None)))
        if len(options) == 1 and not options[0].caught:
            return options[0].value
        return Choice(tuple(options)) if options else Known(None)

    def copy_field(self, bag: Bag, key: Field, value: Value, line: int) -> None:
        """Copy the fields of a loop that come so far."""
        loops.copied(self, bag, key, value, line)

    def handle(self, node: Any) -> Value:
        """Follow a function whose names are bound, and return what it gives."""
        self._decorators(node)
        self._stack.append(node)
        self._returned.append([])
        base, self._base = self._base, len(self._returned)
        self._entries.append((len(self.guards), self.context))
        try:
            if not self.run(node.body):
                self._returned[-1].append(Option(Known(None)))
            options = self._returned[-1]
        finally:
            self._returned.pop()
            self._base = base
            self._entries.pop()
            self._stack.pop()
        return options[0].value if is_one(options) else Choice(tuple(options))

    def _decorators(self, node: Any) -> None:
        """Leave decorators to the reader that may do what is not seen."""
        for item in node.decorator_list:
            if not is_known(item):
                text = f"the decorator `@{shown(item)}` is not understood"
                self.manual(item.lineno, text)

    def run(self, body: Sequence[ast.stmt]) -> bool:
        """Follow statements; True where none goes on behind them."""
        guards = self.guards
        try:
            return any(self.statement(node) for node in body)
        finally:
            self.guards = guards

    def statement(self, node: ast.stmt) -> bool:
        """Follow one statement; True where it ends the function, or a loop's turn."""
        method = self._STATEMENTS.get(type(node))
        if method is None or not self.budget.take():
            self.manual(node.lineno, f"`{shown(node)}` is not understood")
            return False
        return method(self, node)

    def _expression(self, node: ast.Expr) -> bool:
        if isinstance(node.value, ast.Constant):
            return False
        if isinstance(node.value, ast.Yield):
            self._returned[-1].append(Option(self.value(node.value.value)))
            return False
        found = self.value(node.value)
        if isinstance(found, Unknown) or (
            isinstance(found, Foreign) and not isinstance(node.value, ast.Call)
        ):
            self.manual(node.lineno, f"`{shown(node)}` is not understood")
        elif found == HARMLESS and writes_log(node):
            self.findings.approximate(
                node.lineno, "a log line; the gateway writes its own access log"
            )
        return False

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> bool:
        if node.value is None:
            return False
        found = self.value(node.value)
        if isinstance(found, Unknown) and acts(node.value):
            self.manual(node.lineno, f"`{shown(node)}` is not understood")
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            storing.store(self, target, found, node)
        return False

    def _augment(self, node: ast.AugAssign) -> bool:
        storing.augment(self, node)
        return False

    def _delete(self, node: ast.Delete) -> bool:
        for target in node.targets:
            storing.delete(self, target)
        return False

    def _if(self, node: ast.If) -> bool:
        whole = self.value(node.test)
        case = self.behaviour.case
        for narrower in refined(whole, case):
            self.behaviour.narrower.append((narrower, node.lineno))
        test = decided(whole, case)
        if isinstance(test, bool):
            return self.run(node.body if test else node.orelse)
        if isinstance(test, Choice) and self.is_answer(test):
            self.run(
                node.body
            )  # `if denied: return denied`; the function has the tests
            return False
        return self._both(node, test)

    def _both(self, node: ast.If, test: Value) -> bool:
        guards, before = self.guards, dict(self.names)
        self.went_on = False
        self.guards = (*guards, *guards_of(test, node.lineno, truth=True))
        ended = self.run(node.body)
        sticky = ended and self.went_on
        after, self.names = self.names, before
        self.guards = (*guards, *guards_of(test, node.lineno, truth=False))
        otherwise = self.run(node.orelse)
        self.guards = guards
        if ended and otherwise:
            return True
        if otherwise:
            self.names = after
        elif not ended:
            self.names = merged(test, after, self.names)
        if sticky:
            self.guards = (*guards, *guards_of(test, node.lineno, truth=False))
        return False

    def _return(self, node: ast.Return) -> bool:
        found = self.value(node.value)
        self.went_on = self.passes_on(found)
        depth, entered = self._entries[-1]
        context = Context() if self.context is entered else self.context
        if isinstance(found, Unknown) and acts(node.value):
            self.manual(node.lineno, f"`{shown(node)}` is not understood")
        if len(self._returned) == self._base:
            found = self.as_answer(found, node.lineno)
        self._returned[-1].append(
            Option(
                found,
                self.guards[depth:],
                context.caught,
                context.catches_call,
                context.catches_json,
            )
        )
        return True

    def _raise(self, node: ast.Raise) -> bool:
        self.went_on = False
        self.raised(node)
        return True

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            found = self.value(item.context_expr)
            if isinstance(item.optional_vars, ast.Name):
                self.names[item.optional_vars.id] = found
            if isinstance(found, Unknown | Foreign):
                text = f"`with {shown(item.context_expr)}` is not understood"
                self.manual(node.lineno, text)
        return self.run(node.body)

    def _skip(self, node: ast.stmt) -> bool:
        return False

    def _continue(self, node: ast.stmt) -> bool:
        self.went_on = True
        return True

    def _import(self, node: ast.Import | ast.ImportFrom) -> bool:
        storing.imported(self, node)
        return False

    def _function(self, node: Any) -> bool:
        self.names[node.name] = Function(node, self.names)
        return False

    _STATEMENTS: ClassVar[dict[type[ast.stmt], Callable[..., bool]]] = {
        ast.Expr: _expression,
        ast.Assign: _assign,
        ast.AnnAssign: _assign,
        ast.AugAssign: _augment,
        ast.Delete: _delete,
        ast.If: _if,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.Try: trying.follow,
        ast.With: _with,
        ast.AsyncWith: _with,
        ast.For: loops.follow,
        ast.AsyncFor: loops.follow,
        ast.Pass: _skip,
        ast.Global: _skip,
        ast.Nonlocal: _skip,
        ast.Break: _continue,
        ast.Continue: _continue,
        ast.Import: _import,
        ast.ImportFrom: _import,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
    }
