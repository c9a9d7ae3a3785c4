"""No version that may be installed is older than the last one with a known hole."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
FLOORS = {
    "h11": "0.16",  # CVE-2025-43859: the end of a chunk
    "httpx2": "2.16",  # calls that are cancelled leave their connections usable
    "jinja2": "3.1.6",  # CVE-2025-27516: out of the sandbox
    "pyyaml": "5.4",  # CVE-2020-14343: objects made by a file
    "starlette": "1.3.1",  # CVE-2026-48710, -54282, -54283: Host and target
    "uvicorn": "0.54",  # the parts that the front overrides
}


def stated() -> list[Requirement]:
    """Return what the project itself requires at run time."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def needed(wanted: list[Requirement], seen: set[str]) -> Iterator[Requirement]:
    """Yield requirements and, as far as installed, what they require in their turn."""
    for requirement in wanted:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        yield requirement
        name = canonicalize_name(requirement.name)
        if name not in seen:
            seen.add(name)
            yield from needed([Requirement(r) for r in requires(name) or ()], seen)


def lowest(requirement: Requirement) -> Version:
    """Return the oldest version that a requirement allows."""
    bounds = [
        Version(item.version)
        for item in requirement.specifier
        if item.operator in (">=", "==", "~=")
    ]
    return max(bounds, default=Version("0"))


@pytest.mark.parametrize("name", FLOORS)
def test_oldest_version_allowed_has_no_known_hole(name: str) -> None:
    found = [r for r in needed(stated(), set()) if canonicalize_name(r.name) == name]

    assert max(map(lowest, found)) >= Version(FLOORS[name])


def test_every_requirement_has_a_lower_bound() -> None:
    assert [r.name for r in stated() if lowest(r) == Version("0")] == []
