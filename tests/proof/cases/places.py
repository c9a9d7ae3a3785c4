"""Places for the tests of cases, of the repository's own gateway and of small ones."""

from __future__ import annotations

import textwrap

from hxroute.compiler import compile
from hxroute.diagnostics.text import render
from hxroute.ir import Gateway
from hxroute.proof.cases.places import Place, of_gateway
from tests.processes import ROOT

__all__ = ["HX", "gateway_of", "hx_places", "places_of"]

HX = ROOT / "routes.yaml"


def gateway_of(routes: str | bytes) -> Gateway:
    """Return the gateway of a routes file."""
    data = textwrap.dedent(routes).encode() if isinstance(routes, str) else routes
    compiled = compile(data, "routes.yaml")
    assert compiled.gateway is not None, render(compiled.report)
    return compiled.gateway


def places_of(routes: str, **environ: str) -> tuple[Place, ...]:
    """Return the places of a routes file, started in an environment."""
    return of_gateway(gateway_of(routes), environ)


def hx_places(**environ: str) -> tuple[Place, ...]:
    """Return the places of the repository's routes.yaml."""
    return of_gateway(gateway_of(HX.read_bytes()), environ)
