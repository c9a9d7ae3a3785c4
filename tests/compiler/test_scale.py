"""Four times the file takes about four times the work, not sixteen times.

Work is counted in calls, of which a run makes the same number on any machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from hxroute.compiler import compile

FEW, MANY = 100, 400


def good(count: int) -> str:
    rows = [f"  - {{path: '/v1/{{x}}/p{n}', respond: {{}}}}" for n in range(count)]
    return "\n".join(["version: 1", "defaults: {auth: none}", "endpoints:", *rows])


def with_one_path(count: int) -> str:
    row = "  - {path: /x, auth: none, respond: {}}"
    return "\n".join(["version: 1", "endpoints:", *[row] * count])


def without_auth(count: int) -> str:
    rows = [f"  - {{path: /p{n}, respond: {{}}}}" for n in range(count)]
    return "\n".join(["version: 1", "endpoints:", *rows])


def with_mistaken_templates(count: int) -> str:
    rows = [
        f"  - {{path: /p{n}, auth: none, respond: {{text: '{{{{ nope{n} }}}}'}}}}"
        for n in range(count)
    ]
    return "\n".join(["version: 1", "endpoints:", *rows])


def with_unknown_keys(count: int) -> str:
    rows = [f"  - {{path: /p{n}, auth: none, respnd: {{}}}}" for n in range(count)]
    return "\n".join(["version: 1", "endpoints:", *rows])


def with_double_keys(count: int) -> str:
    return "\n".join(["version: 1"] * count * 10)


def calls(source: str) -> int:
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        compile(source.encode(), "routes.yaml")
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "routes",
    [
        good,
        with_one_path,
        without_auth,
        with_mistaken_templates,
        with_unknown_keys,
        with_double_keys,
    ],
)
def test_work_grows_with_the_file(routes: Callable[[int], str]) -> None:
    calls(routes(10))  # the schemas are read

    few, many = calls(routes(FEW)), calls(routes(MANY))

    assert many / few < 5
