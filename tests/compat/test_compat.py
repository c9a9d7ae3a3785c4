"""The new gateway answers as the old one did, in both directions of the wire.

Each exchange of the corpus is played through the gateway of routes.yaml, by each of the
clients that call upstreams, and compared with its file; intended differences stand in
corpus/divergences.yaml.
"""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from hxroute.proof.exchange import Exchange
from hxroute.proof.replay import Gateway


def test_compat(
    exchange: Exchange, gateway: Gateway, snapshot: SnapshotAssertion
) -> None:
    assert gateway.replay(exchange) == snapshot
