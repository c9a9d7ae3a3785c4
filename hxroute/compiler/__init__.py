"""The compiler: from the bytes of a routes file to a gateway, one pass a module.

    source     text to nodes that know their place
    bulk       more templates than can be read while somebody waits
    keys       keys that stand in the file, to be hidden from here on
    validate   the shape, by JSON Schema
    resolve    names, and defaults merged into endpoints
    lower      endpoints to pipelines of the IR
    check      what holds between endpoints

A pass reports what it finds, leaves holes where the rest could make nothing of it, and
goes on: whatever is wrong with a file is said at once.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass

from hxroute.compiler.bulk import is_bulky
from hxroute.compiler.check import check
from hxroute.compiler.keys import check_keys, hide_keys, hide_values, redact
from hxroute.compiler.lower import lower
from hxroute.compiler.resolve import Program, resolve
from hxroute.compiler.source import MAX_BYTES, read
from hxroute.compiler.tree import unrepeated
from hxroute.compiler.validate import validate
from hxroute.diagnostics import Report
from hxroute.files import digest_of
from hxroute.ir import Gateway

__all__ = ["MAX_BYTES", "Compiled", "compile"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a routes file became: a gateway, unless the report holds errors.

    `program` is the file with its names resolved, None where it is no mapping, or has
    so many mistakes that nobody asks for more; `digest` names the bytes that were compiled.
    """

    gateway: Gateway | None
    report: Report
    program: Program | None
    digest: str


def compile(data: bytes, file: str) -> Compiled:
    """Compile a routes file.

    Args:
        data: the file's bytes.
        file: its name, for the report.
    """
    report = Report(file)
    with _uncollected():
        gateway, program = _passes(data, report)
    redact(report)
    digest = digest_of(data)
    return Compiled(None if report.failed else gateway, report, program, digest)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector: of a large tree it finds nothing, in half the time."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _passes(data: bytes, report: Report) -> tuple[Gateway | None, Program | None]:
    document = read(data, report)
    hide_keys(report)
    if document is None:
        hide_values(report)
        return None, None
    if is_bulky(document, report):
        report.hide(document.span)  # nobody has looked for the keys in it
        return None, None
    check_keys(document, report)
    if report.full:
        return None, None
    if report.failed:  # maybe by keys that are repeated
        document = unrepeated(document)
    valid = validate(document, report)
    if valid is None:
        return None, None
    program = resolve(valid, report)
    gateway = lower(program, report)
    if not report.full:
        check(gateway, program, report)
    return gateway, program
