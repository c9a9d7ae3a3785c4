"""Routes files of an enemy, and the code of what each is refused for.

Each name begins with its row of the catalogue in docs/threats.md.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HEAD", "HUGE", "REFUSED", "TRAPS", "endpoint"]

HEAD: Final = """\
version: 1
settings: {url: {env: URL}, key: {env: KEY, secret: true}}
upstreams: {u: {url: "{{ settings.url }}"}}
auth: {k: {bearer: ["{{ settings.key }}"]}}
headers: {safe: {drop: [authorization, cookie]}}
defaults: {auth: k, request: {headers: safe}}
endpoints:
- {path: /u, upstream: u}
"""


def endpoint(rest: str, path: str = "/x") -> bytes:
    """Return a file with one more endpoint, of those keys."""
    return f"{HEAD}- {{path: {path}, {rest}}}\n".encode()


def _behind(text: str) -> bytes:
    return f"{HEAD}{text}\n".encode()


def _alias_bomb(leaf: str, levels: int, each: int) -> str:
    rows = (
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * each)}]"
        for level in range(1, levels)
    )
    return "\n".join((f"a0: &a0 {leaf}", *rows))


def _merge_bomb() -> str:
    rows = ["a0: &a0 {x: 1}"]
    rows += [
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)
    ]
    return "\n".join(rows)


REFUSED: Final[dict[str, tuple[str, bytes]]] = {
    "G1-alias-bomb": ("HX007", _behind(_alias_bomb("[x,x,x,x,x,x,x,x,x]", 9, 9))),
    "G1-alias-bomb-of-nothing": ("HX007", _behind(_alias_bomb("[]", 9, 9))),
    "G1-alias-bomb-of-a-text": (
        "HX007",
        _behind(f"a: &a {'x' * 9_000}\nb: [{', '.join(['*a'] * 9_000)}]"),
    ),
    "G1-alias-bomb-in-an-answer": (
        "HX007",
        f"a: &a [{', '.join('x' * 900)}]\n".encode()
        + endpoint(f"respond: {{json: [{', '.join(['*a'] * 900)}]}}"),
    ),
    "G1-alias-bomb-of-keys": ("HX007", _behind(_merge_bomb())),
    "G2-python-object": (
        "HX003",
        endpoint("respond: !!python/object/apply:os.system ['touch TRACE']"),
    ),
    "G2-python-name": ("HX003", endpoint("respond: {text: !!python/name:os.system }")),
    "G2-python-module": (
        "HX003",
        endpoint("respond: {text: !!python/module:antigravity }"),
    ),
    "G2-tag-of-the-core-schema": ("HX003", endpoint('respond: {status: !!int "200"}')),
    "G2-tag-of-its-own": ("HX003", endpoint("respond: {text: !include /etc/passwd}")),
    "G2-tag-written-out": (
        "HX003",
        endpoint("respond: {text: !<tag:yaml.org,2002:python/none> x}"),
    ),
    "G2-tag-directive": (
        "HX003",
        b"%TAG ! tag:yaml.org,2002:python/object/apply:\n---\na: !os.system [ls]\n",
    ),
    "G3-auth-twice": ("HX002", endpoint("auth: k, auth: none, upstream: u")),
    "G3-auth-twice-in-quotes": (
        "HX002",
        endpoint("auth: k, 'auth': none, upstream: u"),
    ),
    "G3-auth-twice-by-an-escape": (
        "HX002",
        endpoint('auth: k, "\\x61uth": none, upstream: u'),
    ),
    "G3-auth-twice-by-an-alias": (
        "HX002",
        b"a: &a auth\n" + endpoint("auth: k, *a : none, upstream: u"),
    ),
    "G3-defaults-twice": ("HX002", _behind("defaults: {auth: none}")),
    "G3-merge-key": (
        "HX101",
        b"a: &a {auth: none}\n" + endpoint("<<: *a, upstream: u"),
    ),
    "G5-brackets-3000": ("HX004", b"a: " + b"[" * 3_000),
    "G5-braces-3000": ("HX004", b"{a: " * 3_000),
    "G5-dashes-3000": ("HX004", b"- " * 3_000),
    "G5-questions-3000": ("HX004", b"? " * 3_000),
    "G5-blocks-3000": ("HX004", b"".join(b" " * n + b"a:\n" for n in range(3_000))),
    "G5-parentheses-3000": (
        "HX303",
        endpoint(f"respond: {{text: '{{{{ {'(' * 3_000}1{')' * 3_000} }}}}'}}"),
    ),
    "G5-brackets-3000-in-a-template": (
        "HX303",
        endpoint(f"respond: {{text: '{{{{ {'[' * 3_000}1{']' * 3_000} }}}}'}}"),
    ),
    "G5-attributes-3000": (
        "HX303",
        endpoint(f"respond: {{text: '{{{{ query{'.a' * 3_000} }}}}'}}"),
    ),
    "G5-alias-of-itself": ("HX008", _behind("a: &a {b: *a}")),
    "G5-alias-of-itself-in-a-list": ("HX008", _behind("a: &a [*a]")),
    "G6-ref-to-http": ("HX101", _behind('$ref: "http://127.0.0.1:PORT/schema"')),
    "G6-ref-to-a-file": ("HX101", endpoint('$ref: "file:///etc/passwd"')),
    "G6-schema-of-its-own": ("HX101", _behind('$schema: "http://127.0.0.1:PORT/"')),
    "G7-answer-nested-300": (
        "HX004",
        endpoint(f"respond: {{json: {'[' * 300}{']' * 300}}}"),
    ),
    "G21-unknown-key": ("HX101", endpoint("auht: none, upstream: u")),
    "G21-unknown-key-of-defaults": (
        "HX101",
        HEAD.replace("request:", "requst:").encode(),
    ),
    "G21-no-auth": ("HX301", HEAD.replace("auth: k, ", "").encode()),
    "G21-auth-of-another-name": ("HX202", endpoint("auth: no, upstream: u")),
    "G21-upstream-of-another-name": ("HX201", endpoint("upstream: U")),
    "G21-endpoint-twice": ("HX310", _behind("- {path: /u, upstream: u}")),
    "G21-endpoint-behind-all": (
        "HX310",
        _behind("- {path: '/{r:path}', upstream: u}\n- {path: /admin, upstream: u}"),
    ),
    "G21-same-path-in-other-letters": (
        "HX310",
        _behind("- {path: '/%75', auth: none, upstream: u}"),
    ),
    "G21-limit-that-is-none": (
        "HX110",
        endpoint("request: {max_body: lots}, upstream: u"),
    ),
    "G21-version-of-the-future": ("HX104", HEAD.replace("n: 1", "n: 2").encode()),
    "G21-key-in-the-file": (
        "HX319",
        HEAD.replace("{{ settings.key }}", "sk-in-the-file").encode(),
    ),
}
"""Files that are refused: the first code said, and the file."""

TRAPS: Final[dict[str, tuple[str, object]]] = {
    "G4-no": ("no", "no"),
    "G4-on": ("on", "on"),
    "G4-y": ("y", "y"),
    "G4-08": ("08", 8),
    "G4-017": ("017", 17),
    "G4-0b1": ("0b1", "0b1"),
    "G4-sexagesimal": ("12:30:45", "12:30:45"),
    "G4-port-mapping": ("22:22", "22:22"),
    "G4-underscore": ("1_000", "1_000"),
    "G4-date": ("2026-11-23", "2026-11-23"),
    "G4-time": ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
    "G4-infinity": (".inf", ".inf"),
    "G4-not-a-number": (".nan", ".nan"),
    "G4-beyond-floats": ("1e999", "1e999"),
    "G4-merge": ("<<", "<<"),
    "G4-value": ("=", "="),
}
"""Scalars that YAML 1.1 reads otherwise, and what they are here."""

_MIB: Final = 1 << 20

HUGE: Final[dict[str, bytes]] = {
    "G1-anchors": b"".join(b"k%d: &a%d 1\n" % (n, n) for n in range(40_000)),
    "G2-tags": b"a: [" + b"!a b, " * (_MIB // 6) + b"]",
    "G3-keys-twice": b"a: 1\n" * 60_000,
    "G5-brackets": b"[" * _MIB,
    "G5-braces": b"{" * _MIB,
    "G5-quotes": b'"' * _MIB,
    "G5-blanks": b" " * _MIB,
    "G5-comments": b"# x\n" * (_MIB // 4),
    "G5-one-line": b"a: " + b"x" * _MIB,
    "G5-nul": bytes(_MIB),
    "G5-over-the-limit": b"a: " + b"x" * (5 * _MIB),
    "G8-size": endpoint(f"request: {{max_body: 'a{'!' * 20_000}a'}}, upstream: u"),
    "G8-duration": HEAD.replace(
        '}}"}', f"}}}}\", timeout: {{read: 'a{'-' * 20_000}a'}}}}", 1
    ).encode(),
    "G8-name": HEAD.replace(
        "{safe:", f"{{? 'a{'-' * 20_000}a'\n : {{}}, safe:"
    ).encode(),
    "G8-path": endpoint("upstream: u", "'/" + "{a" * 20_000 + "'"),
    "G8-key-like-no-key": endpoint(f"respond: {{text: '{'eyJ' + 'a' * 500_000}'}}"),
    "G8-address-without-end": endpoint(f"respond: {{text: '://{'a@' * 250_000}'}}"),
    "G8-digits": endpoint(f"request: {{max_body: '{'1' * 500_000}x'}}, upstream: u"),
    "G8-template-without-end": endpoint(f"respond: {{text: '{'{{' * 250_000}'}}"),
    "G8-comment-without-end": endpoint(f"respond: {{text: '{'{#' * 250_000}'}}"),
    "G8-blocks-without-end": endpoint(f"respond: {{text: '{'{% raw %}' * 50_000}'}}"),
}
"""Files up to the size of the limit, which end in diagnostics or in a gateway."""
