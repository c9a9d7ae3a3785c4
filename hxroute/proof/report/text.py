"""A proof as text for a terminal: what differs, in two columns, and the count.

    unexplained  models-ok  GET /v1/models
        old                              new

      client.headers.x-frame-options
        DENY                           < (absent)
        routes.yaml:62: set x-frame-options

The sign between the columns is `|` where a line differs, `<` or `>` where only one side
has it. Carets stand below the characters that differ. Cases with the same differences
are named together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hxroute.diagnostics.shown import printable
from hxroute.diagnostics.shown import width as columns
from hxroute.proof.exchange import DEFAULT
from hxroute.proof.report import sides, values
from hxroute.proof.report.causes import Cause, causes
from hxroute.proof.report.sides import Fold, Line, Row
from hxroute.proof.verdict import Difference, Problem, Proof, Verdict

__all__ = ["WIDTH", "of_verdict", "place", "place_of", "render", "request_line"]

WIDTH: Final = 100
"""Columns where nothing else is known."""

_STYLES: Final = {
    "bad": "1;31",
    "title": "1",
    "fact": "1;36",
    "old": "31",
    "new": "32",
    "dim": "2",
    "help": "1;36",
}
"""The SGR parameters (ECMA-48) of each part."""

_NARROW: Final = 16
"""Columns that a side has at least."""

_INDENT: Final = "    "
_NAMES: Final = 40
"""Columns that names of cases are filled up to, at most."""

_GAP: Final = 3
"""Columns between the sides."""

_FEW: Final = 4
"""Groups of cases that are read without a table of what decides them."""

_TALL: Final = 4
"""Rows of a terminal that a line takes at most."""

_AROUND: Final = 2
"""Equal lines that are shown before and after those that differ."""

_MOST: Final = 80
"""Lines of a fact that are shown."""

_ABSENT: Final[Line] = (("(absent)", False),)
"""Stands for a fact that one side does not have."""

_LONG: Final = 200
"""Characters of a target, a name or a reason that are shown."""


def render(
    proof: Proof, *, width: int = WIDTH, color: bool = False, verbose: bool = False
) -> str:
    """Render a proof.

    Args:
        proof: what it came to.
        width: columns of the terminal.
        color: whether to colour.
        verbose: whether to name what the ledger sanctions as well.
    """
    page = _Page(printable(proof.routes), width, color)
    blocks = list(page.groups(_of(proof, "unexplained")))
    if len(blocks) > _FEW:
        blocks.append(page.causes(causes(_of(proof, "unexplained"))))
    if verbose:
        blocks.append("\n".join(map(_sanctioned, _of(proof, "sanctioned"))))
    blocks.append("\n".join(page.problem(item) for item in proof.problems))
    return "\n\n".join([*filter(None, blocks), proof.summary]) + "\n"


def of_verdict(verdict: Verdict, routes: str, *, width: int = WIDTH) -> str:
    """Render the unexplained differences of one case, without colours."""
    page = _Page(printable(routes), width, color=False)
    return "\n".join(page.differences(_unexplained(verdict)))


def request_line(verdict: Verdict) -> str:
    """Say in a line what was sent."""
    case = verdict.recorded.case
    line = f"{_short(case.request.method)} {_short(case.request.target)}"
    if case.environment == DEFAULT:
        return line
    return f"{line}  (environment {_short(case.environment)})"


def place(difference: Difference, routes: str) -> str:
    """Say which rule decides a fact, and where it stands."""
    return place_of(difference.line, difference.rule, routes)


def place_of(line: int, rule: str, routes: str) -> str:
    """Say which rule it is, and where it stands."""
    shown = values.cut(printable(rule), _LONG)
    if not line:
        return shown
    at = f"{printable(routes)}:{line}"
    return f"{at}: {shown}" if shown else at


def _short(text: str) -> str:
    return values.cut(values.visible(text), _LONG)


def _of(proof: Proof, outcome: str) -> Iterator[Verdict]:
    return (item for item in proof.verdicts if item.outcome == outcome)


def _unexplained(verdict: Verdict) -> tuple[Difference, ...]:
    return tuple(item for item in verdict.differences if not item.is_sanctioned)


def _sanctioned(verdict: Verdict) -> str:
    facts = ", ".join(values.visible(item.fact) for item in verdict.differences)
    said = f"sanctioned  {values.visible(verdict.name)}  {values.cut(facts, _LONG)}"
    reasons = "; ".join(map(printable, verdict.reasons))
    return f"{said}: {values.cut(reasons, _LONG)}" if reasons else said


@dataclass(frozen=True, slots=True)
class _Page:
    """Where it is shown: how wide, and whether in colour."""

    routes: str
    width: int
    color: bool

    @property
    def side(self) -> int:
        """The columns of one side."""
        return max(_NARROW, (self.width - len(_INDENT) - _GAP) // 2)

    def groups(self, verdicts: Iterable[Verdict]) -> Iterator[str]:
        """Yield what differs, and before it the cases in which it does."""
        groups: dict[tuple[Difference, ...], list[Verdict]] = {}
        for verdict in verdicts:
            groups.setdefault(_unexplained(verdict), []).append(verdict)
        for differences, cases in groups.items():
            names = [_short(item.name) for item in cases]
            room = min(_NAMES, max(map(len, names)))
            titles = map(self._title, cases, (name.ljust(room) for name in names))
            shown = [*titles, self._heads()]
            yield "\n".join([*shown, *self.differences(differences)])

    def differences(self, differences: Iterable[Difference]) -> Iterator[str]:
        """Yield the lines of differences."""
        for number, item in enumerate(differences):
            if number:
                yield ""
            yield from self._difference(item)

    def causes(self, found: Iterable[Cause]) -> str:
        """Say which rules decide all that is unexplained, and in how many cases."""
        lines = [self._paint("title", "cases by what decides them")]
        for cause in found:
            where = place_of(cause.line, cause.rule, self.routes)
            lines.append(f"{len(cause.cases):5}  {where or 'no rule'}")
            facts = values.cut(values.visible(cause.decides), _LONG)
            lines.append(self._paint("dim", f"       {facts}"))
        return "\n".join(lines)

    def problem(self, item: Problem) -> str:
        """Say what is wrong with the ledger, and the cure."""
        at = self._paint("bad", f"{printable(item.file)}:{item.line}")
        said = f"{at}: {printable(item.message)}"
        if not item.help:
            return said
        return f"{said}\n  {self._paint('help', 'help:')} {printable(item.help)}"

    def _title(self, verdict: Verdict, name: str) -> str:
        word = self._paint("bad", "unexplained")
        return f"{word}  {self._paint('title', name)}  {request_line(verdict)}"

    def _heads(self) -> str:
        heads = f"{_INDENT}{'old':{self.side + _GAP}}new"
        return f"{self._paint('dim', heads)}\n"

    def _difference(self, item: Difference) -> Iterator[str]:
        pair = values.pair(item.fact, item.old, item.new)
        note = f"  ({pair.note})" if pair.note else ""
        fact = self._paint("fact", _short(item.fact))
        yield f"  {fact}{self._paint('dim', note)}"
        found = list(sides.folded(sides.rows(pair.old, pair.new), _AROUND))
        for at, row in enumerate(found[:_MOST]):
            absent = not at and not (item.old and item.new)
            yield from self._shown(row, _ABSENT if absent else ())
        if len(found) > _MOST:
            more = f"... and {len(found) - _MOST} lines more"
            yield self._paint("dim", f"{_INDENT}{more}")
        if item.pinned is not None:
            pinned = ", ".join(map(values.visible, item.pinned)) or "(absent)"
            line = f", in line {item.pinned_at}" if item.pinned_at else ""
            yield f"{_INDENT}the ledger pins{line}: {values.cut(pinned, _LONG)}"
        if where := place(item, self.routes):
            yield self._paint("title", f"{_INDENT}{where}")

    def _shown(self, row: Row | Fold, absent: Line) -> Iterator[str]:
        """Yield a pair of lines, wrapped to the columns, with carets below."""
        if isinstance(row, Fold):
            yield self._paint("dim", f"{_INDENT}... {row.count} equal lines")
            return
        old = absent if row.old is None else row.old
        new = absent if row.new is None else row.new
        first, tall = _first(old, new), 1 if row.is_equal else _TALL
        chunks = (_chunks(line, first, self.side, tall) for line in (old, new))
        for left, right in itertools.zip_longest(*chunks, fillvalue=()):
            differs = not row.is_equal
            yield self._columns(_text(left), _sign(row), _text(right), differs=differs)
            if any(marked for _, marked in (*left, *right)):
                yield self._columns(_carets(left), " ", _carets(right), differs=True)

    def _columns(self, left: str, sign: str, right: str, *, differs: bool) -> str:
        pad = " " * max(0, self.side - columns(left))
        if differs:
            left, right = self._paint("old", left), self._paint("new", right)
        return f"{_INDENT}{left}{pad} {sign} {right}".rstrip(" ")

    def _paint(self, style: str, text: str) -> str:
        if not self.color or not text.strip():
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _sign(row: Row) -> str:
    if row.old is None:
        return ">"
    if row.new is None:
        return "<"
    return " " if row.is_equal else "|"


def _first(old: Line, new: Line) -> int:
    """Find the first token that differs; what is before it is equal."""
    places = (at for line in (old, new) for at, token in enumerate(line) if token[1])
    return min(places, default=0)


def _chunks(line: Line, first: int, room: int, tall: int) -> list[Line]:
    """Wrap a line; of a long one show what stands around a place."""
    start = 0
    if sum(columns(token) for token, _ in line) > tall * room:
        start = max(0, first - room // 2)
    shown = (("…", False), *line[start:]) if start else line
    chunks = _wrapped(shown, room)
    found = list(itertools.islice(chunks, tall))
    if next(chunks, None) is not None:
        found[-1] = (*found[-1][:-1], ("…", False))
    return found or [()]


def _wrapped(line: Line, room: int) -> Iterator[Line]:
    chunk: list[tuple[str, bool]] = []
    used = 0
    for token in line:
        taken = columns(token[0])
        if used + taken > room:
            yield tuple(chunk)
            chunk, used = [], 0
        chunk.append(token)
        used += taken
    if chunk:
        yield tuple(chunk)


def _text(line: Line) -> str:
    return "".join(token for token, _ in line)


def _carets(line: Line) -> str:
    marks = (("^" if marked else " ") * columns(token) for token, marked in line)
    return "".join(marks).rstrip()
