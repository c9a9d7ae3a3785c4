"""The corpus: recorded exchanges, what they were recorded from, and a digest of each.

    corpus.json               the oracle, the environments, a digest of every exchange
    exchanges/NAME.http       an exchange
    divergences.yaml          the ledger of intended differences, where there are any

Only a recording writes exchanges. One that is changed in any other way is refused until
it is declared, with a reason that stays in the corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from hxroute import files
from hxroute.diagnostics.shown import printable
from hxroute.errors import StartError
from hxroute.proof import httptext, index
from hxroute.proof.exchange import Case, Exchange

__all__ = [
    "Corpus",
    "Declaration",
    "Oracle",
    "load",
    "past",
    "text_of",
    "tidy",
    "write",
    "write_exchange",
]

_FOLDER: Final = "exchanges"
_LEDGER: Final = "divergences.yaml"
_SHOWN: Final = 5
_CURE: Final = "restore it, or record all again: `hxroute record --anew REASON`"

_ASIDE: Final = re.compile(r"\.(corpus\.json|.+\.http)\.[a-z0-9_]{8}")
"""What a file is called that was written aside, where nobody was left to rename it."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """What was recorded: its name, what it is made of, and how it was started."""

    what: str
    version: Mapping[str, str] = field(default_factory=dict)
    started: str = ""

    def __str__(self) -> str:
        made_of = ", ".join(
            f"{name} {value[:12]}" for name, value in self.version.items()
        )
        return f"{self.what} ({made_of})" if made_of else self.what


@dataclass(frozen=True, slots=True)
class Declaration:
    """Why exchanges are others than those that were recorded before."""

    reason: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Recorded exchanges, by name in the order of recording.

    `host` is what requests name. `upstreams` are the names of what the old gateway
    calls. `complete` is false while cases are missing. `changed` names exchanges that
    are not those whose digests the corpus carries.
    """

    folder: Path
    oracle: Oracle
    host: str
    upstreams: tuple[str, ...]
    environments: Mapping[str, Mapping[str, str]]
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    declared: tuple[Declaration, ...] = ()
    complete: bool = True
    changed: tuple[str, ...] = ()

    @property
    def ledger(self) -> Path:
        """Where the ledger is, if there is one."""
        return self.folder / _LEDGER

    @property
    def index(self) -> Path:
        """Where the digests are."""
        return self.folder / index.INDEX

    def file(self, name: str) -> Path:
        """Return where an exchange is."""
        return _file(self.folder, name)

    def has(self, case: Case) -> bool:
        """Tell whether a case is recorded, as it is."""
        there = self.exchanges.get(case.name)
        return there is not None and there.case == case

    def with_exchange(self, exchange: Exchange) -> Corpus:
        """Return the corpus with an exchange, in place of another of its name."""
        return replace(self, exchanges={**self.exchanges, exchange.name: exchange})


def text_of(exchange: Exchange) -> str:
    """Return an exchange as its file holds it."""
    return httptext.rendered(exchange)


def load(folder: Path, *, changed: bool = False) -> Corpus:
    """Read a corpus, and hold every exchange against its digest.

    Args:
        folder: where it is.
        changed: whether exchanges may be others than recorded; their names are noted.

    Raises:
        StartError: where it is missing, broken, or was changed since it was recorded.
    """
    said = index.read(folder)
    exchanges, other = {}, []
    for name, digest in said["exchanges"].items():
        text = _text(folder, name)
        exchanges[name] = _exchange(folder, name, text)
        if index.digest(text) != digest:
            other.append(name)
    if said["complete"]:  # else what is not listed yet is recorded again
        _check_folder(folder, said["exchanges"])
    corpus = Corpus(
        folder,
        Oracle(**said["oracle"]),
        said["host"],
        tuple(said["upstreams"]),
        said["environments"],
        exchanges,
        _declared(said),
        said["complete"],
        tuple(other),
    )
    _check_environments(corpus)
    if other and not changed:
        raise StartError(_what_changed(corpus))
    return corpus


