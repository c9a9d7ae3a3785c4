"""The gateway that `hxroute compile` made of routes.yaml; edit that file, not this one.

Each endpoint's pipeline stands in the order of travel; `at` is a line of routes.yaml.
Serve it with `hxroute run`, or with any ASGI server: `uvicorn --app-dir build gateway:app`.
"""

from __future__ import annotations

from starlette.applications import Starlette

from hxroute import BearerAuth, Endpoint, Gateway, Key, Setting
from hxroute.nodes import Authenticate, MapErrors, Observe, Respond
from hxroute.runtime import application

FORMAT = 3
SOURCE = "sha256:7ac2f0489d966ad60fd0adc195af24ea45ba868776a153d3339b4b6592d6183c"

CLIENTS_AUTH = BearerAuth(
    name="clients",
    keys=(
        "{{ settings.ops }}",
        Key(name="alice", key="{{ settings.alice }}", not_after="2099-01-31", at=9),
        Key(
            name="alice",
            sha256="1a2fbabed74e0ef6033584cc7de6d1e8fc7be8d66c412543ee1812cd8beb397b",
            at=10,
        ),
        Key(
            name="ci@example.com",
            sha256="d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
            not_after="2099-01-31T12:00:00Z",
            at=11,
        ),
    ),
    at=6,
)

gateway = Gateway(
    endpoints=(
        Endpoint(
            path="/whoami",
            pipeline=(
                Observe(),
                MapErrors(),
                Authenticate(auth=CLIENTS_AUTH, at=13),
                Respond(text="a known client", at=13),
            ),
            name="ANY /whoami",
            at=13,
        ),
    ),
    settings=(
        Setting(name="alice", env=("ALICE_KEY",), secret=True, at=3),
        Setting(name="ops", file="/run/secrets/ops", secret=True, at=4),
    ),
    unmatched=(Observe(), MapErrors()),
)

app: Starlette = application(gateway, format=FORMAT)
