"""Values: what an expression of the old program stands for, as far as one can tell.

A value is a constant, something of the environment, of the request, of the upstream's
answer, or made of those; else it is `Unknown`. `Bag` and `Answer` change; others do not.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal, Union

__all__ = [
    "Answer",
    "Bag",
    "Call",
    "Caught",
    "Choice",
    "Class",
    "Client",
    "Field",
    "Foreign",
    "Function",
    "Guard",
    "Incoming",
    "Instance",
    "Known",
    "Many",
    "Op",
    "Option",
    "Part",
    "Put",
    "Setting",
    "Text",
    "Unknown",
    "Value",
    "joined",
]

Function_ = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Known:
    """A constant."""

    value: object


@dataclass(frozen=True, slots=True)
class Many:
    """A list, tuple or set of values."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of the environment: the first variable that is set, else the default."""

    env: tuple[str, ...]
    default: object = None
    type: Literal["string", "boolean", "integer", "number"] = "string"
    name: str = ""
    line: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Texts one after the other."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something of the request: its method, a header, its body."""

    what: str
    name: str = ""
    default: Value | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """The name or the value of each field in a loop over fields."""

    of: Value
    which: Literal["name", "value"]


@dataclass(frozen=True, slots=True)
class Op:
    """An operation over values."""

    name: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """An HTTP client and its own defaults."""

    library: str
    line: int
    base: Value | None = None
    timeout: Value | None = None
    follow: Value | None = None
    headers: Value | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an upstream."""

    client: Client
    method: Value
    url: Value
    line: int
    headers: Value | None = None
    content: Value | None = None
    params: Value | None = None
    timeout: Value | None = None
    follow: Value | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the upstream's answer: its status, its headers, its content."""

    call: Call
    name: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Caught:
    """An exception that an `except` has caught."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the program, and the names around one inside another."""

    node: Function_
    around: dict[str, Value] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the program."""

    node: ast.ClassDef


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the program."""

    of: ast.ClassDef


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something imported, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """What cannot be told, in the program's words."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Guard:
    """A test that could not be decided, and which way it went."""

    test: Value
    truth: bool
    line: int


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values that a function may give, and where it gives it."""

    value: Value
    guards: tuple[Guard, ...] = ()
    caught: tuple[str, ...] = ()
    catches_call: bool = False
    catches_json: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What a function gives that has several ends."""

    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """A member that is set, and under which tests."""

    value: Value
    line: int
    when: tuple[Guard, ...] = ()


@dataclass(eq=False, slots=True)
class Bag:
    """A mapping: what it began with, what was taken out of it and put in.

    `origin` is the request's headers, the answer's, the JSON body, or None: then it
    began empty. `keep` lists the only names taken from the origin.
    """

    origin: Value | None = None
    drop: dict[str, int] = field(default_factory=dict)
    keep: dict[str, int] | None = None
    put: dict[str, Put] = field(default_factory=dict)
    odd: list[tuple[int, str]] = field(default_factory=list)
    moved: dict[str, tuple[str, int, tuple[Guard, ...]]] = field(default_factory=dict)

    def copy(self) -> Bag:
        """Return another of the same content."""
        keep = None if self.keep is None else dict(self.keep)
        return Bag(
            self.origin,
            dict(self.drop),
            keep,
            dict(self.put),
            list(self.odd),
            dict(self.moved),
        )

    def remove(self, name: str, line: int) -> None:
        """Take a member out."""
        self.put = {k: v for k, v in self.put.items() if k.lower() != name.lower()}
        self.drop.setdefault(name.lower() if self.is_fields else name, line)

    def store(self, name: str, put: Put) -> None:
        """Put a member in."""
        self.put = {
            k: v
            for k, v in self.put.items()
            if k.lower() != name.lower() or (k == name and put.when)
        }
        earlier = self.put.get(name)
        if earlier is not None and put.when and earlier.when != put.when:
            test = put.when[-1]
            either = (put.value, earlier.value) if test.truth else ()
            if either and not earlier.when:
                value = Op("either", (test.test, *either))
                put = Put(value, put.line, put.when[:-1])
            elif either:
                other = Op("either", (joined(earlier.when), earlier.value, Known(None)))
                value = Op("either", (joined(put.when), put.value, other))
                put = Put(value, put.line)
        self.put[name] = put

    @property
    def is_fields(self) -> bool:
        """Whether it began as header fields."""
        origin = self.origin
        if isinstance(origin, Incoming):
            return origin.what == "headers"
        return isinstance(origin, Part) and origin.name == "headers"


@dataclass(eq=False, slots=True)
class Answer:
    """An answer to the client."""

    status: Value
    body: Value | None
    form: Literal["json", "text", "raw"]
    headers: Bag
    line: int
    media: Value | None = None
    exception: bool = False


Value = Union[  # noqa: UP007  names of classes that are defined above
    Known, Many, Setting, Text, Incoming, Field, Op, Client, Call, Part, Caught,
    Function, Class, Instance, Foreign, Unknown, Bag, Answer, Choice,
]  # fmt: skip


def joined(guards: tuple[Guard, ...]) -> Value:
    """Return what several tests come to."""
    tests = tuple(g.test if g.truth else Op("not", (g.test,)) for g in guards)
    return tests[0] if len(tests) == 1 else Op("and", tests)
