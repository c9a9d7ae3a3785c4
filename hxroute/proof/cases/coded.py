"""Content codings, written out byte by byte: no two versions of zlib pack alike."""

from __future__ import annotations

import struct
import zlib

__all__ = ["deflated", "gzipped"]


def gzipped(text: str) -> str:
    """Put up to 64 KiB into gzip (RFC 1952), unpacked; text is in latin-1."""
    data = text.encode("latin-1")
    end = struct.pack("<II", zlib.crc32(data), len(data))
    whole = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + _stored(data) + end
    return whole.decode("latin-1")


def deflated(text: str) -> str:
    """Put up to 64 KiB into the zlib format (RFC 1950), unpacked; text is in latin-1."""
    data = text.encode("latin-1")
    whole = b"\x78\x01" + _stored(data) + struct.pack(">I", zlib.adler32(data))
    return whole.decode("latin-1")


def _stored(data: bytes) -> bytes:
    """Return a last block that is stored as it is (RFC 1951 section 3.2.4)."""
    return struct.pack("<BHH", 1, len(data), len(data) ^ 0xFFFF) + data
