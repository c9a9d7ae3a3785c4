"""A certificate that nobody has signed, and its key, which opens nothing else."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

__all__ = ["SELF_SIGNED", "server_context"]

SELF_SIGNED: Final = Path(__file__).parent / "self-signed.pem"


def server_context() -> ssl.SSLContext:
    """Return the context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    return context
