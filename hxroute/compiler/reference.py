"""The reference of the language as Markdown, made from the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from hxroute.compiler import schemas

__all__ = ["Entry", "anchor", "entries", "reference"]

_HEAD: Final = """\
# The keys of routes.yaml

<!-- Made from the schema by scripts/docs; a change belongs there. -->

Every key of the language, version 1, in the order of the schema. `<name>` stands for
a name of your own, `[]` for each item of a list.
"""
_TYPES: Final = {
    "object": "a mapping",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_WIDTH: Final = 88


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of the language: its path, its schema, and where its own keys stand."""

    path: str
    schema: dict[str, Any]
    required: bool = False
    same_as: str | None = None

    @property
    def name(self) -> str:
        """The last part of the path; empty for an item of a list."""
        return "" if self.path.endswith("[]") else self.path.rsplit(".", 1)[-1]


def reference() -> str:
    """Return the reference: a section for each key at the top of the file."""
    found = list(entries())
    top = [entry for entry in found if _is_top(entry)]
    contents = "\n".join(f"- {_link(entry.path)}" for entry in top)
    return "\n".join([_HEAD, contents, "", *map(_section, found)])


def entries() -> Iterator[Entry]:
    """Yield every key of the language, as it stands in the schema.

    Keys that several places share are told once under each key at the top.
    """
    whole = schemas.document()
    for name, schema in whole["properties"].items():
        yield from _entries(name, schema, whole, {}, required=name in whole["required"])


def anchor(path: str) -> str:
    """Return the name under which GitHub shows the heading of a path."""
    return re.sub(r"[^\w -]", "", _title(path).lower()).replace(" ", "-")


def _entries(
    path: str,
    schema: dict[str, Any],
    whole: dict[str, Any],
    told: dict[str, str],
    *,
    required: bool,
) -> Iterator[Entry]:
    place = schema.get("$ref", "")
    schema = schemas.resolved(schema, whole)
    same_as = told.get(place)
    yield Entry(path, schema, required, same_as)
    if same_as is not None:
        return
    if place and "properties" in schema:
        told[place] = path
    wanted = schema.get("required", ())
    for name, child in _children(schema, whole):
        yield from _entries(
            path + name, child, whole, told, required=name[1:] in wanted
        )


def _children(
    schema: dict[str, Any], whole: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what stands below a schema, with what its path goes on with."""
    for name, child in schema.get("properties", {}).items():
        yield f".{name}", child
    for step, key in ((".<name>", "additionalProperties"), ("[]", "items")):
        child = schema.get(key) or {}
        own = schemas.resolved(child, whole).get("properties")
        if own is not None and own != schema.get("properties"):  # a list of such
            yield step, child


def _section(entry: Entry) -> str:
    schema = entry.schema
    marks = "##" if _is_top(entry) else "###"
    parts = [f"{marks} {_title(entry.path)}", f"*{_facts(entry)}*", _described(schema)]
    if entry.same_as is not None:
        parts.append(f"Its keys are those of {_link(entry.same_as)}.")
    return "\n\n".join([*parts, _examples(entry)]) + "\n"


def _facts(entry: Entry) -> str:
    """Say what a value may be, and what it is where nothing is stated."""
    facts = [_kind(entry.schema)]
    if "default" in entry.schema:
        default = entry.schema["default"]
        shown = default if isinstance(default, str) else json.dumps(default)
        facts.append(f"default `{shown}`")
    return "; ".join([*facts, *(["required"] if entry.required else [])])


def _described(schema: dict[str, Any]) -> str:
    text: str = schema["description"]
    return re.sub(r" Default \S+\.$", "", text) if "default" in schema else text


def _title(path: str) -> str:
    return f"`{path}`, each" if path.endswith("[]") else f"`{path}`"


def _is_top(entry: Entry) -> bool:
    return re.fullmatch(r"\w+", entry.path) is not None


def _link(path: str) -> str:
    return f"[`{path}`](#{anchor(path)})"


def _kind(schema: dict[str, Any]) -> str:
    """Say in words what a value may be."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{item}`" for item in schema["enum"])
    types = schema.get("type", "string")
    listed = [types] if isinstance(types, str) else types
    if len(listed) == len(_TYPES):
        return "anything"
    kinds = [_bounded(schema, name) for name in listed if name != "array"]
    if "expects" in schema:
        kinds = [schema["expects"]]
    if "array" in listed:
        item = _kind(schemas.resolved(schema["items"], schemas.document()))
        kinds.append("a list of such" if kinds else f"a list, each {item}")
    return ", or ".join(kinds)


def _bounded(schema: dict[str, Any], type: str) -> str:
    if type == "integer" and "maximum" in schema:
        return f"{_TYPES[type]} from {schema['minimum']} to {schema['maximum']}"
    return _TYPES[type]


def _examples(entry: Entry) -> str:
    shown = [_yaml(entry, value) for value in entry.schema["examples"]]
    return "```yaml\n" + "# or\n".join(shown) + "```"


def _yaml(entry: Entry, value: object) -> str:
    """Write an example as it stands in a file."""
    name = entry.name.strip("<>")
    data = {name: value} if name else [value]
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=_WIDTH)
    flat = yaml.safe_dump(
        data,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
        default_flow_style=None,
    )
    return flat if len(flat.splitlines()) < len(text.splitlines()) else text
