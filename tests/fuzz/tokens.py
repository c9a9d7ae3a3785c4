"""Mutations of any bytes by their tokens and lines, with the words of a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

__all__ = ["bent"]

_TOKEN: Final = re.compile(
    rb"\r\n|%[0-9a-fA-F]{2}|\\u?[0-9a-fA-F]*|[0-9A-Za-z_]+|[\s\S]"
)
_MOST: Final = 40
"""How often a piece is repeated at most."""

_Change = Callable[[bytes, Random, Sequence[bytes]], bytes]


def bent(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Return bytes after a few mutations."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        data = random.choice(_CHANGES)(data, random, words)
    return data


def _tokens(data: bytes) -> list[bytes]:
    return _TOKEN.findall(data) or [b""]


def _put(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Put a word in the place of a few tokens, or between two."""
    tokens = _tokens(data)
    at = random.randrange(len(tokens) + 1)
    tokens[at : at + random.choice((0, 0, 1, 1, 2))] = [random.choice(words)]
    return b"".join(tokens)


def _cut(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    tokens = _tokens(data)
    at = random.randrange(len(tokens))
    del tokens[at : at + random.choice((1, 1, 2, 5))]
    return b"".join(tokens)


def _repeat(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    tokens = _tokens(data)
    at = random.randrange(len(tokens))
    piece = tokens[at : at + random.choice((1, 1, 2, 5))]
    tokens[at:at] = piece * random.choice((1, 1, 2, _MOST))
    return b"".join(tokens)


def _swap(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    tokens = _tokens(data)
    here, there = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[here], tokens[there] = tokens[there], tokens[here]
    return b"".join(tokens)


def _line(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Take a line away, say it twice, or put it elsewhere."""
    lines = data.splitlines(keepends=True) or [b""]
    at = random.randrange(len(lines))
    line = lines.pop(at)
    for _ in range(random.randrange(3)):
        lines.insert(random.choice((at, random.randrange(len(lines) + 1))), line)
    return b"".join(lines)


def _flip(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Change one byte."""
    at = random.randrange(len(data) + 1)
    byte = bytes((random.randrange(256),))
    return data[:at] + byte + data[at + random.choice((0, 1)) :]


_CHANGES: Final[tuple[_Change, ...]] = (
    *(_put, _put, _put, _put, _cut, _repeat, _swap, _line, _line, _flip),
)
