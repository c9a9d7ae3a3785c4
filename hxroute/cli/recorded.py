"""What `hxroute record` says at its end: what came of it, and what to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from hxroute.diagnostics.shown import printable

if TYPE_CHECKING:
    from hxroute.proof.record import Recorded

__all__ = ["few", "summary", "warnings"]

_NAMED: Final = 5
"""How many names a line has room for."""


def summary(done: Recorded) -> Iterator[str]:
    """Yield what was recorded, and what is not compared."""
    corpus = done.corpus
    total = len(corpus.exchanges)
    yield f"recorded {corpus.oracle} into {corpus.folder}"
    cases = f"{total} case{'s' * (total != 1)}"
    yield f"{cases}: {done.new} new, {total - done.new} that were there"
    statuses = sorted(done.statuses.items())
    yield "answers: " + ", ".join(f"{count} × {name}" for name, count in statuses)
    yield f"requests that reached an upstream: {done.calls}"
    if done.varying:
        facts = (f"{name} ({count})" for name, count in done.varying.most_common())
        yield f"vary from play to play, and are not compared: {few(facts)}"
    if done.unsteady:
        yield (
            "left out, for their outcome varies from play to play: "
            f"{few(sorted(done.unsteady))}"
        )


def warnings(done: Recorded, notes: Iterable[str]) -> Iterator[str]:
    """Yield what speaks against the recording; `notes` are what the app did besides."""
    for note in sorted(notes):
        did, _, what = printable(note).partition(" ")
        if did == "called":
            yield (
                f"warning: it called {what}, and was refused; name that as an "
                f"--upstream, or let it: --allow {what}"
            )
        else:
            yield f"warning: it read {what}; what stands there may be in the corpus"
    if not done.calls:
        yield (
            "warning: no request reached our upstream; look whether --upstream says "
            "how the old gateway finds it, and whether its key is that of the cases"
        )


def few(names: Iterable[str]) -> str:
    """Return the first of some names, and how many more there are."""
    listed = list(names)
    rest = len(listed) - _NAMED
    shown = ", ".join(listed[:_NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown
