"""Mutations that keep a routes file YAML, so that they get behind the parser.

Subtrees are replaced by others in JSON, which is YAML on one line wherever it stands.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import yaml

from hxroute.compiler import schemas
from tests.fuzz.corpus import files

__all__ = ["mutated", "mutated_template", "words"]

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOKEN: Final = re.compile(r"(\w+|\{\{|\}\}|\{%|%\}|\{#|#\}|[^\w\s]|\s+)")

EXPRESSIONS: Final = (
    *("settings.key", "settings.limit", "settings.url", "settings.nope", "settings"),
    *("path.id", "path['id']", "query.q", "headers.x", "headers['x-a']", "client.host"),
    *("body", "body.items", "body[0]", "error.kind", "error.detail", "error.max_size"),
    *("none", "true", "1", "0", "-1", "1.5", "1e400", "'a'", '"b"', "''", "[]", "()"),
    *("[1, path.id]", "{}", "{'a': 1}", "9" * 30, "'\\x00'", "'\u2028'", "x", "self"),
)
OPERATORS: Final = (
    *(" ~ ", " + ", " - ", " * ", " / ", " % ", " ** ", " and ", " or ", " == ", " < "),
    *(" in ", " not in ", " if ", " else ", " is ", " is not ", "|", ".", ", ", ":"),
)
PIECES: Final = (
    *("not ", "-", "(", ")", "[", "]", "{", "}", "{{", "}}", "{{-", "-}}", "{%", "%}"),
    *("{#", "#}", "{% raw %}", "{% endraw %}", "{% if 1 %}", "loop", "range(9)", "()"),
    *("default(1)", "default", "d('x', true)", "join(',')", "length", "int", "abs"),
    *("tojson", "upper", "lower", "trim", "string", "first", "last", "float", "safe"),
    *("defined", "none", "number", "mapping", "sequence", "in [1]", "eq 1", "boolean"),
    *("\n", "\r\n", "\t", "\\", "'", '"', "é", "\u2028", "\ud800", "\0", "#", ";"),
)
SCALARS: Final = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        1.5,
        1e308,
        2**31,
        2**64,
        10**30,
        200,
        204,
        404,
        599,
    ),
    *("", " ", "none", "no", "yes", "api", "openai", "problem", "as_sent", "strict"),
    *("1s", "250ms", "1MiB", "64KiB", "0", "30", "1 day", "5xx", "4xx", "404", "*"),
    *("/", "/x", "/x/{id}", "/{rest:path}", "/a/{b}/{c:path}", "/%2e", "/%zz", "/é"),
    *("/x//y", "/{id", "x", "GET", "get", "G T", "authorization", "Cookie", "Host"),
    *("x-a", "x a", "http://a", "https://a:1/b", "ftp://a", "http://u:pw0rd@a", "//a"),
    *("é", "日本", "👩\u200d🚀", "\u2028", "\x85", "\t", "\n", "a\nb", "\x1b[31m"),
    *("\u202e", "\ufeff", "\0", "\x7f", "sk-abcdefghij0123456789", "Zq7constant9x"),
    *(
        "hf_abcdefghij0123456789",
        "AKIAABCDEFGHIJKLMNOP",
        "x" * 500,
        "{{ settings.key }}",
    ),
    *("{{ path.id }}", "{{ query.q ~ 1 }}", "{{ settings.limit + 1 }}", "{{ nope }}"),
)

_SIGNS: Final = [*"{}/%:.-_ 0aZé*&#", "", "\u2028", "\r\n", "\ufeff"]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A subtree in a text: where it stands, and whether a line end follows it."""

    start: int
    end: int
    column: int
    is_block: bool = False
    is_key: bool = False


