"""TLS towards upstreams: whom to trust. The environment has no say in it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from hxroute.errors import StartError
from hxroute.ir import Upstream

__all__ = ["context", "is_closed_in_order"]


def context(upstream: Upstream) -> ssl.SSLContext:
    """Return what connections to an upstream are secured by.

    Not `ssl.create_default_context`: that one obeys SSL_CERT_FILE and SSLKEYLOGFILE.

    Raises:
        StartError: where there are no authorities to trust.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    where = f"line {upstream.at}: upstream `{upstream.name}`"
    if upstream.ca_file is not None:
        try:
            made.load_verify_locations(upstream.ca_file)
        except OSError as exc:  # also what OpenSSL says
            message = f"{where}: ca_file {upstream.ca_file} holds no certificates"
            raise StartError(message) from exc
        return made
    system = ssl.get_default_verify_paths()
    file, folder = Path(system.openssl_cafile), Path(system.openssl_capath)
    if not file.is_file() and not folder.is_dir():
        raise StartError(
            f"{where}: this system has no certificate authorities; install them "
            "(ca-certificates), or name yours with `ca_file`"
        )
    made.load_verify_locations(
        file if file.is_file() else None, folder if folder.is_dir() else None
    )
    return made


def is_closed_in_order(transport: asyncio.BaseTransport) -> bool:
    """Tell whether TLS was told to end: otherwise anybody may have cut it.

    RFC 8446 §6.1; what has no other end is incomplete then (RFC 9112 §9.8).
    """
    try:
        return not transport.get_extra_info("ssl_object").read(1)
    except ssl.SSLError:
        return False
