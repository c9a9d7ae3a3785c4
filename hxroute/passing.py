"""Passing: which header fields go on, and which end at each hop (RFC 9110 §7.6.1).

Standard library only. Names are lower-case bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["HOP_BY_HOP", "Headers", "Passing", "forwardable", "meant", "with_one"]

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy",  # no field at all: CGI would take it for HTTP_PROXY
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def meant(name: bytes) -> bytes:
    """Return the name that some servers read: to CGI and its kin `_` is `-`.

    A field that is dropped or set must not come through under its other spelling.
    """
    return name.replace(b"_", b"-")


def with_one(headers: Headers, name: bytes) -> Headers:
    """Return fields with the first of a name alone, and at the end, where there are more.

    Also under its other spelling it is another one.
    """
    spelt = meant(name)
    alike = [item for item in headers if meant(item[0]) == spelt]
    first = [item for item in alike if item[0] == name][:1]
    if len(alike) == len(first):
        return headers
    return [*(item for item in headers if meant(item[0]) != spelt), *first]


def forwardable(headers: Headers) -> Headers:
    """Return the end-to-end fields: no hop-by-hop field, none that Connection names.

    RFC 9110 §7.6.1.
    """
    return _END_TO_END.of(headers)


class Passing(dict[bytes, bool]):
    """Which end-to-end fields pass on; what is decided for a common name is remembered.

    Other names are decided each time: a client can make up any number of them.

    Args:
        passes: decides for the name of a field, of those that are end-to-end.
    """

    def __init__(self, passes: Callable[[bytes], bool] = lambda _: True) -> None:
        super().__init__()
        self._passes = passes

    def __missing__(self, name: bytes) -> bool:
        found = meant(name) not in HOP_BY_HOP and self._passes(name)
        if name in _COMMON:
            self[name] = found
        return found

    def of(self, headers: Headers) -> Headers:
        """Return the fields that pass."""
        for name, value in headers:
            if name == b"connection" and value.lower() != _NAMES_NO_FIELD:
                headers = _without(headers, _named(headers))
                break
        return [field for field in headers if self[field[0]]]


_COMMON: Final = HOP_BY_HOP | frozenset(
    b"""
    accept accept-encoding accept-language accept-ranges access-control-allow-origin age
    alt-svc authorization cache-control content-disposition content-encoding
    content-language content-length content-range content-security-policy content-type
    cookie date etag expect expires forwarded from host idempotency-key if-match
    if-modified-since if-none-match if-range if-unmodified-since last-modified link
    location max-forwards openai-beta openai-model openai-organization
    openai-processing-ms openai-project openai-version origin pragma priority range
    referer referrer-policy retry-after sec-fetch-dest sec-fetch-mode sec-fetch-site
    server set-cookie strict-transport-security traceparent tracestate user-agent vary via
    www-authenticate x-api-key x-content-type-options x-correlation-id x-forwarded-for
    x-forwarded-host x-forwarded-proto x-frame-options x-powered-by
    x-ratelimit-limit-requests x-ratelimit-limit-tokens x-ratelimit-remaining-requests
    x-ratelimit-remaining-tokens x-ratelimit-reset-requests x-ratelimit-reset-tokens
    x-real-ip x-request-id x-stainless-arch x-stainless-async x-stainless-lang
    x-stainless-os x-stainless-package-version x-stainless-read-timeout
    x-stainless-retry-count x-stainless-runtime x-stainless-runtime-version
    x-xss-protection
    """.split()
)
_NAMES_NO_FIELD: Final = b"keep-alive"
"""What Connection says nearly always; the field of that name never passes."""

_END_TO_END: Final = Passing()


def _named(headers: Headers) -> set[bytes]:
    """Return what Connection names, as others may read it."""
    return {
        meant(option.strip(b" \t").lower())
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    }


def _without(headers: Headers, names: set[bytes]) -> Headers:
    return [field for field in headers if meant(field[0]) not in names]
