"""Mappings: the answers to errors of all cases, in as few mappings as can hold them."""

from __future__ import annotations

from typing import Any, Final

from hxroute.errors import KINDS, OTHER, lineage
from hxroute.importing.answers import UNCAUGHT, error_of, static
from hxroute.importing.behaviour import LEAVES, Behaviour
from hxroute.importing.draft import Block, Item, Rows
from hxroute.importing.findings import Findings
from hxroute.importing.naming import Settings
from hxroute.importing.templating import Templates

__all__ = ["Mappings"]

_PARENTS: Final = ("unreachable", "timeout")
_DETAIL: Final = {"json": {"detail": "{{ error.detail }}"}}
_ORDER: Final = (*KINDS, OTHER)

_Answers = dict[str, tuple[dict[str, Any], int]]


class Mappings:
    """The error mappings of a draft."""

    def __init__(
        self, settings: Settings, findings: Findings, unmatched: Behaviour
    ) -> None:
        self._settings = settings
        self._findings = findings
        self._unmatched = unmatched
        self._found: list[
            tuple[_Answers, list[tuple[list[str], dict[str, Any], int]]]
        ] = []
        self._names: dict[str, str] = {}

    def name(self, behaviour: Behaviour, *, calls: bool) -> str:
        """Return the name of the mapping that answers a case's errors."""
        answers = self._answers(behaviour, calls=calls)
        statuses = self._statuses(behaviour) if calls else []
        for place, (known, rules) in enumerate(self._found):
            fits = all(known.get(k, v)[0] == v[0] for k, v in answers.items())
            same = [r[:2] for r in rules] == [r[:2] for r in statuses]
            if fits and (same or not calls):
                for kind, answer in answers.items():
                    known.setdefault(kind, answer)
                return str(place)
        self._found.append((answers, statuses))
        return str(len(self._found) - 1)

    def final(self, name: str) -> str:
        """Return the name under which a mapping stands in the draft."""
        return "old" if name == "0" else f"old_{int(name) + 1}"

    def block(self) -> Block:
        """Return the `errors` of the draft."""
        block = Block()
        for place, (answers, statuses) in enumerate(self._found):
            block.put(self.final(str(place)), self._mapping(answers, statuses))
        return block

    def _answers(self, behaviour: Behaviour, *, calls: bool) -> _Answers:
        templates = Templates(self._settings, behaviour.case, of_request=False)
        found: _Answers = {}
        if behaviour.auth:
            last = behaviour.auth[-1].answer
            found["unauthorized"] = self._one("unauthorized", last, templates)
        for kind, answer in behaviour.errors.items() if calls else ():
            same = [k for k, other in behaviour.errors.items() if other is answer]
            found[kind] = self._one(kind, answer, templates, _folded(same))
        if not calls:
            return found
        open_kinds = [kind for kind in LEAVES if kind not in found]
        for kind in open_kinds:
            found[kind] = dict(UNCAUGHT), 0
        if open_kinds:
            text = f"{_folded(open_kinds)}: nothing catches them, so 500 as it was"
            self._findings.exact(behaviour.line, text)
        return found

    def _one(
        self, kind: str, answer: Any, templates: Templates, said: str = ""
    ) -> tuple[dict[str, Any], int]:
        found = error_of(kind, answer, templates, self._findings, said)
        return found, answer.line

    def _statuses(
        self, behaviour: Behaviour
    ) -> list[tuple[list[str], dict[str, Any], int]]:
        templates = Templates(self._settings, behaviour.case, of_request=False)
        rules: list[tuple[list[str], dict[str, Any], int]] = []
        taken: set[str] = set()
        for item in behaviour.statuses:
            match = [
                m for m in item.match if m not in taken and f"{m[0]}xx" not in taken
            ]
            if not match:
                text = "an earlier answer takes these statuses"
                self._findings.approximate(item.line, text)
                continue
            taken.update(match)
            said = error_of("upstream_status", item.answer, templates, self._findings)
            text = "the upstream's other fields stay on this answer"
            self._findings.approximate(item.line, text)
            rules.append((match, said, item.line))
        return rules

    def _mapping(
        self, answers: _Answers, statuses: list[tuple[list[str], dict[str, Any], int]]
    ) -> Block:
        known = {**self._base(), **answers}
        for parent in _PARENTS:
            _fold(known, parent)
        block = Block()
        for kind in sorted(known, key=_ORDER.index):
            said, line = known[kind]
            block.put(kind, said, line)
        if statuses:
            rows = [
                Item({"match": [_status(m) for m in match], **said}, line)
                for match, said, line in statuses
            ]
            block.put("upstream_status", Rows(rows))
        return block

    def _base(self) -> _Answers:
        """Return what FastAPI answers by itself, and what only the gateway knows."""
        placed = self._unmatched.placed
        headers = static(placed[0], self._findings) if placed else {}
        more = {"headers": headers} if headers else {}
        kinds = {"not_found": "Not Found", "method_not_allowed": "Method Not Allowed"}
        found: _Answers = {
            kind: ({**more, "json": {"detail": text}}, 0)
            for kind, text in kinds.items()
        }
        found["internal"] = {"text": UNCAUGHT["text"]}, 0
        found[OTHER] = {**more, **_DETAIL}, 0
        return found


def _folded(kinds: list[str]) -> str:
    """Name kinds, a parent for all that it has."""
    names = list(kinds)
    for parent in _PARENTS:
        own = [kind for kind in LEAVES if parent in lineage(kind)]
        if set(own) <= set(names):
            names = [*(name for name in names if name not in own), parent]
    return ", ".join(sorted(names))


def _status(match: str) -> object:
    return int(match) if match.isdigit() else match


def _fold(known: _Answers, parent: str) -> None:
    """State a parent once where all of its kinds answer the same."""
    kinds = [kind for kind in LEAVES if parent in lineage(kind)]
    said = [known[kind][0] for kind in kinds if kind in known]
    if len(said) == len(kinds) and all(item == said[0] for item in said):
        line = known[kinds[0]][1]
        for kind in kinds:
            del known[kind]
        known[parent] = said[0], line
