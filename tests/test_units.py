from __future__ import annotations

import json
import re

import pytest

from hxroute import units
from hxroute.compiler import schemas


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0.0),
        ("250ms", 0.25),
        ("30s", 30.0),
        ("1.5s", 1.5),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("007s", 7.0),
    ],
)
def test_duration_is_in_seconds(text: str, seconds: float) -> None:
    assert units.duration(text) == pytest.approx(seconds)
    assert re.fullmatch(units.DURATION, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "5 s",
        "5S",
        "5sec",
        "-5s",
        "+5s",
        ".5s",
        "5.s",
        "1.2.3s",
        "5s\n",
        " 5s",
        "5d",
        "1e3s",
        "٣s",
        "5s5",
        "1h30m",
    ],
)
def test_text_that_is_no_duration(text: str) -> None:
    assert units.duration(text) is None


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("0", 0),
        ("65536", 65536),
        ("1B", 1),
        ("64KiB", 65536),
        ("1MiB", 1 << 20),
        ("2GiB", 2 << 30),
        ("007", 7),
        ("9" * 15, 10**15 - 1),
    ],
)
def test_size_is_in_bytes(text: str, bytes_: int) -> None:
    assert units.size(text) == bytes_
    assert re.fullmatch(units.SIZE, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "B",
        "64KB",
        "64kib",
        "64 KiB",
        "-1",
        "+1",
        "1.5MiB",
        "1TiB",
        "1\n",
        " 1",
        "٣",
        "9" * 16,
        "1_000",
        "0x10",
    ],
)
def test_text_that_is_no_size(text: str) -> None:
    assert units.size(text) is None


def test_schema_takes_no_duration_that_is_none() -> None:
    schema = json.loads((schemas.folder() / "routes.schema.json").read_bytes())
    pattern = schema["$defs"]["duration"]["pattern"]

    for text in ("1s", "1.5m", "999999999h", "5ms"):
        assert re.search(pattern, text)
        assert units.duration(text) is not None
    for text in ("1", "1.s", "1d", "", "-1s"):
        assert not re.search(pattern, text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 86400.0),
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01t00:00:01.5z", 1.5),
        ("2027-01-31", 1801440000.0),
        ("2024-02-29T23:59:59Z", 1709251199.0),
    ],
)
def test_instant_is_in_seconds_and_a_date_is_its_end(text: str, seconds: float) -> None:
    assert units.instant(text) == seconds
    assert re.fullmatch(units.INSTANT, text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2027-02-29",
            "2027-13-01",
            "2027-1-1",
            "9999-12-31",
            "2027-01-31T00:00Z",
        ),
        *("2027-01-31T00:00:00", "2027-01-31T00:00:00+01:00", "2027-01-31T25:00:00Z"),
        *("2027-01-31 00:00:00Z", "2027-01-31T00:00:00.1234567Z", "２027-01-31"),
    ],
)
def test_text_that_is_no_instant(text: str) -> None:
    assert units.instant(text) is None


def test_schema_has_the_same_instants() -> None:
    shown = schemas.document()["$defs"]
    (pattern,) = {
        part["properties"]["not_after"]["pattern"]
        for part in shown.values()
        if "not_after" in part.get("properties", {})
    }

    assert pattern == f"^{units.INSTANT}$"
