"""Validate: the document's shape, by the JSON Schema, one diagnostic a mistake."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, Final

from jsonschema import ValidationError

from hxroute.compiler.schemas import validator
from hxroute.compiler.source import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report, did_you_mean
from hxroute.span import Span

__all__ = ["validate"]

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


def validate(document: Mapping, report: Report) -> None:
    """Report every way in which the document is not of the schema's shape."""
    for error in validator().iter_errors(plain(document)):
        node, key = _locate(document, error.absolute_path)
        _REPORTERS.get(str(error.validator), _other)(error, node, key, report)


def _locate(document: Node, path: Iterable[str | int]) -> tuple[Node, Scalar | None]:
    """Return the node at a path, and the key that it is the value of."""
    node, key = document, None
    for step in path:
        if isinstance(node, Mapping):
            key, node = next(item for item in node.items if item[0].value == step)
        elif isinstance(node, Sequence) and isinstance(step, int):
            key, node = None, node.items[step]
    return node, key


def _unknown_key(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    assert isinstance(node, Mapping)
    schema: dict[str, Any] = dict(error.schema)  # type: ignore[arg-type]
    known = schema.get("properties", {})
    for name, _ in node.items:
        if name.value not in known:
            message = f"unknown key `{name.value}`"
            report.add(
                "HX101", message, name.span, help=did_you_mean(str(name.value), known)
            )


def _missing_key(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    assert isinstance(node, Mapping)
    named = error.message.split("'")[1]  # jsonschema reports each missing key by itself
    properties = dict(error.schema).get("properties", {})  # type: ignore[arg-type]
    unknown = [
        str(name.value) for name, _ in node.items if name.value not in properties
    ]
    if difflib.get_close_matches(named, unknown):
        return  # the unknown key's report says what was meant
    span = key.span if key is not None else node.span.head
    report.add("HX102", f"`{named}` is missing", span, help=f"add `{named}: …`")


def _wrong_type(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    wanted: Any = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    expects = dict(error.schema).get("expects")  # type: ignore[arg-type]
    expected = expects or " or ".join(_TYPES[name] for name in names)
    help_text = ""
    if names == ["boolean"] and isinstance(node, Scalar):
        help_text = "only `true` and `false` are booleans"
    elif (
        "string" in names
        and not expects
        and isinstance(node, Scalar)
        and node.value is not None
    ):
        help_text = "put it in quotes"
    what = "is empty" if _is_null(node) else f"is {_kind(node)}"
    message = f"{_subject(key)} {what}, not {expected}"
    report.add("HX103", message, node.span.head, help=help_text)


def _not_allowed(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    value = error.validator_value
    known = [str(item) for item in (value if isinstance(value, list) else [value])]
    shown = plain(node) if isinstance(node, Scalar) else _kind(node)
    message = f"{_subject(key)} cannot be `{shown}`"
    report.add("HX104", message, node.span.head, help=did_you_mean(str(shown), known))


def _malformed(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    expects = dict(error.schema).get("expects", "of another form")  # type: ignore[arg-type]
    span = _name_or_head(error, node)
    report.add("HX105", f"`{error.instance}` is not {expects}", span)


def _out_of_bounds(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    bound = _BOUNDS[str(error.validator)].format(error.validator_value)
    span = _name_or_head(error, node)
    subject = _subject(key) if span == node.span.head else f"`{error.instance}`"
    report.add("HX106", f"{subject} {bound}", span)


def _other(
    error: ValidationError, node: Node, key: Scalar | None, report: Report
) -> None:
    report.add("HX105", f"{_subject(key)}: {error.message}", node.span.head)


_Reporter = Callable[[ValidationError, Node, Scalar | None, Report], None]
_REPORTERS: Final[dict[str, _Reporter]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "pattern": _malformed,
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
}


def _name_or_head(error: ValidationError, node: Node) -> Span:
    """Return the place of a key that `propertyNames` refuses, else the node's."""
    if isinstance(node, Mapping) and isinstance(error.instance, str):
        return next(name.span for name, _ in node.items if name.value == error.instance)
    return node.span.head


def _subject(key: Scalar | None) -> str:
    return f"`{key.value}`" if key is not None else "this"


def _kind(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node.value, bool):
        return "a boolean"
    return "a text" if isinstance(node.value, str) else "a number"


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
