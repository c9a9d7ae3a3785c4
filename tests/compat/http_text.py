"""Snapshots as HTTP text, one file a recorded exchange, shared by all the tests."""

# ruff: noqa: ARG003  (the keywords are syrupy's)
from __future__ import annotations

from pathlib import Path

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex


class HttpText(SingleFileSnapshotExtension):
    """Keep `snapshots/NAME.http`, whichever test asks for it."""

    file_extension = "http"
    _write_mode = WriteMode.TEXT

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return the one folder."""
        return str(Path(__file__).with_name("snapshots"))

    @classmethod
    def get_snapshot_name(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0
    ) -> str:
        """Name the file after the exchange."""
        return str(index)

    @classmethod
    def get_file_basename(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex
    ) -> str:
        """Name the file after the exchange."""
        return str(index)
