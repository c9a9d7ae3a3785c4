"""`hxroute import fastapi`, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hxroute.compiler import compile
from tests.importing.drafts import PROXIES

SOURCE = """\
from fastapi import FastAPI
app = FastAPI()
@app.get("/a")
def a():
    return {"ok": True}
"""
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {"/a": {"get": {}}, "/b/{Id}": {"put": {}, "get": {}}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hxroute", "import", "fastapi", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def compiles(path: Path) -> bool:
    return compile(path.read_bytes(), path.name).gateway is not None


def test_command_writes_a_draft_and_says_what_it_found(folder: Path) -> None:
    done = run(folder, "main.py")

    assert done.returncode == 0, done.stderr
    assert compiles(folder / "routes.yaml")
    assert "main.py:5  exact" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("main.py -> routes.yaml: ")


def test_check_passes_on_the_draft(folder: Path) -> None:
    run(folder, "main.py")
    checked = subprocess.run(
        [sys.executable, "-m", "hxroute", "check"],
        cwd=folder,
        capture_output=True,
        check=False,
    )

    assert checked.returncode == 0


def test_findings_as_json(folder: Path) -> None:
    found = json.loads(run(folder, "main.py", "--format", "json").stdout)

    assert found["file"] == "main.py"
    assert found["output"] == "routes.yaml"
    assert set(found["counts"]) == {"exact", "approximate", "manual"}
    assert {"grade", "line", "text"} == set(found["findings"][0])
    assert sum(found["counts"].values()) == len(found["findings"])


def test_dash_prints_the_draft_alone(folder: Path) -> None:
    done = run(folder, "main.py", "-o", "-")

    assert compile(done.stdout.encode(), "routes.yaml").gateway is not None
    assert "main.py -> -" in done.stderr
    assert not (folder / "routes.yaml").exists()


def test_file_that_is_there_is_written_over_only_by_force(folder: Path) -> None:
    routes = folder / "routes.yaml"
    routes.write_text("mine\n", encoding="utf-8")

    refused = run(folder, "main.py")

    assert refused.returncode == 2
    assert refused.stderr.startswith("error: routes.yaml exists; ")
    assert routes.read_text(encoding="utf-8") == "mine\n"
    assert run(folder, "main.py", "--force").returncode == 0
    assert compiles(routes)


def test_nothing_is_written_where_the_source_is_none(folder: Path) -> None:
    (folder / "broken.py").write_text("def (\n", encoding="utf-8")

    done = run(folder, "broken.py")

    assert done.returncode == 2
    assert done.stderr.startswith("error: broken.py:1 is no Python source")
    assert "Traceback" not in done.stderr
    assert not (folder / "routes.yaml").exists()


def test_source_that_is_not_there_is_said(folder: Path) -> None:
    done = run(folder, "none.py")

    assert (done.returncode, done.stderr) == (
        2,
        "error: none.py cannot be read: No such file or directory\n",
    )


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_operations_that_the_source_does_not_show_are_closed(
    folder: Path, form: str
) -> None:
    text = (
        json.dumps(DOCUMENT)
        if form == "json"
        else "paths:\n  /b/{Id}: {put: {}, get: {}}\n"
    )
    (folder / "openapi").write_text(text, encoding="utf-8")

    done = run(folder, "main.py", "--openapi", "openapi")

    assert done.returncode == 0, done.stderr
    draft = (folder / "routes.yaml").read_text(encoding="utf-8")
    assert '- path: "/b/{id}"' in draft
    assert "501" in draft
    assert "GET PUT /b/{id} is in the OpenAPI document" in done.stdout
    assert draft.count("- path: /a") == 1
    assert compiles(folder / "routes.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "is no OpenAPI document"),
        ("{", "is neither JSON nor YAML"),
        ("a: &a [1]\nb: *a\n", "is neither JSON nor YAML"),
        ("paths: 3", "is no OpenAPI document"),
        ("[" * 5000, "is neither JSON nor YAML"),
    ],
)
def test_document_that_is_none_is_said(folder: Path, text: str, words: str) -> None:
    (folder / "openapi").write_text(text, encoding="utf-8")

    done = run(folder, "main.py", "--openapi", "openapi")

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_app_is_asked_in_a_process_of_its_own(folder: Path) -> None:
    (folder / "made.py").write_text(
        "print('noise')\nclass App:\n"
        f"    def openapi(self):\n        return {DOCUMENT!r}\napp = App()\n",
        encoding="utf-8",
    )

    done = run(folder, "main.py", "--app", "made:app")

    assert done.returncode == 0, done.stderr
    assert "/b/{id} is in the OpenAPI document" in done.stdout


def test_app_of_fastapi_is_asked(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    main = tmp_path / "main.py"
    main.write_text(SOURCE, encoding="utf-8")

    done = run(tmp_path, "main.py", "--app", "main:app")

    assert done.returncode == 0, done.stderr
    assert "is in the OpenAPI document" not in done.stdout


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('sk-secret')", "cannot be imported"),
        ("raise ValueError('sk-secret')", "cannot be imported: ValueError"),
        ("app = 3", "has no attribute 'openapi'"),
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
    ],
)
def test_app_that_fails_is_said_without_its_words(
    folder: Path, code: str, words: str
) -> None:
    (folder / "made.py").write_text(code + "\n", encoding="utf-8")

    done = run(folder, "main.py", "--app", "made:app")

    assert done.returncode == 2
    assert words in done.stderr
    assert "sk-secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_document_and_app_exclude_each_other(folder: Path) -> None:
    done = run(folder, "main.py", "--app", "a:b", "--openapi", "c")

    assert done.stderr == "error: --openapi and --app exclude each other\n"


def test_output_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / "file").touch()

    done = run(folder, "main.py", "-o", "file/routes.yaml")

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_proxy_with_its_document_shows_nothing_more(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx")

    code = "import json, sys; sys.path.insert(0, sys.argv[1]); import routers; print(json.dumps(routers.app.openapi()))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(PROXIES)],
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    document = tmp_path / "openapi.json"
    document.write_text(done.stdout, encoding="utf-8")
    source = str(PROXIES / "routers.py")

    shown = run(tmp_path, source, "--openapi", str(document))

    assert shown.returncode == 0, shown.stderr
    assert "not in the source" not in shown.stdout
