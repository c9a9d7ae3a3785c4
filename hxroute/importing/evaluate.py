"""Evaluate: an expression of the program to a value."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any, ClassVar, Final

from hxroute.importing import calls, members, settings
from hxroute.importing.bags import key_of, merge
from hxroute.importing.collect import comprehension
from hxroute.importing.findings import Findings
from hxroute.importing.operators import OPERATORS, flat
from hxroute.importing.program import Program, shown
from hxroute.importing.values import (
    Bag,
    Call,
    Class,
    Foreign,
    Function,
    Guard,
    Incoming,
    Known,
    Many,
    Op,
    Put,
    Unknown,
    Value,
)

__all__ = ["Evaluator"]

_DEEP: Final = 60
"""Nested expressions and calls after which nothing more is followed."""

_COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "==",
    ast.IsNot: "!=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
}
_NEGATED: Final = {"!=": "==", "not in": "in"}


class Evaluator:
    """Evaluates in the names of a function, then in those of the program."""

    def __init__(self, program: Program, findings: Findings) -> None:
        self.program = program
        self.findings = findings
        self.names: dict[str, Value] = {}
        self.guards: tuple[Guard, ...] = ()
        self.last_call: Call | None = None
        self._globals: dict[str, Value] = {}
        self._depth = 0

    def value(self, node: ast.expr | None) -> Value:
        """Evaluate an expression."""
        if node is None:
            return Known(None)
        method = self._EXPRESSIONS.get(type(node))
        if method is None or self._depth > _DEEP:
            return self.unknown(node)
        self._depth += 1
        try:
            return method(self, node)
        finally:
            self._depth -= 1

    def unknown(self, node: ast.expr) -> Unknown:
        """Return a value of which nothing is known."""
        return Unknown(shown(node), node.lineno)

    def call_function(
        self, function: Function, args: list[Value], named: dict[str, Value]
    ) -> Value:
        """Return what a function of the program gives; a walk follows it."""
        return Unknown(function.node.name, function.node.lineno)

    def document(self) -> Bag:
        """Return the request's JSON body, the one that is changed from line to line."""
        return Bag(Incoming("json"))

    def not_followed(self, node: ast.Call) -> None:
        """Note a call of which nothing is known."""

    def status_is_raised(self, line: int) -> None:
        """Note that an upstream's error status becomes an exception."""

    def inner(self) -> Value:
        """Return what a middleware gets from what it calls."""
        return Op("downstream", ())

    def name(self, name: str) -> Value | None:
        """Look a name up."""
        if name in self.names:
            return self.names[name]
        program = self.program
        if name in self._globals:
            return self._globals[name]
        if name in program.assigned:
            self._globals[name] = Unknown(name, program.lines.get(name, 0))
            self._globals[name] = self._global(name)
            return self._globals[name]
        if name in program.functions:
            return Function(program.functions[name])
        if name in program.classes:
            return Class(program.classes[name])
        if name in program.imports:
            return Foreign(program.imports[name])
        return None

    def state(self, name: str) -> Value | None:
        """Look up what a function has left on `app.state`, with its names at hand."""
        found = self.program.state.get(name)
        if found is None or self._depth > _DEEP:
            return None
        node, function = found
        names, guards = self.names, self.guards
        self.names, self.guards = {}, ()
        self._depth += 1
        try:
            for item in function.body if function is not None else ():
                if isinstance(item, ast.Assign) and isinstance(
                    item.targets[0], ast.Name
                ):
                    self.names[item.targets[0].id] = self.value(item.value)
            return self.value(node)
        finally:
            self._depth -= 1
            self.names, self.guards = names, guards

    def _global(self, name: str) -> Value:
        """Evaluate a name of the top level there, not among a function's names."""
        names, guards = self.names, self.guards
        self.names, self.guards = {}, ()
        try:
            found = self.value(self.program.assigned[name])
        finally:
            self.names, self.guards = names, guards
        return settings.named(found, name, self.program.lines.get(name, 0))

    def _name(self, node: ast.Name) -> Value:
        found = self.name(node.id)
        if found is not None:
            return found
        if hasattr(builtins, node.id):
            return Foreign(f"builtins.{node.id}")
        return self.unknown(node)

    def _constant(self, node: ast.Constant) -> Value:
        return Known(node.value)

    def _joined(self, node: ast.JoinedStr) -> Value:
        return flat(
            [
                self.value(item.value if isinstance(item, ast.FormattedValue) else item)
                for item in node.values
            ]
        )

    def _many(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items: list[Value] = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                inner = self.value(item.value)
                if not isinstance(inner, Many):
                    return self.unknown(node)
                items += inner.items
            else:
                items.append(self.value(item))
        return Many(tuple(items))

    def _dict(self, node: ast.Dict) -> Value:
        bag = Bag()
        for key, item in zip(node.keys, node.values, strict=True):
            found = self.value(item)
            if key is None:
                if not merge(bag, found, self.guards):
                    bag.odd.append((node.lineno, shown(item)))
                continue
            name = key_of(self.value(key))
            if name is None:
                bag.odd.append((key.lineno, shown(key)))
            else:
                bag.store(name, Put(found, item.lineno))
        return bag

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        method = OPERATORS.get(type(node.op))
        found = None if method is None else method(left, right)
        return self.unknown(node) if found is None else found

    def _bool(self, node: ast.BoolOp) -> Value:
        found = tuple(self.value(item) for item in node.values)
        if isinstance(node.op, ast.And):
            return Op("and", found)
        return settings.chained(found) or Op("or", found)

    def _unary(self, node: ast.UnaryOp) -> Value:
        found = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return Op("not", (found,))
        if isinstance(found, Known) and isinstance(found.value, int | float):
            return Known(-found.value)
        return self.unknown(node)

    def _compare(self, node: ast.Compare) -> Value:
        left = self.value(node.left)
        tests: list[Value] = []
        for op, item in zip(node.ops, node.comparators, strict=True):
            right, word = self.value(item), _COMPARISONS[type(op)]
            test: Value = Op(_NEGATED.get(word, word), (left, right))
            test = settings.as_boolean(test) or test
            tests.append(Op("not", (test,)) if word in _NEGATED else test)
            left = right
        return tests[0] if len(tests) == 1 else Op("and", tuple(tests))

    def _either(self, node: ast.IfExp) -> Value:
        test, yes, no = (self.value(n) for n in (node.test, node.body, node.orelse))
        if isinstance(test, Known):
            return yes if test.value else no
        return Op("either", (test, yes, no))

    def _attribute(self, node: ast.Attribute) -> Value:
        return members.attribute(self, node)

    def _subscript(self, node: ast.Subscript) -> Value:
        return members.item(self, node)

    def _call(self, node: ast.Call) -> Value:
        return calls.call(self, node)

    def _inner(self, node: ast.Await | ast.NamedExpr | ast.Starred) -> Value:
        found = self.value(node.value)
        if isinstance(node, ast.NamedExpr):
            self.names[node.target.id] = found
        return found

    def _comprehension(self, node: Any) -> Value:
        return comprehension(self, node)

    _EXPRESSIONS: ClassVar[dict[type[ast.expr], Callable[..., Value]]] = {
        ast.Name: _name,
        ast.Constant: _constant,
        ast.JoinedStr: _joined,
        ast.List: _many,
        ast.Tuple: _many,
        ast.Set: _many,
        ast.Dict: _dict,
        ast.BinOp: _binary,
        ast.BoolOp: _bool,
        ast.UnaryOp: _unary,
        ast.Compare: _compare,
        ast.IfExp: _either,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.Call: _call,
        ast.Await: _inner,
        ast.NamedExpr: _inner,
        ast.Starred: _inner,
        ast.DictComp: _comprehension,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
    }
