"""What is declared of resilience, in the words of the file: `explain` and `plan` show it."""

from __future__ import annotations

import pytest

from hxroute.ir import Upstream
from hxroute.resilience import CircuitBreaker, Concurrency, OutlierDetection, Retry
from hxroute.written import survival, words
from tests.explain.files import compiled, explained

FILE = """
version: 1
upstreams:
  main:
    url: http://127.0.0.1:9
    retry: {attempts: 2, when: [503]}
    circuit_breaker: {ratio: 50%, when: [5xx, timeout]}
    concurrency: {max: 8, queue: 2, queue_timeout: 250ms}
defaults:
  auth: none
  request: {headers: safe}
headers: {safe: {drop: [authorization, cookie]}}
endpoints:
  - {path: /x, concurrency: {max: 9, queue: 1}, upstream: main}
"""


def test_a_call_tells_what_it_survives_and_what_guards_it() -> None:
    told = explained(compiled(FILE), "GET /x")
    assert told.call is not None
    assert dict(told.call.survives) == {
        "retry": (
            "attempts 2, when 503, methods DELETE GET HEAD OPTIONS PUT TRACE, "
            "backoff 25ms, max_backoff 250ms, max_retry_after 5s, budget 20%, "
            "min_retries 3"
        ),
        "circuit_breaker": (
            "ratio 50%, minimum 20, window 10s, open 30s, half_open 1, when 5xx timeout"
        ),
        "concurrency": "max 8, queue 2, queue_timeout 250ms, retry_after 1s",
    }
    assert "let in 9 at a time in each process; 1 more wait, 1s at most" in {
        step.text for step in told.steps
    }


def test_a_call_s_own_retry_is_told_in_the_place_of_the_upstream_s() -> None:
    upstream = Upstream("u", "http://u", retry=Retry(attempts=5))
    ((_, text),) = survival(upstream, Retry(attempts=2))
    assert text.startswith("attempts 2, ")


@pytest.mark.parametrize(
    ("policy", "key", "text"),
    [
        (CircuitBreaker(ratio=0.125), "ratio", "12.5%"),
        (CircuitBreaker(), "failures", "5"),
        (Concurrency(3, retry_after=60.0), "retry_after", "60s"),
        (OutlierDetection(success_rate_stdev=1.9), "success_rate_stdev", "1.9"),
        (OutlierDetection(max_ejected=0.5), "max_ejected", "50%"),
    ],
    ids=str,
)
def test_a_value_is_told_in_its_unit(
    policy: CircuitBreaker | Concurrency | OutlierDetection, key: str, text: str
) -> None:
    assert dict(words(policy))[key] == text


def test_what_is_left_out_is_not_told() -> None:
    assert "failures" not in dict(words(CircuitBreaker(failures=None, ratio=0.5)))
