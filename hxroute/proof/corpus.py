"""The corpus: recorded exchanges, what they were recorded from, and a digest of each.

    corpus.json               the oracle, the environments, a digest of every exchange
    exchanges/NAME.http       an exchange
    divergences.yaml          the ledger of intended differences, where there are any

Only a recording writes exchanges. One that is changed in any other way is refused until
it is declared, with a reason that stays in the corpus.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from hxroute import files
from hxroute.errors import StartError
from hxroute.proof import httptext
from hxroute.proof.exchange import NAME, Case, Exchange

__all__ = [
    "Corpus",
    "Declaration",
    "Oracle",
    "load",
    "text_of",
    "write",
    "write_exchange",
]

_FORMAT: Final = 1
_INDEX: Final = "corpus.json"
_FOLDER: Final = "exchanges"
_LEDGER: Final = "divergences.yaml"
_SHOWN: Final = 5


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
        return self.folder / _INDEX

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
    index = _index(folder)
    digests: dict[str, str] = index["exchanges"]
    exchanges, other = {}, []
    for name, digest in digests.items():
        text = _text(folder, name)
        exchanges[name] = _exchange(folder, name, text)
        if _digest(text) != digest:
            other.append(name)
    if index["complete"]:  # else what is not listed yet is recorded again
        _check_folder(folder, digests)
    oracle = Oracle(**index["oracle"])
    declared = tuple(
        Declaration(item["reason"], tuple(item["cases"])) for item in index["declared"]
    )
    corpus = Corpus(
        folder,
        oracle,
        index["host"],
        tuple(index["upstreams"]),
        index["environments"],
        exchanges,
        declared,
        index["complete"],
        tuple(other),
    )
    _check_environments(corpus)
    if not changed and (other or index["digest"] != _digest_of(index)):
        raise StartError(_what_changed(corpus))
    return corpus


def write_exchange(corpus: Corpus, exchange: Exchange) -> None:
    """Write one exchange."""
    files.write(corpus.file(exchange.name), text_of(exchange))


def write(corpus: Corpus) -> None:
    """Write the index."""
    index = {
        "format": _FORMAT,
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
            name: _digest(text_of(exchange))
            for name, exchange in corpus.exchanges.items()
        },
    }
    index["digest"] = _digest_of(index)
    files.write(corpus.index, json.dumps(index, indent=2, ensure_ascii=False) + "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest_of(index: Mapping[str, Any]) -> str:
    """Digest all that an index says but the digest itself."""
    said = {key: value for key, value in index.items() if key != "digest"}
    return _digest(json.dumps(said, sort_keys=True))


def _file(folder: Path, name: str) -> Path:
    return folder / _FOLDER / f"{name}.http"


_KEYS: Final[dict[str, type]] = {
    "oracle": dict,
    "host": str,
    "upstreams": list,
    "environments": dict,
    "complete": bool,
    "declared": list,
    "exchanges": dict,
    "digest": str,
}


def _index(folder: Path) -> dict[str, Any]:
    path = folder / _INDEX
    try:
        index: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise StartError(
            f"{folder} holds no corpus; run `hxroute record` to make one"
        ) from exc
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise StartError(f"{path} is not JSON; restore it, or record anew") from exc
    known = isinstance(index, dict) and index.get("format")
    if known != _FORMAT:
        raise StartError(f"{path} is of another hxroute; record anew")
    for key, kind in _KEYS.items():
        if not isinstance(index.get(key), kind):
            raise StartError(f"{path} has no right `{key}`; restore it, or record anew")
    for name in index["exchanges"]:
        if not NAME.fullmatch(name):
            raise StartError(f"{path} names `{name}`, which no case can be called")
    found: dict[str, Any] = index
    return found


def _text(folder: Path, name: str) -> str:
    path = _file(folder, name)
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as exc:
        raise StartError(f"{path} is missing; restore it, or record it anew") from exc
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise StartError(f"{path} is not UTF-8; restore it, or record it anew") from exc


def _exchange(folder: Path, name: str, text: str) -> Exchange:
    path = _file(folder, name)
    try:
        exchange = httptext.parsed(text)
    except (ValueError, KeyError, IndexError) as exc:
        raise StartError(
            f"{path} is no exchange; restore it, or record it anew"
        ) from exc
    if exchange.name != name:
        raise StartError(f"{path} holds the case `{exchange.name}`; rename one of them")
    return exchange


def _check_folder(folder: Path, digests: Mapping[str, str]) -> None:
    """Refuse exchanges that nobody has recorded."""
    names = {path.stem for path in (folder / _FOLDER).glob("*.http")}
    for name in sorted(names - digests.keys())[:1]:
        raise StartError(
            f"{_file(folder, name)} was not recorded into {folder / _INDEX}; remove it, "
            "or make it a case and record that"
        )


def _check_environments(corpus: Corpus) -> None:
    for exchange in corpus.exchanges.values():
        if exchange.case.environment not in corpus.environments:
            raise StartError(
                f"{corpus.file(exchange.name)} wants the environment "
                f"`{exchange.case.environment}`, which {corpus.index} does not define"
            )


def _what_changed(corpus: Corpus) -> str:
    cure = "restore it, or say why: `hxroute record --declare REASON`"
    if not corpus.changed:
        return f"{corpus.index} was changed since it was recorded; {cure}"
    lines = [
        f"{corpus.file(name)} was changed since it was recorded; {cure}"
        for name in corpus.changed[:_SHOWN]
    ]
    rest = len(corpus.changed) - _SHOWN
    return "\n".join([*lines, *([f"and {rest} others"] if rest > 0 else [])])
