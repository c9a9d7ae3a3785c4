"""The index of a corpus, `corpus.json`: its shape, and the digests that it carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hxroute.diagnostics.shown import printable
from hxroute.errors import StartError
from hxroute.proof.exchange import NAME

__all__ = ["INDEX", "digest", "digested", "read"]

INDEX: Final = "corpus.json"
_FORMAT: Final = 1

_EACH: Final = "*"
"""The key of a shape that stands for every key."""

_SHAPE: Final[Mapping[str, Any]] = {
    "oracle": {"what": str, "version": {_EACH: str}, "started": str},
    "host": str,
    "upstreams": [str],
    "environments": {_EACH: {_EACH: str}},
    "complete": bool,
    "declared": [{"reason": str, "cases": [str]}],
    "exchanges": {_EACH: str},
    "digest": str,
}


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digested(index: Mapping[str, Any]) -> dict[str, Any]:
    """Return an index with its format, and a digest of all else that it says."""
    said = {"format": _FORMAT, **index}
    return said | {"digest": _digest_of(said)}


def read(folder: Path) -> dict[str, Any]:
    """Read the index of a corpus.

    Raises:
        StartError: where there is none, or it is broken or was changed.
    """
    path = folder / INDEX
    cure = "restore it, or remove it and record again"
    try:
        index: Any = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise StartError(
            f"{folder} holds no corpus; run `hxroute record` to make one"
        ) from exc
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise StartError(f"{path} is not JSON; {cure}") from exc
    if not isinstance(index, dict) or index.get("format") != _FORMAT:
        raise StartError(f"{path} is no corpus of this version of hxroute; {cure}")
    for key in _misshapen(index, _SHAPE):
        raise StartError(f"{path} holds no right `{printable(key)}`; {cure}")
    for name in index["exchanges"]:
        if not NAME.fullmatch(name):
            called = printable(name)
            raise StartError(
                f"{path} names `{called}`, which no case can be called; {cure}"
            )
    if index["digest"] != _digest_of(index):
        raise StartError(f"{path} was changed since it was recorded; {cure}")
    found: dict[str, Any] = index
    return found


def _digest_of(index: Mapping[str, Any]) -> str:
    said = {key: value for key, value in index.items() if key != "digest"}
    return digest(json.dumps(said, sort_keys=True))


def _misshapen(value: Any, shape: Any, at: str = "") -> Iterator[str]:
    """Yield where a value has not the shape that it must have."""
    kind = shape if isinstance(shape, type) else type(shape)
    if not isinstance(value, kind):
        yield at
        return
    for key, inner, wanted in _inside(value, shape):
        yield from _misshapen(inner, wanted, f"{at}.{key}" if at else key)


def _inside(value: Any, shape: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield what must be in a value: under which key, what is there, and its shape."""
    if isinstance(shape, list):
        yield from ((str(n), item, shape[0]) for n, item in enumerate(value))
    elif isinstance(shape, dict):
        for key in value if _EACH in shape else shape:
            yield key, value.get(key), shape.get(_EACH) or shape[key]
