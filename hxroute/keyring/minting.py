"""Minting: new keys, random, and recognised wherever they turn up."""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib
from collections.abc import Callable, Sequence
from typing import Final

__all__ = ["PREFIX", "digest_of", "is_whole", "new_key"]

PREFIX: Final = "hxk_"
"""What a key begins with, for scanners of repositories and logs to find it by."""

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM: Final = 40
"""Random characters of a key: 238 bits, which nobody finds by trying."""
_CHECK: Final = 6


def new_key(choice: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """Make a key: the prefix, random characters, and their checksum.

    Args:
        choice: chooses a character, as unforeseeably as `secrets` does.
    """
    body = "".join(choice(_DIGITS) for _ in range(_RANDOM))
    return PREFIX + body + _checksum(body)


def is_whole(text: str) -> bool:
    """Tell a key from a text that only looks like one, or was cut or mistyped."""
    body, checksum = text[len(PREFIX) : -_CHECK], text[-_CHECK:]
    fits = len(text) == len(PREFIX) + _RANDOM + _CHECK and text.startswith(PREFIX)
    return fits and checksum == _checksum(body)


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, as a routes file states it."""
    return hashlib.sha256(key.encode()).hexdigest()


def _checksum(body: str) -> str:
    """Return the CRC-32 of a text in 62 digits."""
    rest, found = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        rest, digit = divmod(rest, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found
