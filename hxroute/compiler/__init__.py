"""The compiler: from the bytes of a routes file to a gateway, one pass a module.

    source     text to nodes that know their place
    validate   the shape, by JSON Schema
    resolve    names, and defaults merged into endpoints
    lower      endpoints to pipelines of the IR
    check      what holds between endpoints

A pass reports what it finds and goes on; only between shape and meaning does a mistake
end the compilation.
"""

from __future__ import annotations

from hxroute.compiler.check import check
from hxroute.compiler.lower import lower
from hxroute.compiler.resolve import resolve
from hxroute.compiler.source import MAX_BYTES, read
from hxroute.compiler.validate import validate
from hxroute.diagnostics import Report
from hxroute.ir import Gateway

__all__ = ["MAX_BYTES", "compile"]


def compile(data: bytes, file: str) -> tuple[Gateway | None, Report]:
    """Compile a routes file.

    Args:
        data: the file's bytes.
        file: its name, for the report.

    Returns:
        The gateway, or None where the report holds errors; and the report.
    """
    report = Report(file)
    document = read(data, report)
    if document is not None:
        validate(document, report)
    if document is None or report.failed:
        return None, report
    program = resolve(document, report)
    gateway = lower(program, report)
    check(gateway, program, report)
    return (None if report.failed else gateway), report
