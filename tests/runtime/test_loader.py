from __future__ import annotations

from pathlib import Path

import pytest

from hxroute.backends.python import emit
from hxroute.errors import StartError
from hxroute.files import digest_of
from hxroute.ir import FORMAT, Gateway
from hxroute.runtime import loader
from tests.runtime.serving import compiled

GATEWAY = compiled("- {path: /x, upstream: u}")


def built(
    folder: Path, text: str, source: bytes | None = b"source"
) -> tuple[Path, Path]:
    """Write a build, and a routes file beside it unless there is none."""
    build, routes = folder / "gateway.py", folder / "routes.yaml"
    build.write_text(text)
    if source is not None:
        routes.write_bytes(source)
    return build, routes


def test_load_gives_the_gateway_that_was_compiled(tmp_path: Path) -> None:
    text = emit(GATEWAY, digest=digest_of(b"source"))
    assert loader.load(*built(tmp_path, text)).gateway == GATEWAY


def test_load_needs_no_routes_file(tmp_path: Path) -> None:
    text = emit(GATEWAY, digest=digest_of(b"source"))
    assert loader.load(*built(tmp_path, text, None)).gateway == GATEWAY


def test_load_refuses_a_stale_build(tmp_path: Path) -> None:
    text = emit(GATEWAY, digest=digest_of(b"another"))
    with pytest.raises(StartError, match=r"older than .*; run `hxroute compile`"):
        loader.load(*built(tmp_path, text))


def test_load_refuses_a_build_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        StartError, match=r"gateway\.py is not there; run `hxroute compile`"
    ):
        loader.load(tmp_path / "gateway.py", tmp_path / "routes.yaml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense(", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("1/0", "ZeroDivisionError"),
        ("raise SystemExit(7)", "SystemExit"),
        ("", "is empty; run `hxroute compile`"),
        (" \n", "is empty; run `hxroute compile`"),
        ("FORMAT = 0", "of another hxroute"),
        (f"FORMAT = {FORMAT}", "of another hxroute"),
    ],
)
def test_load_refuses_what_is_no_build(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(StartError, match=rf"{why}.*; run `hxroute compile`|{why}"):
        loader.load(*built(tmp_path, text))


def test_load_refuses_a_build_of_another_format(tmp_path: Path) -> None:
    text = emit(GATEWAY).replace(f"FORMAT = {FORMAT}", f"FORMAT = {FORMAT + 1}")
    assert f"FORMAT = {FORMAT + 1}" in text
    with pytest.raises(StartError, match="run `hxroute compile`"):
        loader.load(*built(tmp_path, text))


def test_load_refuses_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read: Is a directory"):
        loader.load(tmp_path)
    with pytest.raises(StartError, match="cannot be read: File name too long"):
        loader.load(tmp_path / ("x" * 300))


def test_load_runs_the_text_and_no_older_bytecode(tmp_path: Path) -> None:
    build, routes = built(tmp_path, emit(GATEWAY), None)
    loader.load(build, routes)
    build.write_text(emit(Gateway(())))
    assert loader.load(build, routes).gateway == Gateway(())


def test_load_passes_on_why_a_build_will_not_start(tmp_path: Path) -> None:
    text = emit(GATEWAY).replace("format=FORMAT", "format=0")
    with pytest.raises(StartError, match="format 0"):
        loader.load(*built(tmp_path, text, None))
