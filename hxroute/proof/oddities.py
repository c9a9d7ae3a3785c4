"""What is wrong or unusual about a message, as facts that are absent where nothing is.

Who reads such a message may read another than who wrote it: what stands behind its end
(`client.excess`), a request that never became whole (`upstream.torn`), lengths that
contradict each other, another version than HTTP/1.1, a foreign Host.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from hxroute.proof.messages import HTTP_1_1, Answer, Header, Headers, values
from hxroute.sandbox.scripted import Script
from hxroute.sandbox.seen import Seen

__all__ = ["of_answer", "of_request", "of_torn"]

Facts = dict[str, tuple[str, ...]]

_LENGTH: Final = re.compile(r"[0-9]+")
_CONTINUE: Final = 100
"""The one interim status that servers send of their own."""

_ALWAYS: Final = frozenset({"", "close", "keep-alive"})
"""What a server or a client says of its own connection."""

_OWN: Final = ("server", "date")
"""Fields that a server sends of its own; the upstream's are none of those."""


def of_answer(answer: Answer, script: Script) -> Facts:
    """State what is odd about an answer; `script` is what the upstream answered."""
    told = {
        "client.version": _unless(answer.version, HTTP_1_1),
        "client.interim": _interim(answer),
        "client.excess": _unless(answer.excess, ""),
        "client.headers.connection": tuple(_tokens(answer.headers)),
        "client.headers.transfer-encoding": _coding(answer.headers),
    }
    for name in _OWN:
        passed = set(values(answer.headers, name)) & set(_scripted(script, name))
        told[f"client.headers.{name}"] = tuple(sorted(passed))
    return _stated(told)


def of_request(seen: Seen, prefix: str, hosts: Collection[str] | None) -> Facts:
    """State what is odd about a request that reached an upstream.

    Args:
        seen: the request.
        prefix: what the names of its facts begin with.
        hosts: what its Host may say; None where that is not known.
    """
    told = {
        f"{prefix}version": _unless(seen.version, HTTP_1_1),
        f"{prefix}headers.connection": tuple(_tokens(seen.headers)),
        f"{prefix}framing": _framing(seen.headers),
    }
    for name, value in seen.trailers:
        key = f"{prefix}trailers.{name.lower()}"
        told[key] = (*told.get(key, ()), value)
    host = tuple(values(seen.headers, "host"))
    if hosts is not None and not (len(host) == 1 and host[0].lower() in hosts):
        told[f"{prefix}headers.host"] = host or ("(none)",)
    return _stated(told)


def of_torn(torn: Iterable[str]) -> Facts:
    """State which requests began at an upstream and never became whole."""
    return _stated({"upstream.torn": tuple(torn)})


def _stated(told: Facts) -> Facts:
    return {name: found for name, found in told.items() if found}


def _unless(value: str, usual: str) -> tuple[str, ...]:
    return () if value == usual else (value,)


def _interim(answer: Answer) -> tuple[str, ...]:
    return tuple(str(status) for status in answer.interim if status != _CONTINUE)


def _tokens(headers: Headers) -> Iterator[str]:
    """Yield what `Connection` says besides what every peer may (RFC 9110 §7.6.1)."""
    for token in ",".join(values(headers, "connection")).split(","):
        if token.strip().lower() not in _ALWAYS:
            yield token.strip().lower()


def _coding(headers: Headers) -> tuple[str, ...]:
    """Return the transfer coding where it is not `chunked`, or beside a length."""
    codings = tuple(values(headers, "transfer-encoding"))
    usual = codings == ("chunked",) and not values(headers, "content-length")
    return () if usual else codings


def _framing(headers: Headers) -> tuple[str, ...]:
    """Return what says where a body ends, unless it is said once (RFC 9112 §6.3)."""
    names = ("content-length", "transfer-encoding")
    found: list[Header] = [(n, value) for n in names for value in values(headers, n)]
    if not found or (len(found) == 1 and _is_usual(*found[0])):
        return ()
    return tuple(f"{name}: {value}" for name, value in found)


def _is_usual(name: str, value: str) -> bool:
    if name == "content-length":
        return _LENGTH.fullmatch(value) is not None
    return value.lower() == "chunked"


def _scripted(script: Script, name: str) -> Iterator[str]:
    """Yield the values of a field in what the upstream was told to write."""
    for step in script:
        if isinstance(step, str):
            for line in step.partition("\r\n\r\n")[0].split("\r\n")[1:]:
                field, _, value = line.partition(":")
                if field.lower() == name:
                    yield value.strip(" \t")
