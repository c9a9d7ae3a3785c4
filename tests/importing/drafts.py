"""Drafts of programs, and what a test asks of one."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hxroute.compiler import compile
from hxroute.importing.findings import Finding
from hxroute.importing.importer import import_fastapi

PROXIES = Path(__file__).parent / "proxies"

HEAD = """\
import os, json, httpx
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
app = FastAPI()
KEY = os.environ["KEY"]
client = httpx.AsyncClient(timeout=10)
def checked(request: Request):
    if request.headers.get("authorization") != f"Bearer {KEY}":
        raise HTTPException(401, "no")
def clean(request):
    return {k: v for k, v in request.headers.items() if k not in ("authorization", "cookie")}
"""
"""What small programs of the tests begin with."""


@dataclass(frozen=True)
class Draft:
    """A draft, read again, and its findings."""

    text: str
    data: dict[str, Any]
    findings: tuple[Finding, ...]

    def endpoint(self, path: str, method: str = "") -> dict[str, Any]:
        """Return the first endpoint of a path, and of a method where one is given."""
        for item in self.data["endpoints"]:
            if item["path"] == path and method in ("", *item.get("methods", [method])):
                found: dict[str, Any] = item
                return found
        raise AssertionError(f"no endpoint {method} {path}")

    def said(self, grade: str, words: str) -> list[int]:
        """Return the lines of the findings of a grade that say some words."""
        return [
            item.line
            for item in self.findings
            if item.grade == grade and words in item.text
        ]


def draft_of(source: str | bytes, file: str = "main.py") -> Draft:
    """Draft a program, and see that the draft compiles."""
    data = source if isinstance(source, bytes) else textwrap.dedent(source).encode()
    found = import_fastapi(data, file)
    compiled = compile(found.text.encode(), "routes.yaml")
    assert compiled.gateway is not None, compiled.report.diagnostics
    return Draft(found.text, yaml.safe_load(found.text), found.findings)


def proxy(name: str) -> Draft:
    """Draft one of the proxies that stand beside the tests."""
    path = PROXIES / f"{name}.py"
    return draft_of(path.read_bytes(), path.name)


def with_head(body: str) -> Draft:
    """Draft a program that begins as the small ones do."""
    return draft_of(HEAD + textwrap.dedent(body))