def past(folder: Path) -> tuple[tuple[Declaration, ...], tuple[str, ...]]:
    """Return what was declared of a corpus, and its cases; the exchanges may be broken.

    Raises:
        StartError: where it is missing, or was changed.
    """
    said = index.read(folder)
    return _declared(said), tuple(said["exchanges"])


def _declared(said: Mapping[str, Any]) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(item["reason"], tuple(item["cases"])) for item in said["declared"]
    )


def write_exchange(corpus: Corpus, exchange: Exchange) -> None:
    """Write one exchange.

    Raises:
        StartError: where that cannot be.
    """
    _write(corpus.file(exchange.name), text_of(exchange))


def write(corpus: Corpus) -> None:
    """Write the index.

    Raises:
        StartError: where that cannot be.
    """
    said = index.digested(
        {
            "oracle": {
                "what": corpus.oracle.what,
                "version": dict(corpus.oracle.version),
                "started": corpus.oracle.started,
            },
            "host": corpus.host,
            "upstreams": list(corpus.upstreams),
            "environments": corpus.environments,
            "complete": corpus.complete,
            "declared": [
                {"reason": item.reason, "cases": list(item.cases)}
                for item in corpus.declared
            ],
            "exchanges": {
                name: index.digest(text_of(exchange))
                for name, exchange in corpus.exchanges.items()
            },
        }
    )
    _write(corpus.index, json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def tidy(corpus: Corpus) -> None:
    """Remove what an interrupted recording has left, and the index does not name."""
    exchanges = corpus.folder / _FOLDER
    for path in [*corpus.folder.glob(".*"), *exchanges.glob("*")]:
        unnamed = path.suffix == ".http" and path.stem not in corpus.exchanges
        if unnamed or _ASIDE.fullmatch(path.name):
            path.unlink()


def _write(path: Path, text: str) -> None:
    try:
        files.write(path, text)
    except OSError as exc:
        raise StartError(f"{path} cannot be written: {exc.strerror}") from exc


def _file(folder: Path, name: str) -> Path:
    return folder / _FOLDER / f"{name}.http"


def _text(folder: Path, name: str) -> str:
    path = _file(folder, name)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as exc:
        raise StartError(f"{path} is missing; {_CURE}") from exc
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise StartError(f"{path} is not UTF-8; {_CURE}") from exc
    if "\r\n" in text:
        raise StartError(
            f"{path} has line ends of Windows, as git may write them; put "
            "`*.http -text` into .gitattributes, and check it out again"
        )
    return text


def _exchange(folder: Path, name: str, text: str) -> Exchange:
    path = _file(folder, name)
    try:
        exchange = httptext.parsed(text)
    except (ValueError, KeyError, IndexError) as exc:
        raise StartError(f"{path} is no exchange; {_CURE}") from exc
    if exchange.name != name:
        raise StartError(
            f"{path} holds the case `{printable(exchange.name)}`; restore its name"
        )
    return exchange


def _check_folder(folder: Path, digests: Mapping[str, str]) -> None:
    """Refuse exchanges that nobody has recorded."""
    names = {path.stem for path in (folder / _FOLDER).glob("*.http")}
    for name in sorted(names - digests.keys())[:1]:
        raise StartError(
            f"{_file(folder, name)} was not recorded, {folder / index.INDEX} does not "
            "name it; remove it"
        )


def _check_environments(corpus: Corpus) -> None:
    for exchange in corpus.exchanges.values():
        if exchange.case.environment not in corpus.environments:
            raise StartError(
                f"{corpus.file(exchange.name)} wants the environment "
                f"`{printable(exchange.case.environment)}`, which {corpus.index} does "
                f"not define; {_CURE}"
            )


def _what_changed(corpus: Corpus) -> str:
    lines = [
        f"{corpus.file(name)} was changed since it was recorded; restore it, or say "
        "why: `hxroute record --declare REASON`"
        for name in corpus.changed[:_SHOWN]
    ]
    rest = len(corpus.changed) - _SHOWN
    return "\n".join([*lines, *([f"and {rest} others"] if rest > 0 else [])])
