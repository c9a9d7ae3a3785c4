"""Goldens of reports: `goldens/NAME.EXT`, which `--snapshot-update` writes."""

# ruff: noqa: ARG003  (the keywords are syrupy's)
from __future__ import annotations

from pathlib import Path

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex


class _Golden(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(Path(__file__).with_name("goldens"))

    @classmethod
    def get_snapshot_name(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0
    ) -> str:
        return str(index)


class Text(_Golden):
    file_extension = "txt"


class Json(_Golden):
    file_extension = "json"


class Xml(_Golden):
    file_extension = "xml"


class Html(_Golden):
    file_extension = "html"
