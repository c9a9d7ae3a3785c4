"""Keys: what clients show to be let in, as data.

Part of the IR: templates are strings in Jinja2 syntax, `at` takes no part in comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["ALGORITHMS", "DEFAULT_ALGORITHMS", "Jwt", "Key"]

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""What may sign a token: with each, who can check it cannot make it (RFC 7518 §3.1)."""

DEFAULT_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")


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


@dataclass(frozen=True, slots=True)
class Jwt:
    """Tokens that clients may show: who issues them, for whom, and what they say.

    `jwks` is the template of a URL, `jwks_file` that of a path; `upstream` is what the
    URL is called by. `claims` must be equal, `key` is the claim that names the client.
    """

    issuer: str
    audience: tuple[str, ...]
    jwks: str | None = None
    jwks_file: str | None = None
    upstream: str = ""
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    leeway: float = 30.0
    claims: tuple[tuple[str, str | int | float | bool], ...] = ()
    key: str = "sub"
    at: int = field(default=0, compare=False)

    def sources(self) -> tuple[str, ...]:
        """Return the templates over settings."""
        stated = (self.issuer, *self.audience, self.jwks, self.jwks_file)
        return tuple(source for source in stated if source is not None)
