"""The page of a proof, opened in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from hxroute.proof.report.html import render
from hxroute.proof.verdict import Proof

if TYPE_CHECKING:
    from playwright.sync_api import (  # type: ignore[import-not-found, unused-ignore]
        Browser,
        Page,
    )

Open: TypeAlias = "Callable[..., Page]"


@pytest.fixture
def open_page(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a proof from a file; nothing may go wrong on any."""
    wrong: list[str] = []
    contexts = []
    file = tmp_path / "proof.html"

    def note(kind: str) -> Callable[[Any], None]:
        return lambda event: wrong.append(f"{kind}: {getattr(event, 'text', event)}")

    def asked(request: Any) -> None:
        if request.url.partition("#")[0] != file.as_uri():
            wrong.append(f"request: {request.url}")

    def opened(proof: Proof, fragment: str = "", **options: Any) -> Page:
        file.write_text(render(proof), encoding="utf-8", newline="\n")
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        for kind in ("console", "pageerror", "popup", "websocket"):
            page.on(kind, note(kind))  # type: ignore[call-overload, unused-ignore]
        page.on("request", asked)
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
