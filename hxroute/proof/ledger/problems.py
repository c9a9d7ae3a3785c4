"""What is wrong with a ledger beside its corpus, on a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from hxroute.diagnostics import did_you_mean
from hxroute.proof.exchange import Exchange
from hxroute.proof.ledger.entries import START_NAMES, Entry, Ledger, Pin, Reason
from hxroute.proof.verdict import Problem

__all__ = ["problems"]


def problems(
    ledger: Ledger, corpus: Iterable[Exchange], today: date
) -> tuple[Problem, ...]:
    """Return what is stale, unknown, expired or unused, in the order of the file.

    Args:
        ledger: the ledger.
        corpus: every exchange there is; a part of it would make the rest unknown.
        today: the day on which entries may have expired.
    """
    recorded = {exchange.name: exchange for exchange in corpus}
    found = list(_of_reasons(ledger, today))
    for entry in ledger.entries:
        found += _unknown(entry, recorded, ledger.file)
        found += _stale(entry, recorded, ledger.file)
    return tuple(sorted(found, key=lambda item: item.line))


def _of_reasons(ledger: Ledger, today: date) -> Iterator[Problem]:
    for reason in ledger.unused():
        message = f"no entry has the code `{reason.code}`"
        yield Problem(ledger.file, reason.span.line, message, "remove it")
    own = [entry.reason for entry in ledger.entries if not entry.reason.code]
    for reason in (*ledger.codes.values(), *own):
        if reason.expires is not None and reason.expires < today:
            yield _expired(reason, ledger.file)


def _expired(reason: Reason, file: str) -> Problem:
    what = f"the code `{reason.code}`" if reason.code else "the entry"
    message = f"{what} expired on {reason.expires}"
    help_text = f"mend the gateway, or ask {reason.owner} for another date"
    return Problem(file, reason.span.line, message, help_text)


def _unknown(
    entry: Entry, recorded: Mapping[str, Exchange], file: str
) -> Iterator[Problem]:
    for case, span in entry.cases.items():
        if case not in recorded:
            help_text = did_you_mean(case, recorded) or "remove it"
            message = f"the corpus has no case `{case}`"
            yield Problem(file, span.line, message, help_text)


def _stale(
    entry: Entry, recorded: Mapping[str, Exchange], file: str
) -> Iterator[Problem]:
    known = [recorded[case] for case in entry.cases if case in recorded]
    for pin in entry.pins:
        names = [f"`{item.name}`" for item in known if _hides_nothing(pin, item)]
        if names:
            cases = f"case{'s' * (len(names) > 1)} {', '.join(names)}"
            message = f"`{pin.fact}` of {cases} is pinned to what was recorded"
            help_text = "remove the pin: it hides no difference"
            yield Problem(file, pin.span.line, message, help_text)


def _hides_nothing(pin: Pin, exchange: Exchange) -> bool:
    """Tell whether a pin is what was recorded; the names of a start never are."""
    return pin.fact != START_NAMES and exchange.facts.get(pin.fact, ()) == pin.values
