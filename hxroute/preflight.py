"""Preflights: what a browser asks before a script's request to another origin.

Fetch standard, "CORS-preflight request".
"""

from __future__ import annotations

from hxroute.http import Request

__all__ = ["METHOD", "asked_for", "only"]

METHOD = b"access-control-request-method"


def only(request: Request, name: bytes) -> bytes | None:
    """Return the value of a field that comes once; one that repeats says nothing."""
    values = [value for key, value in request.headers if key == name]
    return values[0] if len(values) == 1 else None


def asked_for(request: Request) -> str | None:
    """Return the method that a preflight asks for; None where it is no preflight."""
    if request.method != "OPTIONS" or only(request, b"origin") is None:
        return None
    method = only(request, METHOD)
    return None if method is None else method.decode("latin-1")
