"""Shapes: what is said of each way in which a value is not of the schema's shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from jsonschema import ValidationError

from hxroute.compiler.cures import SPELT, cure_of_bound, cure_of_form, cure_of_type
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report, did_you_mean, nearest
from hxroute.span import Span

__all__ = ["Found", "Path", "mistake"]

Path = tuple[str | int, ...]

_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_BOUNDS: Final = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must not be empty",
    "maxLength": "must have at most {} characters",
    "minItems": "must not be empty",
    "maxItems": "must have at most {} items",
    "minProperties": "must not be empty",
    "maxProperties": "must have at most {} keys",
}
_SHOWN: Final = 60
"""Characters of a value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the wrong shape: where it is, and the key that it is the value of."""

    error: ValidationError
    path: Path
    node: Node
    key: Scalar | None

    @property
    def schema(self) -> dict[str, Any]:
        """The schema that was not met."""
        return dict(self.error.schema)  # type: ignore[arg-type]

    @property
    def about(self) -> Path:
        """The path of what is wrong: the value, or one of its keys."""
        if self.error.validator == "required":
            # jsonschema reports each missing key by itself
            return (*self.path, self.error.message.split("'")[1])
        if isinstance(self.node, Mapping) and isinstance(self.error.instance, str):
            return (*self.path, self.error.instance)  # of `propertyNames`
        return self.path

    @property
    def subject(self) -> str:
        """The value, in the words of the file."""
        return f"`{self.key.value}`" if self.key is not None else "this"

    def code(self, otherwise: str) -> str:
        """Return the code that the schema has for values of its kind."""
        return str(self.schema.get("code", otherwise))


def mistake(found: Found, report: Report) -> Iterable[Path]:
    """Report a mistake of shape; return the paths that say nothing any more."""
    return _REPORTERS.get(str(found.error.validator), _other)(found, report)


def _unknown_keys(found: Found, report: Report) -> Iterable[Path]:
    assert isinstance(found.node, Mapping)
    known = found.schema.get("properties", {})
    names = [name for name, _ in found.node.items]
    free = set(known) - {name.value for name in names}
    for name in names:
        if name.value in known or report.full:
            continue
        shown = str(name.value)
        message = f"unknown key `{_cut(shown)}`"
        report.add("HX101", message, name.span, help=_where(shown, known))
        yield (*found.path, shown)
        for meant in nearest(shown, free):
            yield (*found.path, meant)  # it is there, if misspelt


def _where(name: str, known: dict[str, Any]) -> str:
    """Say what a key that is not known here may mean, or under which key it belongs."""
    if name == "<<":
        return "merge keys are not in the language: write the keys out"
    under = [key for key, part in known.items() if name in part.get("properties", {})]
    if under and not nearest(name, known):
        return "it belongs under " + " or ".join(f"`{key}`" for key in under)
    return did_you_mean(name, known)


def _missing_key(found: Found, report: Report) -> Iterable[Path]:
    assert isinstance(found.node, Mapping)
    named = str(found.about[-1])
    known = found.schema.get("properties", {})
    unknown = [
        str(name.value) for name, _ in found.node.items if name.value not in known
    ]
    wanted = found.schema["required"] if not found.node.items else [named]
    if named != wanted[0]:  # of nothing at all, the first one's report says it
        return [found.path]
    if not nearest(named, unknown):  # else that key's report says it
        span = found.key.span if found.key is not None else found.node.span.head
        *others, last = (f"`{name}`" for name in wanted)
        missing = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        cure = ", ".join(_added(name, known) for name in wanted)
        report.add("HX102", f"{missing} missing", span, help=cure.replace(", add", ","))
    return [found.path]


def _added(name: str, known: dict[str, Any]) -> str:
    only = known.get(name, {}).get("const")
    return f"add `{name}: {'…' if only is None else only}`"


def _wrong_type(found: Found, report: Report) -> Iterable[Path]:
    node, wanted = found.node, cast("str | list[str]", found.error.validator_value)
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if names == ["boolean"] and isinstance(node, Scalar):
        return _no_boolean(found, node, report)
    expects = found.schema.get("expects")
    expected = expects or " or ".join(_TYPES[name] for name in names)
    help_text = cure_of_type(plain(node), found.schema)
    what = "is empty" if _is_null(node) else f"is {_kind(node)}"
    message = f"{found.subject} {what}, not {expected}"
    report.add(found.code("HX103"), message, node.span.head, help=help_text)
    return [found.path]


def _no_boolean(found: Found, node: Scalar, report: Report) -> Iterable[Path]:
    spelt = SPELT.get(str(node.value).lower())
    if spelt is None:
        what = "is empty" if _is_null(node) else f"is {_kind(node)}"
        message = f"{found.subject} {what}, not true or false"
        help_text = "only `true` and `false` are booleans"
        report.add("HX103", message, node.span.head, help=help_text)
    else:
        message = f"{found.subject} is spelt `{node.value}`, which is no boolean"
        report.add("HX108", message, node.span, help=f"write `{spelt}`")
    return [found.path]


def _not_allowed(found: Found, report: Report) -> Iterable[Path]:
    value = found.error.validator_value
    known = [str(item) for item in (value if isinstance(value, list) else [value])]
    node = found.node
    shown = str(plain(node)) if isinstance(node, Scalar) else _kind(node)
    message = f"{found.subject} cannot be `{_cut(shown)}`"
    help_text = did_you_mean(shown, known) or cure_of_type(shown, found.schema)
    report.add("HX104", message, node.span.head, help=help_text)
    return [found.path]


def _malformed(found: Found, report: Report) -> Iterable[Path]:
    expects = found.schema.get("expects", "of another form")
    message = f"`{_cut(str(found.error.instance))}` is not {expects}"
    help_text = cure_of_form(found.error.instance, found.schema)
    report.add(found.code("HX105"), message, _name_or_value(found), help=help_text)
    return [found.about]


def _out_of_bounds(found: Found, report: Report) -> Iterable[Path]:
    bound = _BOUNDS[str(found.error.validator)].format(found.error.validator_value)
    is_value = found.about == found.path
    subject = found.subject if is_value else f"`{_cut(str(found.error.instance))}`"
    help_text = cure_of_bound(found.schema)
    report.add(
        found.code("HX106"), f"{subject} {bound}", _name_or_value(found), help=help_text
    )
    return [found.about]


def _repeated(found: Found, report: Report) -> Iterable[Path]:
    seen: set[object] = set()
    for item in found.node.items if isinstance(found.node, Sequence) else ():
        if not isinstance(item, Scalar):
            continue  # which is mistake enough
        if item.value in seen:
            message = f"`{_cut(str(item.value))}` is listed twice"
            report.add("HX105", message, item.span, help="remove one of them")
            break
        seen.add(item.value)
    return []


def _other(found: Found, report: Report) -> Iterable[Path]:
    message = f"{found.subject}: {_cut(found.error.message)}"
    report.add("HX105", message, found.node.span.head)
    return []


_Reporter = Callable[[Found, Report], Iterable[Path]]
_REPORTERS: Final[dict[str, _Reporter]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "pattern": _malformed,
    "uniqueItems": _repeated,
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
}


def _name_or_value(found: Found) -> Span:
    """Return the place of a key that `propertyNames` refuses, or of the value."""
    if isinstance(found.node, Mapping) and found.about != found.path:
        key = found.node.key(str(found.about[-1]))
        assert key is not None
        return key.span
    return found.node.span.head


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _kind(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    value = plain(node)
    if isinstance(value, bool):
        return "a boolean"
    return "a text" if isinstance(value, str) else "a number"


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
