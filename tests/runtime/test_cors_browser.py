"""What a real browser makes of `cors`: pages of other origins call a gateway."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.processes import HXROUTE, environment, free_port, running
from tests.runtime.serving import KEYED_AUTH

if TYPE_CHECKING:
    from playwright.sync_api import (  # type: ignore[import-not-found, unused-ignore]
        Browser,
        Page,
    )

pytestmark = pytest.mark.browser

ROUTES: Final = """\
version: 1
settings: {key: {env: KEY, default: right, secret: true}}
upstreams: {nobody: {url: "http://127.0.0.1:9"}}
headers: {as_sent: {forward: [authorization, cookie]}}
AUTH
defaults:
  auth: none
  request: {headers: as_sent}
  cors: {origins: ["ORIGIN"], expose: [x-seen]}
endpoints:
  - {path: /healthz, cors: none, respond: {text: up}}
  - {path: /keyed, methods: [PUT], auth: k, respond: {headers: {x-seen: "1"}, text: put}}
  - {path: /down, upstream: nobody}
  - {path: /open, cors: {origins: ["*"]}, respond: {text: open}}
  - path: /cookies
    cors: {origins: ["ORIGIN"], credentials: true}
    respond: {text: "{{ headers.cookie | default('none') }}"}
"""
CALL: Final = """\
async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return [answer.status, await answer.text(), answer.headers.get("x-seen")];
  } catch (error) {
    return [error.name];
  }
}"""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def pages() -> Iterator[str]:
    """Serve empty pages; give their origin."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """The gateway, an origin that it lets in, and one that it does not."""
    folder: Path = tmp_path_factory.mktemp("cors")
    port = free_port()
    with pages() as friend, pages() as stranger:
        text = ROUTES.replace("ORIGIN", friend).replace("AUTH", KEYED_AUTH)
        (folder / "routes.yaml").write_text(text, encoding="utf-8")
        url = f"http://127.0.0.1:{port}"
        subprocess.run([*HXROUTE, "compile"], cwd=folder, env=environment(), check=True)
        command = [*HXROUTE, "run", "--port", str(port)]
        log = folder / "log"
        with running(command, folder, environment(), log, f"{url}/healthz"):
            yield url, friend, stranger


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def call(page: Page, origin: str, url: str, **options: object) -> list[object]:
    """Return what a script of an origin gets: status, text and `x-seen`, or an error."""
    page.goto(origin)
    found: list[object] = page.evaluate(CALL, [url, options])
    return found


def test_script_of_a_listed_origin_reads(
    page: Page, origins: tuple[str, str, str]
) -> None:
    gateway, friend, _ = origins
    headers = {"authorization": "Bearer right", "content-type": "application/json"}
    found = call(page, friend, f"{gateway}/keyed", method="PUT", headers=headers)
    assert found == [200, "put", "1"]


def test_script_of_another_origin_reads_only_what_is_open(
    page: Page, origins: tuple[str, str, str]
) -> None:
    gateway, _, stranger = origins
    assert call(page, stranger, f"{gateway}/down") == ["TypeError"]
    assert call(page, stranger, f"{gateway}/keyed", method="PUT") == ["TypeError"]
    assert call(page, stranger, f"{gateway}/open") == [200, "open", None]


def test_script_reads_errors(page: Page, origins: tuple[str, str, str]) -> None:
    gateway, friend, _ = origins
    statuses = {
        path: call(page, friend, f"{gateway}{path}", method=method)[0]
        for path, method in (("/keyed", "PUT"), ("/down", "GET"), ("/lost", "GET"))
    }
    assert statuses == {"/keyed": 401, "/down": 502, "/lost": 404}


def test_method_that_nobody_takes_gets_no_preflight(
    page: Page, origins: tuple[str, str, str]
) -> None:
    gateway, friend, _ = origins
    assert call(page, friend, f"{gateway}/keyed", method="DELETE") == ["TypeError"]


def test_cookies_go_along_only_where_credentials_are_allowed(
    page: Page, origins: tuple[str, str, str]
) -> None:
    gateway, friend, stranger = origins
    cookie = {"name": "a", "value": "1", "url": gateway}
    page.context.add_cookies([cookie])  # type: ignore[list-item, unused-ignore]
    asking = {"credentials": "include"}
    assert call(page, friend, f"{gateway}/cookies", **asking) == [200, "a=1", None]
    assert call(page, friend, f"{gateway}/lost", **asking) == ["TypeError"]
    assert call(page, stranger, f"{gateway}/cookies", **asking) == ["TypeError"]
    assert call(page, stranger, f"{gateway}/open", **asking) == ["TypeError"]
