"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import Endpoint, Gateway
from hxroute.nodes import MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:d5fdabb278cd81a07f02c3cd5573935ac8783d8f9a864f53563415e4d06c1e30"

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/quotes",
            pipeline=(
                Observe(),
                MapErrors(),
                Respond(
                    headers=(("x-odd", "'single' and \"double\" \\ backslash"),),
                    text='"); raise SystemExit  # {# a comment #}\n\ttab\r\n\\N{BULLET} \\x41 \x00 \x7f',
                    at=9,
                ),
            ),
            name='""" \'\'\'""" + __import__(\'os\').system(\'true\') + """',
            at=5,
        ),
        Endpoint(
            path="/unicode",
            pipeline=(
                Observe(),
                MapErrors(),
                Respond(
                    json='{"a \\"key\\"":"日本語の文字列は二倍の幅を取るので行の長さに注意が必要です。ここで折り返す","":"\\\\"}',
                    at=15,
                ),
            ),
            name="👩\u200d🚀 naïve \u202eright to left\u2028line\ufeffbom",
            at=12,
        ),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
