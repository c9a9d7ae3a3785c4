"""The socket that a gateway listens on, and what serving loads."""

from __future__ import annotations

import socket
import subprocess
import sys

from hxroute.runtime import serve


def test_listen_leaves_no_delay_on_what_is_accepted() -> None:
    """Else small chunks wait for the client's late acknowledgements, 40 ms each."""
    with (
        serve.listen("127.0.0.1", 0) as bound,
        socket.create_connection(bound.getsockname()),
        bound.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_serving_loads_no_compiler_and_no_extra() -> None:
    code = "import sys, hxroute.runtime.serve; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    loaded = set(shown.split())
    assert "hxroute.runtime.reload" in loaded
    assert not loaded & {"hxroute.runtime.watch", "yaml", "jsonschema"}
    assert not loaded & {"hxroute.backends", "hxroute.compiler", "hxroute.diagnostics"}
