"""Keys: what clients show to be let in, as data.

Part of the IR: templates are strings in Jinja2 syntax, `at` takes no part in comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Key"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key that clients may show: the template that gives it, or its SHA-256 in hex.

    `name` is what the key is called where it is counted. `not_after` is a date, the
    whole of which the key is good for, or an RFC 3339 instant, from which on it is
    refused; both in UTC.
    """

    name: str = ""
    key: str | None = None
    sha256: str | None = None
    not_after: str | None = None
    at: int = field(default=0, compare=False)
