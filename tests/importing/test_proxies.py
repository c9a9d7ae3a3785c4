"""Proxies written as users write them, each in another way: their drafts, pinned."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from hxroute.compiler import compile
from hxroute.importing.findings import as_text
from tests.importing.drafts import PROXIES, proxy

NAMES = ("legacy", "middleware", "quirky", "routers")


def line_of(name: str, words: str) -> int:
    """Return the first line of a proxy that holds some words."""
    lines = (PROXIES / f"{name}.py").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


class _Text(SingleFileSnapshotExtension):
    """A file of text for each draft and for each list of findings."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    def serialize(self, data: Any, **extra: Any) -> str:
        return str(data)


@pytest.fixture
def pinned(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(_Text)


@pytest.mark.parametrize("name", NAMES)
def test_draft_is_as_pinned(name: str, pinned: SnapshotAssertion) -> None:
    assert proxy(name).text == pinned


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_as_pinned(name: str, pinned: SnapshotAssertion) -> None:
    assert as_text(proxy(name).findings, f"{name}.py") == pinned


@pytest.mark.parametrize("name", NAMES)
def test_draft_has_no_mistake_but_nothing_unused(name: str) -> None:
    report = compile(proxy(name).text.encode(), "routes.yaml").report

    assert [item.message for item in report.diagnostics] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_names_a_line_of_the_program(name: str) -> None:
    lines = (PROXIES / f"{name}.py").read_text(encoding="utf-8").splitlines()

    for item in proxy(name).findings:
        assert lines[item.line - 1].strip(), item


@pytest.mark.parametrize("name", NAMES)
def test_everything_manual_is_to_do_in_the_draft(name: str) -> None:
    draft = proxy(name)

    for item in draft.findings:
        if item.grade == "manual":
            assert f"# TODO({name}.py:{item.line})" in draft.text, item


@pytest.mark.parametrize("name", NAMES)
def test_proxy_is_a_program_that_starts(name: str) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    keys = ("GATEWAY_KEY", "EDGE_API_KEY", "GW_CLIENT_TOKEN", "GW_BACKEND_KEY")
    code = f"import {name}; assert {name}.app.router.routes"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=PROXIES,
        env=dict.fromkeys(keys, "k") | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_legacy_settings_are_those_of_its_environment() -> None:
    settings = proxy("legacy").data["settings"]

    assert settings["master_key"] == {
        "env": ["HX_MASTER_KEY", "MASTER_KEY"],
        "secret": True,
    }
    assert settings["max_body_size"]["type"] == "size"
    assert settings["max_body_size"]["default"] == "1MiB"
    assert settings["forward_auth"]["type"] == "boolean"
    assert settings["upstream_key"]["optional"] is True


def test_legacy_default_of_a_key_is_not_copied() -> None:
    draft = proxy("legacy")

    assert "dev-only" not in draft.text
    assert draft.said("approximate", "the default of HX_MASTER_KEY") == [
        line_of("legacy", "MASTER_KEY = (")
    ]


def test_legacy_embeddings_are_an_endpoint_of_their_own() -> None:
    draft = proxy("legacy")
    first, second, third = (item["path"] for item in draft.data["endpoints"])

    assert (first, second, third) == ("/healthz", "/v1/embeddings", "/v1/{path:path}")
    own = draft.endpoint("/v1/embeddings")
    assert own["methods"] == ["POST"]
    assert own["request"]["json"] == {"rename": {"prompt": "input"}}
    assert draft.said("exact", "renames `prompt` to `input`") == [
        line_of("legacy", 'data["input"] = data.pop("prompt")')
    ]


def test_legacy_headers_are_dropped_both_ways() -> None:
    headers = proxy("legacy").data["headers"]

    assert {"authorization", "cookie", "x-forwarded-for"} <= set(
        headers["to_upstream"]["drop"]
    )
    assert headers["to_client"]["drop"] == ["server", "date"]
    assert headers["to_client"]["set"]["x-frame-options"] == "DENY"
    assert "settings.forward_auth" in headers["to_upstream"]["set"]["authorization"]


def test_legacy_errors_have_their_statuses() -> None:
    errors = proxy("legacy").data["errors"]["old"]

    assert errors["unauthorized"]["json"] == {"error": "Unauthorized"}
    assert errors["unauthorized"]["headers"] == {"www-authenticate": "Bearer"}
    assert errors["timeout"]["status"] == 502
    assert errors["not_an_object"]["json"]["error"].startswith("Request body")
    assert errors["not_found"]["json"] == {"detail": "Not Found"}


def test_routers_prefixes_and_dependencies_add_up() -> None:
    draft = proxy("routers")
    paths = [item["path"] for item in draft.data["endpoints"]]

    assert paths == [
        "/api/models",
        "/api/models/{model_id}",
        "/api/chat/completions",
        "/health",
    ]
    assert draft.data["defaults"]["auth"] == "clients"
    assert draft.endpoint("/health")["auth"] == "none"
    one = draft.endpoint("/api/models/{model_id}")
    assert one["upstream"]["path"] == "/v1/models/{{ path.model_id }}"


def test_routers_settings_have_their_prefix() -> None:
    settings = proxy("routers").data["settings"]

    assert settings["client_token"] == {"env": "GW_CLIENT_TOKEN", "secret": True}
    assert settings["backend_url"]["default"] == "http://127.0.0.1:4000"


def test_routers_timeouts_are_by_phase() -> None:
    backend = proxy("routers").data["upstreams"]["backend"]

    assert backend["timeout"]["connect"] == "5s"
    assert backend["timeout"]["read"] == "120s"


def test_middleware_allow_lists_keep() -> None:
    headers = proxy("middleware").data["headers"]

    assert headers["to_llm"]["keep"] == ["content-type", "accept", "x-request-id"]
    assert "content-encoding" in headers["to_client"]["keep"]


def test_middleware_opens_what_it_lets_through_only() -> None:
    draft = proxy("middleware")
    opened = [item["path"] for item in draft.data["endpoints"] if "auth" in item]

    assert opened == ["/ping"]
    assert draft.data["defaults"]["auth"] == "clients"


def test_middleware_headers_stand_on_own_answers_too() -> None:
    draft = proxy("middleware")
    (errors,) = draft.data["errors"].values()

    assert draft.endpoint("/ping")["respond"]["headers"]["cache-control"] == "no-store"
    assert errors["connect_failed"]["headers"]["cache-control"] == "no-store"
    assert "headers" not in errors["unauthorized"], (
        "the check stands around the headers"
    )


def test_middleware_upstream_statuses_are_replaced() -> None:
    (errors,) = proxy("middleware").data["errors"].values()
    (rule,) = errors["upstream_status"]

    assert rule["match"] == ["5xx"]
    assert rule["status"] == 502


def test_middleware_audit_is_left_to_the_reader() -> None:
    draft = proxy("middleware")

    assert draft.said("manual", "with open") == [line_of("middleware", "with open(")]
    assert draft.said("manual", "log.write") == [line_of("middleware", "log.write(")]
    assert draft.said("manual", "CORSMiddleware") == [
        line_of("middleware", "app.add_middleware(CORSMiddleware")
    ]


def test_quirky_kept_behaviours_are_kept() -> None:
    draft = proxy("quirky")
    errors = draft.data["errors"]["old"]

    assert errors["timeout"]["status"] == 502
    assert errors["disconnected"] == {"status": 500, "text": "Internal Server Error"}
    assert draft.data["upstreams"]["models"]["timeout"]["read"] == "2s"
    assert draft.endpoint("/models/{path:path}", "HEAD")["respond"] == {"status": 204}
    assert "server" not in draft.data["headers"]["to_client"]["drop"]


def test_quirky_header_is_renamed() -> None:
    rules = proxy("quirky").data["headers"]["to_models"]

    assert (
        rules["set"]["x-team"] == "{{ headers['x-department'] | default('unknown') }}"
    )
    assert "x-department" in rules["drop"]


def test_quirky_header_by_body_size_is_left_to_the_reader() -> None:
    draft = proxy("quirky")

    assert draft.said("manual", "x-pool") == [line_of("quirky", 'headers["x-pool"]')]
    assert "x-pool" not in draft.data["headers"]["to_models"]["set"]
