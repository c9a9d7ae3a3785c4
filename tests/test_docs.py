"""The reference: made from the schema, whole, and fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from hxroute.compiler import schemas
from hxroute.compiler.reference import Entry, anchor, entries, reference

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
ENTRIES = list(entries())
PATHS = [entry.path for entry in ENTRIES]


def test_reference_is_what_the_schema_says() -> None:
    assert reference() == PAGE, "stale; run scripts/docs"


def test_script_writes_what_the_command_prints() -> None:
    script = (ROOT / "scripts" / "docs").read_text(encoding="utf-8")

    assert "schema --format markdown --output docs/reference.md" in script
    assert (ROOT / "scripts" / "docs").stat().st_mode & 0o111


@pytest.mark.parametrize(
    "path",
    [
        "version",
        "settings.<name>.secret",
        "upstreams.<name>.timeout.read",
        "auth.<name>.bearer",
        "headers.<name>.forward",
        "errors.<name>.other",
        "errors.<name>.upstream_status[].match",
        "defaults.request.max_body",
        "endpoints[].methods",
        "endpoints[].request.max_body",
        "endpoints[].request.json.rename",
        "endpoints[].observe.access_log",
        "endpoints[].respond.json",
        "endpoints[].upstream.timeout.connect",
    ],
)
def test_key_has_an_entry_at_its_path(path: str) -> None:
    assert path in PATHS
    assert re.search(rf"^##+ `{re.escape(path)}`$", PAGE, re.MULTILINE)


def test_every_key_of_the_schema_has_an_entry() -> None:
    whole = schemas.document()
    parts = [whole, *whole["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}

    assert keys <= {entry.name for entry in ENTRIES}


@pytest.mark.parametrize("entry", ENTRIES, ids=PATHS)
def test_entry_has_a_description_and_an_example(entry: Entry) -> None:
    assert entry.schema["description"].endswith(".")
    assert entry.schema["examples"]


def test_keys_of_the_file_come_in_the_order_of_the_schema() -> None:
    top = [path for path in PATHS if re.fullmatch(r"\w+", path)]

    assert top == list(schemas.document()["properties"])


def test_headings_can_be_linked_and_links_lead_to_headings() -> None:
    anchors = [anchor(path) for path in PATHS]

    assert len(set(anchors)) == len(anchors)
    linked = re.findall(r"\]\(#([^)]*)\)", PAGE)
    assert linked
    assert set(linked) <= set(anchors)


def test_examples_read_as_they_are_in_the_schema() -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

    assert len(shown) == len(ENTRIES)
    for entry, block in zip(ENTRIES, shown, strict=True):
        read = [yaml.safe_load(text) for text in block.split("# or\n")]
        values = [next(iter(item.values() if entry.name else item)) for item in read]
        assert values == entry.schema["examples"], entry.path


def test_keys_that_several_places_share_are_told_once_in_a_section() -> None:
    shared = next(entry for entry in ENTRIES if entry.path == "errors.<name>.timeout")

    assert shared.same_as == "errors.<name>.bad_request"
    assert "errors.<name>.timeout.json" not in PATHS
    assert "errors.<name>.bad_request.json" in PATHS
