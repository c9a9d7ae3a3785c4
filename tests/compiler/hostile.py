"""Files that an enemy would write, of any size.

Each makes some part of a compiler work for more than the file is long: the reader, the
schema, suggestions, templates, the search for keys, the space of requests, or a
renderer. `@` in a row is its number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Final

__all__ = ["FILES", "hostile"]

_Make = Callable[[int], bytes]

_MANY: Final = 9999
"""Endpoints, or names of a table: one less than a file may hold."""

_HEAD: Final = """\
version: 1
upstreams: {api: {url: "http://a"}}
headers: {safe: {drop: [authorization, cookie]}}
defaults: {auth: none, request: {headers: safe}}
"""
_LIKE: Final = "a" * 60
"""Names that begin like this are alike, and take longest to compare."""

_FLAGS: Final = "settings:\n" + "".join(
    f"  {name}: {{env: A, type: boolean, optional: true}}\n" for name in "abcdef"
)
_ALL_FLAGS: Final = "~".join(f"settings.{name}" for name in "abcdef")


def hostile(name: str, size: int) -> bytes:
    """Return a file of at most that many bytes, or of as many as its head takes."""
    return FILES[name](size)


def _rows(row: str, before: str = "", after: str = "", most: int = 10**6) -> _Make:
    """Make a file of as many rows as fit."""

    def make(size: int) -> bytes:
        room = size - len((before + after).encode())
        rows = (row.replace("@", str(number)) for number in range(most))
        return (before + "".join(_fitting(rows, room)) + after).encode()

    return make


def _fitting(rows: Iterable[str], room: int) -> Iterator[str]:
    for row in rows:
        room -= len(row.encode())
        if room < 0:
            return
        yield row


def _endpoints(row: str, before: str = _HEAD) -> _Make:
    return _rows(f"- {row}\n", before + "endpoints:\n", most=_MANY)


def _named(table: str, row: str, most: int = _MANY) -> _Make:
    return _rows(f"  {row}\n", f"{_HEAD}{table}:\n", "endpoints: []\n", most)


def _texts(text: str, before: str = "", most: int = 10**6) -> _Make:
    """Make an answer of many texts, each a template of its own."""
    head = _HEAD + before + "endpoints:\n- path: /x\n  respond:\n    json:\n"
    return _rows(f"    - '{text}'\n", head, most=most)


def _text(piece: str, before: str = "", most: int = 10**6) -> _Make:
    """Make an answer of one text, of many pieces."""
    head = _HEAD + before + "endpoints:\n- {path: /x, respond: {text: '"
    return _rows(piece, head, "'}}\n", most)


def _aliased(text: str, row: str) -> _Make:
    """Let each endpoint hold an alias of a text that takes half of the file."""

    def make(size: int) -> bytes:
        count = max(1, size // 2 // len(text))
        head = f"{_HEAD}x: &a '{text * count}'\n"
        return _endpoints(row, head)(size)

    return make


def _by_default(many: str, part: str) -> _Make:
    """Let each endpoint have a default that takes half of the file."""

    def make(size: int) -> bytes:
        count = max(1, size // 2 // len(part))
        parts = "".join(part.replace("@", str(number)) for number in range(count))
        default = f"{{auth: none, request: {{headers: safe, {many % parts}}}}}"
        head = _HEAD[: _HEAD.index("{auth")] + default + "\n"
        return _endpoints("{path: /x@, upstream: api}", head)(size)

    return make


def _random(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def _nested(opening: str, closing: str = "", before: str = "") -> _Make:
    def make(size: int) -> bytes:
        depth = min(500, size // len(opening + closing))
        return (before + opening * depth + closing * depth).encode()

    return make


def _indented(size: int) -> bytes:
    rows = (" " * depth + "a:\n" for depth in range(500))
    return "".join(_fitting(rows, size)).encode()


def _bomb(size: int) -> bytes:
    """Let each line hold ten of the one before."""
    rows = (
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n"
        for n in range(30)
    )
    return "".join(_fitting(rows, size)).encode()


def _crossed(rest: str = "") -> _Make:
    """Let each of many paths overlap with half of the others."""

    def make(size: int) -> bytes:
        rows = (f"- {{path: '/{_bits(n)}{rest}\n" for n in range(4096))
        head = _HEAD + "endpoints:\n"
        return (head + "".join(_fitting(rows, size - len(head)))).encode()

    return make


def _bits(number: int) -> str:
    return "/".join("a" if number >> bit & 1 else f"{{p{bit}}}" for bit in range(12))


def _behind(rows: _Make, last: bytes) -> _Make:
    """Put a mistake at the very end."""
    return lambda size: rows(size - len(last)) + last


_ENDPOINTS: Final = _endpoints("{path: /x@, respond: {}}")

FILES: Final[dict[str, _Make]] = {
    # the reader
    "random": _random,
    "nul": _rows("\0"),
    "blanks": _rows(" "),
    "tabs": _rows("\t"),
    "comments": _rows("# x\n"),
    "brackets": _rows("["),
    "braces": _rows("{"),
    "brackets 500 deep": _nested("[", "]", "a: "),
    "braces 500 deep": _nested("{a: ", "}", "a: "),
    "blocks 500 deep": _indented,
    "lists 500 deep": _nested("- "),
    "keys 500 deep": _nested("? "),
    "keys": _rows("k@: 1\n"),
    "repeated keys": _rows("a: 1\n"),
    "null keys": _rows("~: 1\n"),
    "boolean keys": _rows("true@: no\n"),
    "flow keys": _rows("k@: 1, ", "{", "}"),
    "explicit keys": _rows("? k@\n: 1\n"),
    "one long key": _rows("a", '? "', '"\n: 1\n'),
    "a key like a known one": _rows("version", '? "', '"\n: 1\n'),
    "a simple key too long": _rows("x", _HEAD, ": 1\n"),
    "numbers of 1,000 digits": _rows("9" * 1000 + ", ", "a: [", "]"),
    "keys of 1,000 digits": _rows("9" * 995 + "@: 1\n"),
    "floats": _rows("1.5e300, ", "a: [", "]"),
    "anchors": _rows("k@: &a@ 1\n"),
    "unknown aliases": _rows("k@: *a@\n"),
    "aliases of aliases": _bomb,
    "aliases as keys": lambda size: (
        b"a: &a " + b"x" * (size // 2) + b"\n" + b"*a : 1\n" * (size // 14)
    ),
    "aliases of a mistake": _endpoints(
        "*a", _HEAD + "x: &a {path: '/{', upstrem: a, respond: {text: '{{ b + }}'}}\n"
    ),
    "aliases of nothing": _rows("- *a\n", _HEAD + "x: &a {}\nendpoints:\n"),
    "aliases of nothing in a list": _rows(
        "*a, ", _HEAD + "x: &a []\nendpoints: [{path: /x, methods: [", "]}]\n"
    ),
    "tags": _rows("!a b, ", "a: [", "]"),
    "tag directives": _rows("%TAG !a@! x\n", after="---\na: 1\n"),
    "version directives": _rows("%YAML 1.1\n"),
    "documents": _rows("---\n"),
    "quotes": _rows('"'),
    "texts": _rows("'a' "),
    "bars": _rows("|\n"),
    "an indented block": _rows("   x\n", "a: |2\n"),
    "a folded block": _rows("  x\n", "version: >-\n"),
    "a text on many lines": _rows("b\n  ", "a: "),
    "escapes": _rows("\\x41", 'version: "', '"'),
    "lines that end as in Windows": _rows("a@: 1\r\n"),
    "lines that end in NEL": _rows("a@: 1\x85"),
    "lines that end in LS": _rows("a@: 1\u2028"),
    "byte order marks": _rows("\ufeff", "a: '", "'"),
    "no YAML at the end": _behind(_ENDPOINTS, b"- [}"),
    "a control at the end": _behind(_rows("# x\n"), b"\x01"),
    "no UTF-8 at the end": _behind(_rows("# \u00e9\n"), b"\xff"),
    # the schema
    "endpoints": _behind(_ENDPOINTS, b"- {path: /x, respond: {}}\n"),
    "too many endpoints": _rows("- {path: /a}\n", _HEAD + "endpoints:\n"),
    "empty endpoints": _rows("- {}\n", _HEAD + "endpoints:\n"),
    "settings of the wrong shape": _named("settings", "S@: {env: 5}", 10**6),
    "names too long": _named("settings", f"? {'A' * 70}@\n  : {{env: A}}"),
    "missing keys": _named("auth", "u@: {urls: a}"),
    "statuses": _rows("x@: {status: 400}, ", _HEAD + "errors: {e: {", "}}\n"),
    "too many headers": _rows("x@: b, ", _HEAD[:-2] + "}\nx: {", "}\n"),
    "a list of rule sets": _rows(
        "s,",
        _HEAD + "endpoints:\n- {path: /x, upstream: api, request: {headers: [",
        "]}}",
    ),
    "a list of methods": _rows(
        "M@, ", _HEAD + "endpoints:\n- {path: /x, respond: {}, methods: [", "]}\n"
    ),
    "a query": _rows(
        "a@: b,",
        _HEAD + "endpoints:\n- {path: /x, upstream: {name: api, query: {",
        "}}}",
    ),
    # names
    "unknown upstreams": _endpoints("{path: /x@, upstream: apj}"),
    "a long name": _rows("x", _HEAD + "endpoints:\n- {path: /x, upstream: ", "}\n"),
    "names alike": _endpoints(
        f"{{path: /x@, upstream: {_LIKE}@b}}",
        _HEAD.replace(
            "{api:",
            "{"
            + "".join(f"{_LIKE}{n}a: {{url: 'http://a'}}, " for n in range(20))
            + "api:",
        ),
    ),
    "settings alike": _endpoints(
        f"{{path: /x@, respond: {{text: '{{{{ settings.{_LIKE}@b }}}}'}}}}",
        _HEAD
        + "settings:\n"
        + "".join(f"  {_LIKE}{n}a: {{env: A}}\n" for n in range(20)),
    ),
    "unused settings": _named("settings", "s@: {env: A}"),
    "unused errors": _named("errors", "e@: {other: {json: {a: '{{ error.kind }}'}}}"),
    "one name for all": _endpoints("{path: /x@, name: n, respond: {}}"),
    "an alias of a long name": _aliased("b", "{path: /x@, upstream: *a}"),
    "an alias of a long path": _aliased("/{b", "{path: *a, respond: {}}"),
    "an alias of a long text": _aliased("b", "{path: /x@, respond: {json: *a}}"),
    "an alias of a template": _aliased(
        "{{ query.a ~ 1 }}", "{path: '/{x@}', respond: {text: *a}}"
    ),
    "headers by default": _by_default("json: {rename: {%s}}", "a@: b, "),
    "a limit by default": _by_default("max_body: '%s'", "{{ 1 ~ 1 }}"),
    "rules by default": _by_default("x: [%s]", "s, "),
    # templates
    "references": _texts("{{ query.a@ }}"),
    "concatenations": _texts("{{query.a@~1}}"),
    "one template": _texts("{{ query.a ~ 1 }}"),
    "sums of settings": _texts("{{settings.a+@}}", _FLAGS),
    "texts of settings": _texts("{{settings.a~@}}", _FLAGS),
    "templates to try 64 times": _texts(f"{{{{ @~{_ALL_FLAGS} }}}}", _FLAGS),
    "a template to try 64 times": _text(
        f"{{{{ {_ALL_FLAGS} is defined }}}}", _FLAGS, most=300
    ),
    "templates at their limit": _texts("{{ query.a ~ @ }}", most=3000),
    "trials at their limit": _texts("{{settings.a~@}}", _FLAGS, most=3000),
    "unknown variables": _texts("{{ nope@ }}"),
    "template comments": _texts("{#@#}"),
    "a long sum": _rows(
        "a + ", _HEAD + "endpoints:\n- {path: /x, respond: {text: '{{ ", "a }}'}}\n"
    ),
    "parentheses": _text("{{ ((((", most=4000),
    "expressions left open": _text("{{ "),
    "many expressions": _text("{{ a }}"),
    "expressions on lines": _rows(
        "    {{ nope@ }}\n", _HEAD + "endpoints:\n- path: /x\n  respond:\n   text: >-\n"
    ),
    "expressions in escapes": _rows(
        "\\x7b{ a }}", _HEAD + 'endpoints:\n- {path: /x, respond: {text: "', '"}}\n'
    ),
    # keys
    "well-known keys": _rows(
        "sk-aaaaaaaaaaaaaaaaaaaa, ",
        _HEAD + "endpoints:\n- {path: /x, respond: {json: [",
        "]}}\n",
    ),
    "constants under auth": _rows("a, ", _HEAD + "auth: {k: {bearer: [", "]}}\n"),
    "wide constants under auth": _rows(
        "\u6f22\u5b57, ", _HEAD + "auth: {k: {bearer: [", "]}}\n"
    ),
    "constants beside malformed values": _rows(
        "a, ",
        _HEAD + "".join(f"k{n}: &k{n} {n}\n" for n in range(9)) + "auth: {k: {x: [",
        "]}, l: {bearer: 5}}\n",
    ),
    "templates under auth": _rows(
        "'{{ @~1 }}', ", _HEAD + "auth: {k: {bearer: [", "]}}\n"
    ),
    "beginnings of tokens": _rows("eyJ-", _HEAD + "# "),
    "heads of tokens": _rows("eyJaaaaaaaaaaaa-", _HEAD + "# "),
    "parts of tokens": _rows("eyJaaaaaaaaaaaaa.", _HEAD + "# "),
    "beginnings of URLs": _rows("http://", _HEAD + "# "),
    "hosts of URLs": _rows("://" + "a" * 300, _HEAD + "# "),
    # the space of requests
    "crossed paths": _crossed("', respond: {}}"),
    "crossed paths with a rest": _crossed("/{r:path}', respond: {}}"),
    "crossed paths on wide lines": _crossed("', respond: {}} # " + "\u6f22" * 30),
    "slashes": _rows("/", _HEAD + "endpoints:\n- {path: ", ", respond: {}}\n"),
    "calls": _endpoints(
        "{path: '/a@/{x}/b', upstream: {name: api, path: '/{{ path.x }}/@'}}"
    ),
    "rule sets": _endpoints(
        "{path: /x@, upstream: api, request: {headers: h@}}",
        _HEAD.replace(
            "{safe:",
            "{" + "".join(f"h{n}: {{drop: [a]}}, " for n in range(500)) + "safe:",
        ),
    ),
}
