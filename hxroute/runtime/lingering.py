"""Lingering: how long a client is listened to behind its answer."""

from __future__ import annotations

from typing import Final

__all__ = ["LINGER_BYTES", "LINGER_SECONDS"]

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 8 << 20
"""How much a client may still send behind its answer before it is cut off: one that is
cut off while it sends may never see the answer (RFC 9112 §9.6)."""
