"""`hxroute demo`: the HX gateway on an embedded upstream, in one process."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hxroute import files
from hxroute.errors import StartError
from hxroute.runtime import application, loader, serve
from hxroute.sandbox.embedded import Embedded
from hxroute.sandbox.serving import serving

__all__ = ["routes_file", "run"]

_HOST: Final = "127.0.0.1"
_UPSTREAM_PORT: Final = 4000
_KEY: Final = "sk-hx-dev-default"
_LINES: Final = """
paste one of these:

  curl {url}/v1/models -H 'Authorization: Bearer {key}'

  curl {url}/v1/chat/completions -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"model":"hx-chat","messages":[{{"role":"user","content":"Hello"}}]}}'

  curl -N {url}/v1/chat/completions -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"model":"hx-chat","stream":true,"messages":[{{"role":"user","content":"Hello"}}]}}'

  curl {url}/v1/embeddings -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"model":"emb-light","prompt":"prompt becomes input"}}'
"""


def routes_file() -> Path:
    """Return the HX gateway's routes file: in the package, or beside its source."""
    packaged = Path(__file__).parent / "routes.yaml"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "routes.yaml"


def run(compiled: str, port: int, say: Callable[[str], object]) -> None:
    """Serve a compiled HX gateway until a signal ends it.

    Args:
        compiled: the text of the compiled module.
        port: where to listen; another one where it is taken.
        say: what prints a line.
    """
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder) / "gateway.py"
        files.write(build, compiled)
        gateway = loader.load(build).gateway
    with serving(Embedded(), _UPSTREAM_PORT) as upstream_port:
        # Nothing of the environment: the demo is the same everywhere.
        environ = {"HX_LITELLM_UPSTREAM": f"http://{_HOST}:{upstream_port}"}
        # Ctrl-C is how it ends.
        with _listen(port, say) as bound, contextlib.suppress(KeyboardInterrupt):
            *screen, ending = serve.screen(gateway, bound, environ)
            url = f"http://{_HOST}:{bound.getsockname()[1]}"
            for line in (*screen, _LINES.format(url=url, key=_KEY), ending):
                say(line)
            app = application(gateway, environ=environ)
            serve.run(app, bound)


def _listen(port: int, say: Callable[[str], object]) -> socket.socket:
    try:
        return serve.listen(_HOST, port)
    except StartError:
        bound = serve.listen(_HOST, 0)
    say(f"port {port} is taken: the gateway is on {bound.getsockname()[1]}")
    return bound
