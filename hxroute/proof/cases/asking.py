"""How a case asks: its method, what it shows to be let in, and its content type."""

from __future__ import annotations

from typing import Final

from hxroute.ir import STANDARD_METHODS
from hxroute.proof.cases.bodies import FORM, MULTIPART, encoded
from hxroute.proof.cases.levels import Level
from hxroute.proof.cases.places import JSON, Place

__all__ = ["auths", "contents", "methods"]

_UNKNOWN: Final = "PROPFIND"
"""A method that is known to servers and to hardly any endpoint (RFC 4918)."""

_PAIRED_METHODS: Final = 2
"""Methods, beside the usual one, that meet the levels of other factors."""

_AUTHORIZATION: Final = "Authorization"
_FORM_BODY: Final = {"model": "hx-model", "input": "a b&c"}


def methods(place: Place) -> tuple[Level, ...]:
    """Return the usual method, others that the place takes, and those it does not."""
    order = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS")
    known = place.methods or tuple(name for name in order if name in STANDARD_METHODS)
    taken = [name for name in known if name not in (place.method, "CONNECT")]
    refused = [name for name in order if name not in (*known, place.method)]
    paired = [name for name in taken if name not in ("HEAD", "OPTIONS")]
    return (
        _method(place, place.method, rank=0, paired=True),
        *(
            _method(place, name, rank=1, paired=True)
            for name in paired[:_PAIRED_METHODS]
        ),
        *(
            _method(place, name)
            for name in taken
            if name not in paired[:_PAIRED_METHODS]
        ),
        *(_method(place, name, rank=0) for name in refused[:1]),
        *(_method(place, name) for name in (*refused[1:], _UNKNOWN)),
        _method(place, place.method.lower(), name="lower-method"),
    )


def _method(
    place: Place, method: str, *, rank: int = 2, paired: bool = False, name: str = ""
) -> Level:
    bodiless = not place.takes_body(method) or method == _UNKNOWN
    return Level(
        name or method.lower(), method, rank=rank, paired=paired, bodiless=bodiless
    )


def auths(place: Place) -> tuple[Level, ...]:
    """Return what a client may show: the key, nothing, and what is nearly the key."""
    if place.auth == "none":
        return (
            Level("auth-none", rank=0, paired=True),
            _shown("auth-needless", "Bearer nobody-asked", rank=1),
        )
    key = place.key
    return (
        _shown("auth-right", f"Bearer {key}", rank=0, paired=True),
        Level("auth-missing", rank=0, paired=True, stops=True),
        _shown("auth-wrong", "Bearer no-such-key", rank=0, paired=True, stops=True),
        _shown("auth-empty", ""),
        _shown("auth-scheme-only", "Bearer", rank=3),
        _shown("auth-other-scheme", f"Basic {key}"),
        _shown("auth-key-alone", key, rank=3),
        _shown("auth-lower-scheme", f"bearer {key}", rank=1),
        _shown("auth-upper-scheme", f"BEARER {key}", rank=3),
        _shown("auth-two-spaces", f"Bearer  {key}"),
        _shown("auth-tab", f"Bearer\t{key}"),
        _shown("auth-space-behind", f"Bearer {key} ", rank=3),
        _shown("auth-longer", f"Bearer {key}x"),
        _shown("auth-prefix", f"Bearer {key[:-1]}"),
        _shown("auth-other-case", f"Bearer {_other_case(key)}", rank=3),
        _shown("auth-non-ascii", "Bearer caf\xc3\xa9"),
        _shown("auth-right-wrong", f"Bearer {key}", "Bearer no-such-key"),
        _shown("auth-wrong-right", "Bearer no-such-key", f"Bearer {key}"),
        _shown("auth-listed", f"Bearer no-such-key, Bearer {key}", rank=3),
        Level("auth-x-api-key", headers=(("X-Api-Key", key),), rank=3),
    )


def _other_case(text: str) -> str:
    """Swap the case of ASCII letters: others may become more than a byte."""
    return text.encode("latin-1").swapcase().decode("latin-1")


def _shown(
    name: str, *values: str, rank: int = 2, paired: bool = False, stops: bool = False
) -> Level:
    headers = tuple((_AUTHORIZATION, value) for value in values)
    return Level(name, headers=headers, rank=rank, paired=paired, stops=stops)


def contents(place: Place) -> tuple[Level, ...]:
    """Return content types; a body in which nothing else is special fits its type."""
    own, base = place.content_type or JSON, "json"
    none = Level("type-none", rank=1, paired=True, bodiless=True)
    if not place.body:
        return (none,)
    if own != JSON:
        base = "own"
    levels = [
        _content(base, own, place.body, rank=0, paired=True),
        none,
        _content("json", JSON, '{"model":"hx-model"}', rank=1),
        _content("charset", f"{JSON}; charset=utf-8", place.body, rank=1),
        _content("vendor", "application/vnd.api+json", place.body, rank=3),
        _content("text", "text/plain", "hello", rank=1, paired=True),
        _content("form", FORM, encoded(FORM, _FORM_BODY)[1]),
        _content("multipart", *encoded(MULTIPART, _FORM_BODY)),
        _content("broken", "application", place.body, rank=3),
    ]
    names = [level.name for level in levels]
    return tuple(level for n, level in enumerate(levels) if level.name not in names[:n])


def _content(
    name: str, value: str, body: str, *, rank: int = 2, paired: bool = False
) -> Level:
    headers = (("Content-Type", value),)
    return Level(f"type-{name}", body, headers, rank=rank, paired=paired)
