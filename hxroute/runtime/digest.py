"""What names the bytes of a routes file in the module compiled from it."""

from __future__ import annotations

import hashlib

__all__ = ["digest_of"]


def digest_of(source: bytes) -> str:
    """Name the bytes of a routes file."""
    return f"sha256:{hashlib.sha256(source).hexdigest()}"
