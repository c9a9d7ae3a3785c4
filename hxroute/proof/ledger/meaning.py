"""Contradictions: pins of a case of which not all can hold."""

from __future__ import annotations

from hxroute.diagnostics import Report
from hxroute.proof.ledger.entries import NOTHING, START_NAMES, Entry, Ledger, Pin

__all__ = ["contradictions"]


def contradictions(ledger: Ledger, report: Report) -> None:
    """Report where entries want different things of a fact of the same case."""
    for case, entries in ledger.by_case.items():
        _differing(case, entries, report)
        _cleared(case, entries, report)


def _differing(case: str, entries: list[Entry], report: Report) -> None:
    stated: dict[str, Pin] = {}
    for entry in entries:
        for pin in entry.pins:
            fact = START_NAMES if pin.fact == "start.error" else pin.fact
            first = stated.setdefault(fact, pin)
            if first.values != pin.values:
                message = f"`{pin.fact}` of case `{case}` is pinned to something else"
                _report(message, pin, first, report)


def _cleared(case: str, entries: list[Entry], report: Report) -> None:
    pins = [pin for entry in entries for pin in entry.pins]
    for entry in entries:
        by = entry.clearing
        for pin in pins if by is not None else ():
            if by is not None and _says_otherwise(entry, pin):
                message = f"`{pin.fact}` of case `{case}` is pinned, and absent"
                _report(message, pin, by, report)


def _says_otherwise(entry: Entry, pin: Pin) -> bool:
    """Tell whether a pin is there for what an entry makes absent."""
    if (entry.clears, pin.fact) == (NOTHING, "upstream.requests"):
        return False  # which is pinned itself
    return bool(pin.values) and pin.fact.startswith(entry.clears)


def _report(message: str, pin: Pin, other: Pin, report: Report) -> None:
    related = ((other.span, "what it contradicts"),)
    help_text = "remove one of them; a case has one outcome"
    report.add("HX107", message, pin.span, help=help_text, related=related)
