"""Where a fuzzer begins: what the repository holds of the kind."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.fuzz.seeds import SEEDS

__all__ = ["FOUND", "beginnings", "files"]

FOUND: Final = Path(__file__).with_name("found")
"""What the fuzzing has found, kept as cases."""

_ROOT: Final = Path(__file__).parent.parent.parent
_LARGEST: Final = 4096
"""Bytes of a case that is still one to begin with."""


@functools.cache
def files() -> tuple[bytes, ...]:
    """Return the routes files of the repository: its own, the presets, the cases."""
    cases = sorted((_ROOT / "tests" / "cases").rglob("*.yaml"))
    presets = sorted((_ROOT / "hxroute" / "presets").glob("*.yaml"))
    found = sorted(FOUND.glob("*.routes"))
    paths = [_ROOT / "routes.yaml", *presets, *cases, *found]
    return tuple(path.read_bytes() for path in paths)


@functools.cache
def beginnings(target: str) -> tuple[bytes, ...]:
    """Return what a target of bytes begins with: its seeds, the corpora, the found."""
    found = [path.read_bytes() for path in sorted(FOUND.glob(f"*.{target}"))]
    cases = _CORPORA[target]() if target in _CORPORA else ()
    small = dict.fromkeys(data for data in cases if len(data) <= _LARGEST)
    return (*SEEDS[target], *small, *found)


def _requests() -> Iterator[bytes]:
    """Yield what the tests of the front send."""
    corpus = importlib.import_module("tests.front.corpus")
    yield from (case.data for case in corpus.CORPUS)


def _answers() -> Iterator[bytes]:
    """Yield what the upstreams of the tests answer, without the pauses."""
    folder = _ROOT / "tests" / "upstream" / "corpus"
    for path in sorted(folder.glob("[a-z]*.py")):
        module = importlib.import_module(f"tests.upstream.corpus.{path.stem}")
        for script in _scripts(module):
            parts = (getattr(step, "data", step) for step in script)
            yield b"".join(part for part in parts if isinstance(part, bytes))


def _scripts(module: ModuleType) -> Iterator[tuple[object, ...]]:
    for name in module.__all__:
        listed = getattr(module, name)
        for case in listed if isinstance(listed, list | tuple) else ():
            yield tuple(getattr(case, "script", ()))


_CORPORA: Final = {"front": _requests, "upstream": _answers}
"""The corpora of other tests, read only where they are wanted."""
