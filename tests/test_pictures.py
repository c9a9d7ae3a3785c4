"""The README's pictures are what the commands print; `--snapshot-update` draws them."""

# ruff: noqa: ARG003  (the keywords are syrupy's)
from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich import _export_format
from rich.console import Console, RenderableType
from rich.text import Text
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from hxroute import overview
from hxroute.compiler import compile
from hxroute.diagnostics import text as diagnostics
from hxroute.explain import ask, explain, text
from tests.test_readme import ROUTES

ROOT = Path(__file__).parents[1]
HX = (ROOT / "routes.yaml").read_text(encoding="utf-8")

MISTAKEN = (
    ROUTES.replace("upstream: litellm", "upstream: litelm")
    .replace("read: 60s", "read: 60")
    .replace("secret: true}\n  upstream_key", "secret: yes}\n  upstream_key")
    .replace("drop: [authorization, cookie]", "drop: [authorization]")
    .replace("settings.upstream_key else", "settings.upstrem_key else")
)

# syrupy warns, on writing, of golden files that are not named after their test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot")


class _Picture(SingleFileSnapshotExtension):
    """Keep a picture where the README shows it."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(ROOT / "docs" / "pictures")

    @classmethod
    def get_snapshot_name(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0
    ) -> str:
        return str(index)


def test_picture_of_check(snapshot: SnapshotAssertion) -> None:
    report = compile(MISTAKEN.encode(), "routes.yaml").report
    shown = [Text.from_ansi(diagnostics.render(report, color=True))]

    assert drawn("check", "hxroute check", shown) == snapshot(
        extension_class=_Picture, name="check"
    )


def test_picture_of_explain(snapshot: SnapshotAssertion) -> None:
    fields = ["authorization: Bearer sk-mine", "cookie: session=1", "x-request-id: 7"]
    question = ask("POST", "/v1/embeddings", fields, b'{"prompt": "hello"}')
    environ = {"HX_MASTER_KEY": "sk-mine", "HX_UPSTREAM_KEY": "sk-litellm"}
    explanation = explain(compile(HX.encode(), "routes.yaml"), question, environ)
    title = 'hxroute explain POST /v1/embeddings -H … -d \'{"prompt": "hello"}\''

    assert drawn("explain", title, text.lines(explanation)) == snapshot(
        extension_class=_Picture, name="explain"
    )


def test_picture_of_routes(snapshot: SnapshotAssertion) -> None:
    gateway = compile(HX.encode(), "routes.yaml").gateway
    assert gateway is not None

    assert drawn(
        "routes", "hxroute routes", [overview.as_tree(gateway, "routes.yaml")]
    ) == snapshot(extension_class=_Picture, name="routes")


def drawn(name: str, title: str, shown: Iterable[RenderableType]) -> str:
    """Draw what a command prints, in fonts that every browser has."""
    console = Console(
        record=True,
        width=110,
        file=io.StringIO(),
        highlight=False,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    for item in shown:
        console.print(item)
    form = re.sub(
        r"@font-face \{\{.*?\}\}\s*",
        "",
        _export_format.CONSOLE_SVG_FORMAT,
        flags=re.DOTALL,
    )
    picture = console.export_svg(title=title, code_format=form, unique_id=name)
    return re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE)
