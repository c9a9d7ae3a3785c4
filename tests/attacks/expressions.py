"""Expressions of an enemy: ways out of the sandbox, and bombs.

Each name begins with its row of the catalogue in docs/threats.md.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BOMBS", "ESCAPES", "GROWING", "KEYS", "SLOTS", "UNDEFINED", "file_of"]

_HEAD: Final = """\
version: 1
settings: {s: {env: S, default: aaaaaaaaaa}, key: {env: KEY, secret: true}}
upstreams: {u: {url: "http://127.0.0.1:9"}}
auth: {k: {bearer: ["{{ settings.key }}"]}}
headers: {safe: {drop: [authorization, cookie]}}
errors: {e: {not_found: {text: "none"}}}
defaults: {auth: k, request: {headers: safe, max_body: 1MiB}}
endpoints:
- {path: "/x/{id}", methods: [POST], respond: {text: "x"}}
- {path: "/u/{id}", methods: [POST], upstream: {name: u, path: "/p", query: {q: "q"}, \
headers: {x-h: "h"}, body: {b: ["b"]}}}
"""

SLOTS: Final = {
    "answer": 'text: "x"',
    "error": 'text: "none"',
    "path": 'path: "/p"',
    "query": 'q: "q"',
    "header": 'x-h: "h"',
    "body": 'b: ["b"]',
    "upstream": '"http://127.0.0.1:9"',
    "key": '"{{ settings.key }}"',
}
"""Where a template may stand: the part of the file that an expression is put into."""

ESCAPES: Final = {
    "G9-class": "''.__class__.__mro__[1].__subclasses__()",
    "G9-class-by-index": "''['__class__']['__mro__']()",
    "G9-cycler": "cycler.__init__.__globals__.os.popen('id').read()",
    "G9-joiner": "joiner.__init__.__globals__",
    "G9-namespace": "namespace.__init__.__globals__",
    "G9-lipsum": "lipsum.__globals__['os']",
    "G9-range": "range(9)",
    "G9-dict": "dict(a=1)",
    "G9-self": "self._TemplateReference__context",
    "G9-config": "config.items()",
    "G9-request": "request.application.__globals__",
    "G9-context": "self.__init__.__globals__.__builtins__",
    "G9-attr-filter": "'' | attr('__class__')",
    "G9-attr-filter-of-body": "query.a | attr('__init__')",
    "G9-format-filter": "'%s' | format(query.a)",
    "G9-format-method": "'{0.__class__}'.format(query.a)",
    "G9-format-map": "'{a.__class__}'.format_map(query)",
    "G9-format-by-map-filter": "['{0.__class__}'] | map('format', query.a) | list",
    "G9-map-attribute": "[query] | map(attribute='__class__') | list",
    "G9-groupby": "[query] | groupby('__class__')",
    "G9-sort-attribute": "[query] | sort(attribute='__class__')",
    "G9-sum-attribute": "[query] | sum(attribute='__class__')",
    "G9-selectattr": "[query] | selectattr('__class__') | list",
    "G9-xmlattr": "{'a': 1} | xmlattr",
    "G9-safe": "query.a | safe",
    "G9-pprint": "query.a | pprint",
    "G9-random": "[1, 2] | random",
    "G9-mro-by-test": "query is callable",
    "G9-call-of-a-value": "query.a()",
    "G9-call-of-a-key": "query['a']()",
    "G9-call-by-filter": "(query.a | first)()",
    "G9-comprehension": "[x for x in query]",
    "G9-lambda": "(lambda: 1)()",
    "G9-walrus": "(x := 1)",
    "G9-await": "await query.a",
    "G9-star": "query.f(*[1])",
    "G9-slice": "query.a[::1]",
    "G9-undefined-globals": "undefined.__init__.__globals__",
    "G9-loop": "loop.index",
    "G9-super": "super()",
    "G9-caller": "caller()",
    "G9-varargs": "varargs",
    "G9-whole-settings": "settings",
    "G9-settings-by-a-variable": "settings[query.a]",
    "G9-settings-item-of-a-list": "[settings][0].key",
    "G9-whole-headers": "headers | tojson",
    "G9-another-secret-by-concatenation": "settings['k' ~ 'ey']",
}
"""What no file says that compiles, in any slot."""

STATEMENTS: Final = {
    "G9-import": "{% import 'os' as os %}",
    "G9-include": "{% include '/etc/passwd' %}",
    "G9-extends": "{% extends '/etc/passwd' %}",
    "G9-set": "{% set x = ''.__class__ %}",
    "G9-macro": "{% macro m() %}{% endmacro %}",
    "G9-call": "{% call m() %}{% endcall %}",
    "G9-if": "{% if ''.__class__ %}{% endif %}",
    "G9-with": "{% with x = 1 %}{% endwith %}",
    "G9-filter": "{% filter upper %}{% endfilter %}",
    "G9-do": "{% do x %}",
    "G9-trans": "{% trans %}{% endtrans %}",
    "G9-autoescape": "{% autoescape false %}{% endautoescape %}",
    "G10-loops-in-loops": "{% for a in 'xx' %}{% for b in 'xx' %}x{% endfor %}{% endfor %}",
    "G10-loop-that-is-recursive": "{% for a in [1] recursive %}{{ loop([a]) }}{% endfor %}",
}

KEYS: Final = (
    "__class__",
    "__init__",
    "__globals__",
    "__dict__",
    "__missing__",
    "items",
    "keys",
    "get",
    "format",
    "pop",
    "update",
)
"""Names of attributes that a request may use as keys, and that are no more than that."""


def _chain(start: str, link: str, times: int) -> str:
    return start + f" | {link}" * times


BOMBS: Final = {
    "G10-times": "'a' * 900000000",
    "G10-times-of-a-list": "[1] * 100000000",
    "G10-power": "7 ** 9 ** 8",
    "G10-modulo": "'%1000000000s' % 'a'",
    "G10-format": "'%1000000000s' | format('a')",
    "G10-center": "'a' | center(300000000)",
    "G10-indent": "'a' | indent(300000000, true)",
    "G10-wordwrap": "'a' | wordwrap(1)",
    "G10-replace": "'aaaa' | replace('', 'aaaa')",
    "G10-batch": "[1] | batch(300000000, 'x') | list",
    "G10-slice": "[1] | slice(300000000) | list",
    "G10-round": "1 | round(300000000)",
    "G10-tojson-indent": "[1] | tojson(indent=300000000)",
    "G10-urlize": "'http://a' | urlize",
    "G10-range-of-a-size": "range(100000000) | join",
    "G10-digits": f"{'9' * 20_000} + 1",
    "G10-shift": "1 << 100000000",
}
"""What asks for a gigabyte in a few characters, and is not of the language."""

GROWING: Final = {
    "G10-joins-of-a-text": _chain("'aaaaaaaaaa'", "join('aaaaaaaaaa')", 9),
    "G10-joins-of-a-list": _chain(
        f"[{', '.join(['1'] * 3_000)}]", f"join('{'a' * 48}')", 4
    ),
    "G10-joins-of-a-setting": _chain("settings.s", "join('aaaaaaaaaa')", 9),
    "G10-joins-without-end": _chain("'aa'", "join('aa')", 36),
    "G10-tojson-of-tojson": _chain("'\\\"'", "tojson", 36),
    "G10-tojson-of-a-setting": _chain("settings.s", "tojson", 36),
    "G10-joins-of-a-request": _chain("path.id", "join('aaaaaaaaaa')", 9),
    "G10-lists-in-lists": "[" * 30 + "settings.s" + "]" * 30 + " | tojson" * 9,
    "G10-upper": _chain("'" + "\u0390" * 10_000 + "'", "upper", 30),
    "G10-digits-of-a-text": f"('{'9' * 20_000}' | int) ~ ''",
    "G10-sums": " + ".join(["'" + "a" * 300 + "'"] * 35),
}
"""What is of the language, filter by filter, and grows with each of them."""

UNDEFINED: Final = {
    "G15-variable": "nothing",
    "G15-variable-of-a-call": "nothing.a.b",
    "G15-setting": "settings.nothing",
    "G15-parameter": "path.nothing",
    "G15-client": "client.nothing",
    "G15-filter": "query.a | nothing",
    "G15-test": "query.a is nothing",
    "G15-variable-in-a-branch": "1 if query.a else nothing",
    "G15-default-of-a-setting": "settings.nothing | default('a')",
}
"""What names nothing, which the compiler says."""


def file_of(slot: str, template: str) -> bytes:
    """Return a file that has a template in one of its slots."""
    part = SLOTS[slot]
    kept = part.partition('"')[0]
    after = "]" if part.endswith("]") else ""
    quoted = "'" + template.replace("'", "''") + "'"
    return _HEAD.replace(part, f"{kept}{quoted}{after}", 1).encode()
