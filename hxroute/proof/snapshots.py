"""The files of a corpus as syrupy's snapshots: read and compared, and never written."""

# ruff: noqa: ARG003  (the keywords are syrupy's)
from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, NoReturn

from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

__all__ = ["HttpText", "golden"]


class HttpText(SingleFileSnapshotExtension):
    """One exchange of a corpus."""

    file_extension = "http"
    _write_mode = WriteMode.TEXT
    location: ClassVar[Path]

    @classmethod
    def get_location(
        cls, *, test_location: PyTestLocation, index: SnapshotIndex
    ) -> str:
        """Return the exchange's file, whichever test asks for it."""
        return str(cls.location)

    def discover_snapshots(self, **_: Any) -> SnapshotCollections:
        """Find none: what no test asks for is not to be deleted."""
        return SnapshotCollections()

    def delete_snapshots(self, **_: Any) -> None:
        """Keep it."""

    @classmethod
    def write_snapshot_collection(cls, **_: Any) -> NoReturn:
        """Refuse."""
        raise PermissionError(f"{cls.location} is what was recorded; no test writes it")


def golden(snapshot: SnapshotAssertion, file: Path) -> SnapshotAssertion:
    """Return a snapshot that is an exchange's file, also under `--snapshot-update`."""
    extension = type("Golden", (HttpText,), {"location": file})
    found = snapshot.use_extension(extension)
    found.update_snapshots = found.update_new_snapshots_only = False
    return found
