"""A diagnostic is data; a report collects them."""

from __future__ import annotations

import bisect
import difflib
import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from hxroute.diagnostics.catalog import CATALOG, WARNINGS
from hxroute.span import Span, split_lines

__all__ = ["ENOUGH", "Diagnostic", "Report", "did_you_mean", "nearest"]

Severity = Literal["error", "warning"]

_LONG: Final = 400
"""Characters of a text; some repeat a name, which may be as long as the file."""

_NAME: Final = 64
"""Characters of a name; a longer one is no misspelling of anything."""

_LIKE: Final = 0.6
"""How like each other two names are at least, of which one may be meant by the other."""

_AROUND: Final = 2
"""How many names to each side of a misspelt one are compared with it."""

ENOUGH: Final = 250
"""How many errors, and how many warnings, a report takes of one file."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: what is wrong, where, and the cure.

    `label` stands under the carets, `related` points at other places by a text.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    help: str = ""
    severity: Severity = "error"
    related: tuple[tuple[Span, str], ...] = ()


@dataclass(slots=True)
class Report:
    """The diagnostics of one file; `hidden` is what a renderer must never show of it."""

    file: str
    text: str = ""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    hidden: set[Span] = field(default_factory=set)
    _split: tuple[str, list[str]] | None = field(default=None, repr=False)
    _known: set[Diagnostic] = field(default_factory=set, repr=False)
    _counts: Counter[Severity] = field(default_factory=Counter, repr=False)

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",
        related: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        """Add a diagnostic; whether it is an error or a warning its code says."""
        assert code in CATALOG
        severity: Severity = "warning" if code in WARNINGS else "error"
        if self._counts[severity] < ENOUGH:
            said = map(_cut, (message, label, help))
            message, label, help = said
            self._add(Diagnostic(code, message, span, label, help, severity, related))

    def hide(self, span: Span) -> None:
        """Keep a stretch of the file, such as a key, out of everything that is shown."""
        self.hidden.add(span)

    def _add(self, found: Diagnostic) -> None:
        """Add a diagnostic once: what stands in `defaults` is met by every endpoint."""
        if found not in self._known:
            self._known.add(found)
            self._counts[found.severity] += 1
            self.diagnostics.append(found)

    @property
    def lines(self) -> list[str]:
        """The text, split where YAML ends its lines."""
        if self._split is None or self._split[0] is not self.text:
            self._split = self.text, split_lines(self.text)
        return self._split[1]

    @property
    def full(self) -> bool:
        """Whether it holds as many errors as anybody reads; a pass may stop looking."""
        return self._counts["error"] >= ENOUGH

    @property
    def failed(self) -> bool:
        """Whether any diagnostic is an error."""
        return self._counts["error"] > 0


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean `x`?` for a near miss, else the names that are known."""
    names = frozenset(known)
    for near in nearest(name, names):
        return f"did you mean `{near}`?"
    if names and len(names) <= 20:
        return "known are " + ", ".join(f"`{item}`" for item in sorted(names))
    return ""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the name that is most like a misspelt one, or none."""
    names = frozenset(known)
    if len(name) > _NAME:
        return []
    other_case = _folded(names).get(name.casefold())
    if other_case is not None:
        return [other_case]
    return _closest(name, _likely(name, names))


def _closest(name: str, likely: Iterable[str]) -> list[str]:
    """Do as `difflib.get_close_matches`, but look closely only at what may be closest.

    To compare two names takes long; to see how like they are at most does not.
    """
    best, found = _LIKE, ""
    matcher = difflib.SequenceMatcher(b=name)
    bounded = []
    for other in likely:
        matcher.set_seq1(other)
        bounded.append((matcher.quick_ratio(), other))
    for most, other in sorted(bounded, reverse=True):
        if (most, other) < (best, found):
            break
        matcher.set_seq1(other)
        best, found = max((best, found), (matcher.ratio(), other))
    return [found] if found else []


@functools.lru_cache(16)
def _folded(names: frozenset[str]) -> dict[str, str]:
    return {name.casefold(): name for name in names}


def _likely(name: str, names: frozenset[str]) -> list[str]:
    """Return the names worth a close look, of many those that begin or end alike."""
    if len(names) <= 4 * _AROUND:
        return sorted(names)
    begin = _around(name, _sorted(names))
    end = _around(name[::-1], _sorted(names, backwards=True))
    return sorted({*begin, *(item[::-1] for item in end)})


def _around(name: str, names: list[str]) -> list[str]:
    """Return the names that a name would stand between."""
    place = bisect.bisect(names, name)
    return names[max(0, place - _AROUND) : place + _AROUND]


@functools.lru_cache(16)
def _sorted(names: frozenset[str], *, backwards: bool = False) -> list[str]:
    """Sort names, or what they are read backwards; each table is asked for many."""
    return sorted(item[::-1] for item in names) if backwards else sorted(names)
