"""Accept differences: write them into the ledger, and leave all else in it as it is."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from hxroute import files
from hxroute.errors import StartError
from hxroute.proof.exchange import Facts
from hxroute.proof.ledger.entries import NO_START, NOTHING, START_NAMES, Entry, Ledger
from hxroute.proof.ledger.judging import judge
from hxroute.proof.ledger.placing import placed
from hxroute.proof.ledger.reading import read
from hxroute.proof.ledger.writing import entry_text, is_writable
from hxroute.proof.verdict import Verdict

__all__ = ["accept"]

_VARIABLE: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
"""What a text names that looks as a variable of the environment."""

_FAILED: Final = ("client.failure", "start.error")
"""Facts that stand for no answer at all."""

_LONGEST: Final = {"reason": 4000, "owner": 200}
"""Characters of a text, as the schema has it."""

_SHOWN: Final = 200
"""Characters of an error that a message repeats."""


@dataclass(slots=True)
class _Wanted:
    """What is to be pinned of equal cases."""

    pins: Facts
    nothing: bool
    cases: list[str] = field(default_factory=list)


def accept(path: Path, verdicts: Iterable[Verdict], reason: str, owner: str) -> str:
    """Write entries for all that is unexplained; cases that differ equally share one.

    Args:
        path: the ledger; it is made where there is none.
        verdicts: of the cases to accept, with the differences to accept; they are judged
            anew by the ledger as it is.
        reason: why the new gateway is right.
        owner: who may end it.

    Returns:
        The entries as they stand in the file now.

    Raises:
        StartError: where there is no reason or owner, or a case has nothing to accept or
            nothing that can be pinned; then the file is as it was.
    """
    said = _words("reason", reason, "say why the new gateway is right")
    by = _words("owner", owner, "say who may end it")
    ledger = read(path)
    verdicts = [
        _narrowed(
            judge(one.recorded, one.got, ledger), (d.fact for d in one.differences)
        )
        for one in verdicts
    ]
    refused = [text for one in verdicts for text in _refusals(one, ledger)]
    if refused:
        raise StartError("\n".join(refused))
    entry = "".join(
        entry_text(item.cases, said, by, item.pins, nothing=item.nothing)
        for item in _grouped(verdicts)
    )
    try:
        files.write(path, _extended(path, entry, ledger, verdicts))
    except OSError as exc:
        raise StartError(f"{path} cannot be written: {exc.strerror}") from exc
    return entry


def _narrowed(verdict: Verdict, facts: Iterable[str]) -> Verdict:
    """Leave only the differences in some facts."""
    wanted = frozenset(facts)
    kept = tuple(item for item in verdict.differences if item.fact in wanted)
    return replace(verdict, differences=kept)


def _words(name: str, text: str, cure: str) -> str:
    """Return a text on one line, without what cannot be seen."""
    words = "".join(c for c in " ".join(text.split()) if c.isprintable()).strip()
    if not words:
        raise StartError(f"an entry needs a{'n' * (name[0] == 'o')} {name}: {cure}")
    if len(words) > _LONGEST[name]:
        raise StartError(f"the {name} has more than {_LONGEST[name]} characters")
    return words


def _refusals(verdict: Verdict, ledger: Ledger) -> Iterator[str]:
    """Yield why the differences of a case cannot be accepted."""
    case = f"case `{verdict.name}`"
    if verdict.outcome != "unexplained":
        yield f"{case} is {verdict.outcome}: there is nothing to accept"
    changed = [d for d in verdict.differences if d.pinned is not None]
    for item in (item for item in changed if not item.is_sanctioned):
        at = f"{ledger.file}:{item.pinned_at}"
        yield f"{case}: {at} pins `{item.fact}`: edit or remove it first"
    for fact in _FAILED:
        for error in _pins(verdict).get(fact, ()):
            yield f"{case} got no answer, which is nothing to accept: {_cut(error)}"
    for fact in _pins(verdict):
        if not is_writable(fact):
            yield f"{case}: no entry can pin `{fact}`"


def _names(verdict: Verdict) -> tuple[str, ...]:
    """Return the variables that the error of a start names, unless it is a crash."""
    text = "".join(verdict.got.get("start.error", ()))
    found = () if "Traceback" in text else _VARIABLE.findall(text)
    return tuple(dict.fromkeys(found))


def _pins(verdict: Verdict) -> Facts:
    names = _names(verdict)
    if names:
        return {START_NAMES: names}
    return {item.fact: item.new for item in verdict.differences if item.pinned is None}


def _grouped(verdicts: Iterable[Verdict]) -> list[_Wanted]:
    groups: dict[str, _Wanted] = {}
    for verdict in verdicts:
        pins = _pins(verdict)
        nothing = _is_nothing(pins, verdict.recorded.facts)
        key = entry_text((), "", "", pins, nothing=nothing)
        group = groups.setdefault(key, _Wanted(pins, nothing))
        if verdict.name not in group.cases:
            group.cases.append(verdict.name)
    return list(groups.values())


def _is_nothing(pins: Facts, recorded: Facts) -> bool:
    """Tell whether the pins are that no request reaches an upstream any more."""
    gone = {name: () for name in recorded if name.startswith(NOTHING)}
    wanted = gone | {"upstream.requests": ("0",)}
    return wanted == {name: pins[name] for name in pins if name.startswith(NOTHING)}


def _extended(path: Path, entry: str, old: Ledger, verdicts: list[Verdict]) -> str:
    """Return the file with the entries, where it reads back to what is wanted."""
    for text in placed(path, entry):
        new = _read_back(text)
        if new is not None and _holds(new, old, verdicts):
            return text
    raise StartError(
        f"{path} cannot be extended as it is written; add this:\n\n{entry}"
    )


def _holds(new: Ledger, old: Ledger, verdicts: list[Verdict]) -> bool:
    """Tell whether all old entries are there as they were, and the pins besides."""
    before, after = map(_meaning, old.entries), map(_meaning, new.entries)
    kept = list(before) == list(after)[: len(old.entries)]
    return kept and all(
        new.pins(one.recorded) == old.pins(one.recorded) | _all_pins(one)
        for one in verdicts
    )


def _all_pins(verdict: Verdict) -> Facts:
    pins = _pins(verdict)
    if START_NAMES not in pins:
        return pins
    gone: Facts = {n: () for n in verdict.recorded.facts if n.startswith(NO_START)}
    return gone | pins


def _meaning(entry: Entry) -> tuple[object, ...]:
    reason = (entry.reason.text, entry.reason.owner, entry.reason.expires)
    return (*entry.cases, reason, entry.facts, entry.clears, entry.may_repeat)


def _read_back(text: str) -> Ledger | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "divergences.yaml"
        path.write_bytes(text.encode())
        try:
            return read(path)
        except StartError:
            return None


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
