"""The YAML files of a proof, read as a routes file is: every mistake with its line."""

from __future__ import annotations

from pathlib import Path

from hxroute.compiler.source import MAX_BYTES, read
from hxroute.compiler.tree import Mapping, unrepeated
from hxroute.compiler.validate import validate
from hxroute.diagnostics import Report
from hxroute.errors import StartError

__all__ = ["document"]


def document(path: Path, schema: str) -> tuple[Mapping | None, Report]:
    """Read a file and validate its shape.

    Args:
        path: the file.
        schema: the name of its schema.

    Returns:
        The document, None where nothing can be made of it; and the report, which the
        caller goes on with.

    Raises:
        StartError: where it cannot be read.
    """
    report = Report(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    found = read(data, report)
    if found is None:
        return None, report
    if report.failed:  # maybe by keys that are repeated
        found = unrepeated(found)
    return validate(found, report, schema), report
