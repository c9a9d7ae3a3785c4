"""What a plan says of keys that have a name, a digest or an end."""

from __future__ import annotations

import pytest

from hxroute.plan import differences, render
from tests.compiler.compiling import gateway_of

ONE, TWO = "1a" * 32, "2b" * 32


def plan(old: str, new: str) -> str:
    before, after = (
        gateway_of(
            f"""\
version: 1
settings: {{a: {{env: A, secret: true}}}}
auth: {{clients: {{bearer: ["{{{{ settings.a }}}}", {item}]}}}}
endpoints: [{{path: /x, auth: clients, respond: {{}}}}]
"""
        )
        for item in (old, new)
    )
    return render(differences(before, after), "old", "new")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            f"{{name: x, sha256: {ONE}}}",
            f"{{name: x, sha256: {TWO}}}",
            "x sha256:1a1a1a1a` -> `{{ settings.a }}, x sha256:2b2b2b2b`",
        ),
        (
            f"{{name: x, sha256: {ONE}}}",
            f"{{name: x, sha256: {ONE}, not_after: 2099-01-31}}",
            "key x: without end -> 2099-01-31",
        ),
        (
            f"{{name: x, sha256: {ONE}}}",
            f"{{name: y, sha256: {ONE}}}",
            "key y: none -> without end",
        ),
    ],
)
def test_plan_tells_what_becomes_of_keys(old: str, new: str, said: str) -> None:
    assert said in plan(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{{name: x, sha256: {'a' * 64}}}", f"{{name: x, sha256: {'A' * 64}}}"),
        (
            f"{{name: x, sha256: {ONE}, not_after: 2099-01-31}}",
            f"{{name: x, sha256: {ONE}, not_after: 2099-02-01T00:00:00Z}}",
        ),
    ],
)
def test_plan_tells_nothing_of_the_same_in_other_words(old: str, new: str) -> None:
    assert "no request" in plan(old, new)


def test_plan_shows_no_whole_digest() -> None:
    said = plan(f"{{name: x, sha256: {ONE}}}", f"{{name: y, sha256: {TWO}}}")

    assert "1a" * 5 not in said
    assert "2b" * 5 not in said


def test_plan_tells_where_keys_are_shown() -> None:
    old, new = (
        gateway_of(
            f"""\
version: 1
settings: {{a: {{env: A, secret: true}}}}
auth: {{clients: {{{header}bearer: ["{{{{ settings.a }}}}"]}}}}
endpoints: [{{path: /x, auth: clients, respond: {{}}}}]
"""
        )
        for header in ("", "header: x-api-key, ")
    )

    told = "auth: header none -> `x-api-key`"
    assert told in render(differences(old, new), "old", "new")
