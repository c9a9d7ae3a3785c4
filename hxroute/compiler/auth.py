"""Lower `auth`: the keys of which a client must show one."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from hxroute import units
from hxroute.compiler.fields import MADE_ANEW
from hxroute.compiler.resolve import Entry, Program, Unit
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.http import Timeout
from hxroute.ir import BearerAuth, Setting, Upstream
from hxroute.keys import Jwt, Key

__all__ = ["check_auth", "jwks_upstreams", "lower_auth", "public_digests"]

_PATIENCE: Final = Timeout(connect=5.0, read=5.0, total=10.0)
"""How long keys of tokens are waited for."""

_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")

_NO_KEYS: Final = (
    (MADE_ANEW, "is made anew for each hop, and holds no key"),
    ({"cookie"}, "holds more than a key"),
    ({"authorization"}, "is where keys stand by default, behind the word Bearer"),
)
"""Fields that no key stands alone in, and why."""

_NAME_ANOTHER: Final = (
    "name a field of its own, such as `x-api-key`, or remove `header`"
)

_GUESSED: Final = frozenset(
    hashlib.sha256(text.encode()).hexdigest()
    for text in (
        *("", "1234", "12345678", "123456789", "admin", "changeme", "default", "demo"),
        *("dummy", "example", "key", "letmein", "master", "none", "null", "password"),
        *("root", "secret", "sk-1234", "sk-hx-dev-default", "sk-test", "test", "token"),
    )
)
"""Digests of what everyone tries first."""


def public_digests(settings: Iterable[Setting]) -> frozenset[str]:
    """Return the digests of what anyone would try, and of what the file gives away."""
    stated = (str(item.default) for item in settings if item.default is not None)
    return _GUESSED.union(
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        for text in stated
    )


def lower_auth(
    entry: Entry,
    key: Callable[[Node], str],
    template: Callable[[Node], str],
    public: frozenset[str],
    report: Report,
) -> BearerAuth:
    """Lower one entry of `auth`.

    Args:
        entry: its name and what it is.
        key: lowers the template of a key.
        template: lowers another template over settings.
        public: the digests of what everyone knows.
        report: where it is said.
    """
    listed = entry.node.get("bearer")
    items = listed.items if isinstance(listed, Sequence) else ()
    stated = entry.node.get("jwt")
    token = _jwt(entry.name, stated, template, report) if stated else None
    lowered = [(_key(item, key, public, report), item) for item in items]
    _check_repeated(lowered, report)
    keys = tuple(made for made, _ in lowered)
    header = _header(entry.node.get("header"), report)
    if header and stated is None and listed is None:
        message = f"auth `{entry.name}` has neither `bearer` nor `jwt`"
        help_text = "state one of them, or both: either will do"
        report.add("HX107", message, entry.key.span, help=help_text)
    return BearerAuth(entry.name, keys, token, header, at=entry.at)


def jwks_upstreams(
    auths: Iterable[BearerAuth], url: Callable[[Node | None], str], program: Program
) -> tuple[Upstream, ...]:
    """Return what keys of tokens are fetched from."""
    return tuple(
        Upstream(
            auth.jwt.upstream,
            url(_member(program.tables["auth"][auth.name].node, "jwt", "jwks")),
            _PATIENCE,
            at=auth.jwt.at,
        )
        for auth in auths
        if auth.jwt is not None and auth.jwt.jwks is not None
    )


def _header(node: Node | None, report: Report) -> str:
    """Return the field in which a key stands alone, nothing where it is Authorization."""
    name = str(node.value).lower() if isinstance(node, Scalar) else ""
    wrong = next((text for names, text in _NO_KEYS if name in names), None)
    if node is not None and wrong is not None:
        report.add("HX105", f"`{name}` {wrong}", node.span, help=_NAME_ANOTHER)
    return name


def _member(node: Node | None, *path: str) -> Node | None:
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _jwt(
    name: str, node: Node, template: Callable[[Node], str], report: Report
) -> Jwt | None:
    if not isinstance(node, Mapping):
        return None
    url, file = node.get("jwks"), node.get("jwks_file")
    if (url is None) == (file is None):
        what = "neither `jwks` nor" if url is None else "both `jwks` and"
        message = f"`jwt` has {what} `jwks_file`"
        report.add("HX107", message, node.span.head, help="state one of them")
    data = plain(node)
    audience, issuer = node.get("audience"), node.get("issuer")
    listed = audience.items if isinstance(audience, Sequence) else (audience,)
    stated: dict[str, Any] = {}
    if "leeway" in data:
        stated["leeway"] = units.duration(data["leeway"]) or 0.0
    if "algorithms" in data:
        stated["algorithms"] = tuple(data["algorithms"])
    return Jwt(
        issuer="" if issuer is None else template(issuer),
        audience=tuple(template(item) for item in listed if item is not None),
        jwks=None if url is None else str(plain(url)),
        jwks_file=None if file is None else template(file),
        upstream="" if url is None else f"jwks of {name}",
        claims=tuple(data.get("claims", {}).items()),
        key=data.get("key", "sub"),
        at=node.span.line,
        **stated,
    )


def _key(
    node: Node,
    template: Callable[[Node], str],
    public: frozenset[str],
    report: Report,
) -> str | Key:
    if not isinstance(node, Mapping):
        return template(node)
    source, digest = node.get("key"), node.get("sha256")
    if (source is None) == (digest is None):
        what = "neither `key` nor" if source is None else "both `key` and"
        message = f"this key has {what} `sha256`"
        report.add("HX107", message, node.span.head, help="state one of them")
    name = node.get("name")
    return Key(
        name=str(plain(name)) if isinstance(name, Scalar) else "",
        key=None if source is None else template(source),
        sha256=None if digest is None else _digest(digest, public, report),
        not_after=_not_after(node.get("not_after"), report),
        at=node.span.line,
    )


def _digest(node: Node, public: frozenset[str], report: Report) -> str:
    """Return a digest; what is none may be the key itself, and is not repeated."""
    if isinstance(node, Hole):
        return ""
    digest = str(plain(node)).lower()
    report.hide(node.span)
    if _HEX.fullmatch(digest) is None:
        message = "this is not the SHA-256 of a key: 64 hex digits"
        help_text = "`hxroute keys new NAME` prints a new key, and its SHA-256"
        report.add("HX105", message, node.span.head, help=help_text)
    elif digest in public:
        message = "this is the SHA-256 of a key that anyone would try"
        help_text = "take a random one: `hxroute keys new NAME` prints it"
        report.add("HX325", message, node.span.head, help=help_text)
    return digest


def _not_after(node: Node | None, report: Report) -> str | None:
    if not isinstance(node, Scalar):
        return None
    text = str(node.value)
    expires = units.instant(text)
    if expires is None:
        message = f"there is no `{text}` in the calendar"
        help_text = "write a date, or an instant in UTC such as 2099-01-31T12:00:00Z"
        report.add("HX105", message, node.span.head, help=help_text)
    elif expires <= time.time():
        message = f"this key is refused since `{text}`"
        help_text = "remove it, or give it a later `not_after`"
        report.add("HX324", message, node.span.head, help=help_text)
    return text


def _check_repeated(lowered: list[tuple[str | Key, Node]], report: Report) -> None:
    """Report keys that are one: which of their names a client has cannot be told."""
    first: dict[tuple[str | None, str | None], Node] = {}
    for key, node in lowered:
        what = (key, None) if isinstance(key, str) else (key.key, key.sha256)
        if not any(what):
            continue  # which is mistake enough
        if what in first:
            related = ((first[what].span.head, "first stated here"),)
            message = "this key is stated twice"
            help_text = "remove one of them"
            place = node.span.head
            report.add("HX323", message, place, help=help_text, related=related)
        first.setdefault(what, node)


def check_auth(units: list[Unit], report: Report) -> None:
    """Report endpoints without auth: once, as one default cures them all."""
    path = units[0].node.get("path") if units else None
    if path is None:
        return
    others = len(units) - 1
    label = f"nor have {others} more endpoint{'s' * (others != 1)}" if others else ""
    report.add(
        "HX301",
        "this endpoint has no auth",
        path.span,
        label=label,
        help="add `auth: NAME` here or under `defaults`, or `auth: none` to open it",
    )
