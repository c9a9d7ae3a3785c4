"""Conditions: tests on path and method decided for the requests of one case.

A case is a path pattern with methods. Where a test tells some of its requests from the
others, those are a case of their own, put before it; for what is left the test is false.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.importing.inside import text_of
from hxroute.importing.values import Incoming, Known, Many, Op, Text, Value

__all__ = ["Case", "decided", "refined", "spelt"]

_TOKEN: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}")


@dataclass(frozen=True, slots=True)
class Case:
    """Requests: a path pattern, methods (none: any), and what parameters are known to be."""

    path: str
    methods: tuple[str, ...] = ()
    bound: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str:
        """Return a parameter's text, with `{name}` for what varies in it."""
        return dict(self.bound).get(name, f"{{{name}}}")

    def rest(self) -> str | None:
        """Return the name of the parameter that takes any rest of the path."""
        found = [match[1] for match in _TOKEN.finditer(self.path) if match[2]]
        return found[0] if found else None

    def narrowed(self, name: str, text: str) -> Case:
        """Return the case in which a parameter is a text (that may hold `{name}`)."""
        inner = text.replace(f"{{{name}}}", f"{{{name}:path}}")
        path = _TOKEN.sub(lambda m: inner if m[1] == name else m[0], self.path)
        was = self.parameter(name)
        known = {**dict(self.bound)}
        for key, value in known.items():
            known[key] = value.replace(f"{{{name}}}", text)
        known[name] = was.replace(f"{{{name}}}", text)
        return dataclasses.replace(self, path=path, bound=tuple(known.items()))


def spelt(value: Value, case: Case) -> str | None:
    """Spell a path or a part of it with `{name}` for what varies; None: it is none."""
    if isinstance(value, Incoming) and value.what == "url_path":
        return _TOKEN.sub(r"{\1}", case.path)
    if isinstance(value, Incoming) and value.what == "path":
        return case.parameter(value.name)
    if isinstance(value, Op) and value.name == "replace" and len(value.args) == 3:
        parts = [spelt(arg, case) for arg in value.args]
        if None in parts:
            return None
        of, old, new = map(str, parts)
        return of.replace(old, new) if old and old in of else of
    if isinstance(value, Text):
        parts = [spelt(part, case) for part in value.parts]
        return None if None in parts else "".join(map(str, parts))
    return text_of(value)


def decided(test: Value, case: Case) -> Value | bool:
    """Return whether a test holds, or what is left of it where that is not known."""
    if isinstance(test, Known):
        return bool(test.value)
    if not isinstance(test, Op):
        return test
    if test.name == "not":
        inner = decided(test.args[0], case)
        return not inner if isinstance(inner, bool) else Op("not", (inner,))
    if test.name in ("and", "or"):
        return _joined(test, case)
    if test.name in ("==", "in", "startswith") and len(test.args) == 2:
        found = _atom(test.name, test.args[0], test.args[1], case)
        return test if found is None else found
    return test


def _joined(test: Op, case: Case) -> Value | bool:
    ends = test.name == "or"  # the truth that decides
    left: list[Value] = []
    for item in test.args:
        found = decided(item, case)
        if found is ends:
            return ends
        if not isinstance(found, bool):
            left.append(found)
    if not left:
        return not ends
    return left[0] if len(left) == 1 else Op(test.name, tuple(left))


def _atom(name: str, left: Value, right: Value, case: Case) -> bool | None:
    """Decide a test on the path or the method; what a narrower case takes is false."""
    if name == "==" and _is_of_request(right) and not _is_of_request(left):
        left, right = right, left
    texts = _texts(right)
    if texts is None:
        return None
    if left == Incoming("method"):
        wanted = {text.upper() for text in texts}
        return bool(case.methods) and set(case.methods) <= wanted
    if not _is_of_request(left):
        return None
    path = spelt(left, case)
    if path is None:
        return None
    if name == "startswith":
        head = path.split("{", 1)[0]
        return any(head.startswith(text) for text in texts)
    return path in texts


def _is_of_request(value: Value) -> bool:
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(
        isinstance(part, Incoming) and part.what in ("url_path", "path", "method")
        for part in parts
    )


def _texts(value: Value) -> list[str] | None:
    items = value.items if isinstance(value, Many) else (value,)
    found = [text_of(item) for item in items]
    return None if None in found else [str(item) for item in found]


def refined(test: Value, case: Case) -> Iterator[Case]:
    """Yield the narrower cases that a test tells from the rest of a case."""
    if not isinstance(test, Op):
        return
    if test.name == "and":
        cases = [case]
        for item in test.args:
            if isinstance(item, Op) and item.name == "not":
                yield from refined(item, case)
                continue
            cases = [n for c in cases for n in (list(refined(item, c)) or [c])]
        yield from (found for found in cases if found != case)
    elif test.name in ("or", "not"):
        for item in test.args:
            yield from refined(item, case)
    elif test.name in ("==", "in", "startswith") and len(test.args) == 2:
        yield from _narrower(test.name, test.args[0], test.args[1], case)


def _narrower(name: str, left: Value, right: Value, case: Case) -> Iterator[Case]:
    if name == "==" and _is_of_request(right) and not _is_of_request(left):
        left, right = right, left
    texts = _texts(right)
    if texts is None or not _is_of_request(left):
        return
    if left == Incoming("method"):
        wanted = tuple(dict.fromkeys(text.upper() for text in texts))
        methods = tuple(m for m in wanted if not case.methods or m in case.methods)
        if methods and (not case.methods or set(methods) < set(case.methods)):
            yield dataclasses.replace(case, methods=methods)
        return
    path = spelt(left, case)
    for text in texts if path is not None else ():
        assert path is not None
        yield from _matching(path, text, case, whole=name != "startswith")


def _matching(path: str, text: str, case: Case, *, whole: bool) -> Iterator[Case]:
    """Yield the case in which what varies of a path makes it a text, or begin with it."""
    if whole:
        names = [match[1] for match in _TOKEN.finditer(path)]
        found = re.fullmatch(_pattern(path, case.rest()), text) if names else None
        for name, value in zip(names, found.groups() if found else (), strict=False):
            if "{" in value or "}" in value:
                return
            case = case.narrowed(name, value)
        if found:
            yield case
        return
    head, _, tail = path.partition("{")
    rest = case.rest()
    if not tail or rest is None or tail != f"{rest}}}" or head.startswith(text):
        return
    if text.startswith(head) and "{" not in text:
        more = text[len(head) :]
        if not more.endswith("/"):
            yield case.narrowed(rest, more)
            more += "/"
        yield case.narrowed(rest, f"{more}{{{rest}}}")


def _pattern(path: str, rest: str | None) -> str:
    """Return a regular expression for a path with `{name}` in it."""
    pieces: list[str] = []
    end = 0
    for match in _TOKEN.finditer(path):
        pieces.append(re.escape(path[end : match.start()]))
        pieces.append("(.*)" if match[1] == rest else "([^/]+)")
        end = match.end()
    return "".join([*pieces, re.escape(path[end:])])
