"""Findings: what was read in an old program, and how surely the draft says the same."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["GRADES", "Finding", "Findings", "as_json", "as_text", "clean", "counted"]

Grade = Literal["exact", "approximate", "manual"]

GRADES: Final[tuple[Grade, ...]] = ("exact", "approximate", "manual")
"""`exact`: the draft does the same. `approximate`: nearly, the text says what differs.
`manual`: the draft does not say it; somebody has to decide."""

_LONGEST: Final = 160
"""Characters of a finding's text; names in it may be as long as the program."""

_KEY_LIKE: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)|[A-Za-z0-9_-]{16,}")
"""What may be a key, where it is no plain word. A finding never repeats it."""

_WORD: Final = re.compile(r"[A-Za-z_-]+|[0-9_-]+")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that was read, the line that says it, and how sure its draft is."""

    line: int
    grade: Grade
    text: str


class Findings:
    """Collects findings, each once."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def add(self, grade: Grade, line: int, text: str) -> None:
        """Add a finding."""
        self._found[Finding(line, grade, clean(text))] = None

    def exact(self, line: int, text: str) -> None:
        """Add what the draft does in the same way."""
        self.add("exact", line, text)

    def approximate(self, line: int, text: str) -> None:
        """Add what the draft does nearly so."""
        self.add("approximate", line, text)

    def manual(self, line: int, text: str) -> None:
        """Add what the draft leaves to its reader."""
        self.add("manual", line, text)

    def sorted(self) -> tuple[Finding, ...]:
        """Return them in the order of the program; of one line and text the worst."""
        worst: dict[tuple[int, str], Finding] = {}
        for item in self._found:
            key = (item.line, item.text)
            kept = worst.get(key)
            if kept is None or GRADES.index(kept.grade) < GRADES.index(item.grade):
                worst[key] = item
        return tuple(sorted(worst.values()))


def clean(text: str) -> str:
    """Make a text one printable line without anything that looks like a key."""
    line = "".join(c if c.isprintable() else " " for c in text)
    line = _KEY_LIKE.sub(_hidden, " ".join(line.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _hidden(found: re.Match[str]) -> str:
    """Hide what stands before the host of a URL, and a text of letters and digits."""
    in_url = found.string[found.end() : found.end() + 1] == "@"
    return found[0] if _WORD.fullmatch(found[0]) and not in_url else "***"


def counted(findings: Iterable[Finding]) -> str:
    """Count findings by grade: `21 exact, 4 approximate, 3 manual`."""
    counts = Counter(item.grade for item in findings)
    return ", ".join(f"{counts[grade]} {grade}" for grade in GRADES)


def as_text(findings: Iterable[Finding], file: str) -> str:
    """Render findings as a table, a line each."""
    rows = [(_place(item, file), item.grade, item.text) for item in findings]
    if not rows:
        return ""
    width = max(len(place) for place, _, _ in rows)
    wide = max(map(len, GRADES))
    return "".join(
        f"{place:{width}}  {grade:{wide}}  {text}\n" for place, grade, text in rows
    )


def as_json(findings: Iterable[Finding], file: str, output: str) -> str:
    """Render findings as one JSON document."""
    items = list(findings)
    counts = Counter(item.grade for item in items)
    document = {
        "file": file,
        "output": output,
        "counts": {grade: counts[grade] for grade in GRADES},
        "findings": [
            {"grade": item.grade, "line": item.line, "text": item.text}
            for item in items
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _place(item: Finding, file: str) -> str:
    return f"{clean(file)}:{item.line}" if item.line else clean(file)
