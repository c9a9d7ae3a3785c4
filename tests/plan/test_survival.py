"""Changes of what upstreams survive, and of fallbacks, are told."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hxroute import nodes
from hxroute.ir import Upstream
from hxroute.resilience import (
    Balance,
    CircuitBreaker,
    Concurrency,
    HealthCheck,
    OutlierDetection,
    Retry,
    Target,
)
from tests.plan.test_comparison import ALTERNATIVES, call, gateway_of, texts_of


@pytest.mark.parametrize(
    "name", sorted(ALTERNATIVES[nodes.Execute].keys() - {"errors"})
)
def test_every_field_of_a_fallback_s_call_makes_a_difference(name: str) -> None:
    """But for the mapping, which is that of the endpoint."""
    value = ALTERNATIVES[nodes.Execute][name]
    other = dataclasses.replace(call(), **{name: value})
    old, new = (nodes.Fallback((it,)) for it in (call(), other))
    told = texts_of(gateway_of(old, call()), gateway_of(new, call()))
    assert told
    assert all(text.startswith("fallback 1: ") for text in told), told


def test_a_call_s_own_retry_replaces_the_upstream_s_whole() -> None:
    one = Upstream("u", "http://u", retry=Retry(per_try=5.0))
    old, new = (gateway_of(call(retry=it)) for it in (None, Retry(attempts=2)))
    old, new = (dataclasses.replace(it, upstreams=(one,)) for it in (old, new))
    assert texts_of(old, new) == [
        "upstream: retry.attempts 3 -> 2",
        "upstream: retry.per_try 5s -> none",
    ]


TARGETS = (Target("http://a", 2), Target("http://b"))


@pytest.mark.parametrize(
    ("stated", "texts"),
    [
        ({"targets": TARGETS[:1]}, ["target http://b weight 1 -> none"]),
        ({"targets": TARGETS[::-1], "url": "http://b"}, []),
        (
            {"targets": (Target("http://a"), TARGETS[1])},
            ["target http://a weight 2 -> weight 1"],
        ),
        (
            {"balance": Balance("hash", "{{ client.host }}")},
            ["balance `round_robin` -> `hash {{ client.host }}`"],
        ),
        (
            {"health": HealthCheck("/h", 5.0, 1.0, 2, 4)},
            ["health.unhealthy 3 -> 4"],
        ),
        (
            {"outlier_detection": OutlierDetection(max_ejected=0.5)},
            ["outlier_detection.max_ejected 10% -> 50%"],
        ),
        ({"retry": Retry(budget=0.5)}, ["retry.budget 20% -> 50%"]),
        ({"retry": Retry(per_try=2.0)}, ["retry.per_try none -> 2s"]),
        (
            {"circuit_breaker": CircuitBreaker(open=60.0)},
            ["circuit_breaker.open 30s -> 60s"],
        ),
        (
            {"circuit_breaker": CircuitBreaker(None, 0.5)},
            [
                "circuit_breaker.failures 5 -> none",
                "circuit_breaker.ratio none -> 50%",
            ],
        ),
        (
            {"concurrency": Concurrency(8, queue=3)},
            ["concurrency.queue 0 -> 3"],
        ),
    ],
    ids=str,
)
def test_what_an_upstream_survives_is_told(
    stated: dict[str, Any], texts: list[str]
) -> None:
    one = Upstream(
        "u",
        "http://a",
        targets=TARGETS,
        health=HealthCheck("/h"),
        outlier_detection=OutlierDetection(),
        retry=Retry(),
        circuit_breaker=CircuitBreaker(),
        concurrency=Concurrency(8),
    )
    old = dataclasses.replace(gateway_of(call()), upstreams=(one,))
    other = dataclasses.replace(one, **stated)
    new = dataclasses.replace(old, upstreams=(other,))
    told = [text.removeprefix("upstream: ") for text in texts_of(old, new)]
    assert told == texts