def mutated(text: str, random: Random) -> str:
    """Return a file after a few mutations that know YAML, most of the time."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        change = random.choice(_CHANGES)
        text = change(text, random)
    return text


def mutated_template(text: str, random: Random) -> str:
    """Return a template after a few mutations that know its tokens."""
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        text = random.choice((_splice, _splice, _wrapped, _shuffled))(text, random)
    return text


def words() -> Iterator[str]:
    """Yield what a fuzzer should know: the words of the language, and signs of YAML."""
    yield from _keys()
    yield from (item for item in SCALARS if isinstance(item, str) and item)
    yield from (*EXPRESSIONS, *OPERATORS, *PIECES)
    yield from ("&a ", "*a", "!!str ", "? ", "| ", ">-\n", "%YAML 1.1\n---\n", "<<: ")


def _replace(text: str, random: Random) -> str:
    piece = _chosen(text, random)
    return text if piece is None else _put(text, piece, _subtree(random))


def _move(text: str, random: Random) -> str:
    """Put a copy of one subtree in the place of another."""
    piece, other = _chosen(text, random), _chosen(text, random)
    if piece is None or other is None or other.is_block:
        return text
    return _put(text, piece, text[other.start : other.end])


def _remove(text: str, random: Random) -> str:
    piece = _chosen(text, random)
    return text if piece is None else _put(text, piece, "")


def _wrap(text: str, random: Random) -> str:
    piece = _chosen(text, random)
    if piece is None or piece.is_block:
        return text
    around = random.choice(("[%s]", "{a: %s}", "[%s, %s]", '"%s"', "&a %s", "!x %s"))
    inner = text[piece.start : piece.end]
    return _put(text, piece, around.replace("%s", inner))


def _rename(text: str, random: Random) -> str:
    keys = [piece for piece in _pieces(text) if piece.is_key]
    if not keys:
        return text
    return _put(text, random.choice(keys), random.choice(_keys()))


def _add_key(text: str, random: Random) -> str:
    """Add a key of the language beside another one."""
    keys = [piece for piece in _pieces(text) if piece.is_key]
    if not keys:
        return text
    at = random.choice(keys)
    in_flow = text[: at.start].rstrip(" ")[-1:] in ("{", ",")
    behind = ", " if in_flow else "\n" + " " * at.column
    added = f"{random.choice(_keys())}: {_subtree(random)}{behind}"
    return text[: at.start] + added + text[at.start :]


def _template(text: str, random: Random) -> str:
    """Make a template of a scalar, or another one of a template."""
    piece = _chosen(text, random)
    if piece is None or piece.is_block:
        return text
    source = mutated_template(text[piece.start : piece.end].strip("'\""), random)
    return _put(text, piece, json.dumps(source, ensure_ascii=random.random() < 0.2))


def _bend(text: str, random: Random) -> str:
    """Change a character or two of a scalar."""
    piece = _chosen(text, random)
    if piece is None or piece.end == piece.start or piece.is_block:
        return text
    at = random.randrange(piece.start, piece.end)
    sign: str = random.choice(_SIGNS)
    return text[:at] + sign + text[at + random.choice((0, 1)) :]


_CHANGES: Final[tuple[Callable[[str, Random], str], ...]] = (
    *(_replace, _replace, _replace, _move, _remove, _wrap, _rename, _add_key),
    *(_add_key, _template, _template, _bend),
)


def _put(text: str, piece: _Piece, new: str) -> str:
    """Replace a piece; behind a block its line ends."""
    behind = "\n" if piece.is_block else ""
    return text[: piece.start] + new + behind + text[piece.end :]


def _chosen(text: str, random: Random) -> _Piece | None:
    found = _pieces(text)
    return random.choice(found) if found else None


def _pieces(text: str) -> list[_Piece]:
    """Return the subtrees of a text, as far as it is YAML."""
    found: list[_Piece] = []
    opened: list[list[Any]] = []
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append([event, isinstance(event, yaml.MappingStartEvent), 0])
            elif isinstance(event, yaml.CollectionEndEvent):
                start = opened.pop()[0]
                found.append(_piece(start, event, is_block=not start.flow_style))
                _count(opened)
            elif isinstance(event, yaml.NodeEvent):
                is_key = bool(opened) and opened[-1][1] and opened[-1][2] % 2 == 0
                found.append(_piece(event, event, is_key=is_key))
                _count(opened)
    except (yaml.YAMLError, ValueError):
        pass
    return found


def _count(opened: list[list[Any]]) -> None:
    if opened:
        opened[-1][2] += 1


def _piece(
    start: Any, end: Any, *, is_block: bool = False, is_key: bool = False
) -> _Piece:
    first = start.start_mark
    return _Piece(first.index, end.end_mark.index, first.column, is_block, is_key)


def _subtree(random: Random) -> str:
    """Return a value that a routes file might hold, on one line."""
    if random.random() < 0.4:
        return json.dumps(random.choice(SCALARS), ensure_ascii=random.random() < 0.2)
    return random.choice(_subtrees())


@functools.cache
def _subtrees() -> tuple[str, ...]:
    """Return every subtree of the corpus, once."""
    found: dict[str, None] = {}
    for data in files():
        try:
            _gather(yaml.safe_load(data), found)
        except (yaml.YAMLError, ValueError):
            continue
    return tuple(found)


def _gather(value: object, found: dict[str, None]) -> None:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    if len(shown) < 400:
        found.setdefault(shown)
    if isinstance(value, dict):
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        _gather(child, found)


@functools.cache
def _keys() -> tuple[str, ...]:
    """Return every key of the language."""
    return tuple(sorted(set(_keys_of(schemas.document()))))


def _keys_of(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _keys_of(item)
    elif isinstance(schema, dict):
        named = schema.get("properties")
        yield from named if isinstance(named, dict) else ()
        for item in schema.values():
            yield from _keys_of(item)


def _splice(text: str, random: Random) -> str:
    tokens = _TOKEN.findall(text) or [""]
    at = random.randrange(len(tokens))
    pool = random.choice((EXPRESSIONS, OPERATORS, PIECES, tuple(tokens)))
    tokens[at : at + random.choice((0, 0, 1, 2))] = [random.choice(pool)]
    return "".join(tokens)


def _wrapped(text: str, random: Random) -> str:
    """Make an expression of what stands there, or put one beside it."""
    some, other = random.choice(EXPRESSIONS), random.choice(EXPRESSIONS)
    expression = some + random.choice(OPERATORS) + random.choice((other, *PIECES))
    if "{{" in text and random.random() < 0.5:
        return text.replace("{{", "{{ " + expression + random.choice(OPERATORS), 1)
    return text + "{{ " + expression + " }}"


def _shuffled(text: str, random: Random) -> str:
    tokens = _TOKEN.findall(text)
    if len(tokens) < 2:
        return text
    here, there = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[here], tokens[there] = tokens[there], tokens[here]
    return "".join(tokens)
