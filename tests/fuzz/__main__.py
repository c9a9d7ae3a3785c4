"""Fuzz a target, guided by coverage: `python -m tests.fuzz routes --seconds 240`.

Needs the extra `fuzz`. A finding stops the run with a traceback and stays in the
working folder; made small, it belongs into `tests/fuzz/found`.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import atheris  # type: ignore[import-untyped]

from tests.fuzz.seeds import LIBRARIES, SEEDS, WORDS

with atheris.instrument_imports(
    include=["hxroute", *(lib for arg in sys.argv for lib in LIBRARIES.get(arg, ()))]
):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.corpus import FOUND, beginnings, files
from tests.fuzz.mutation import mutated, mutated_template, words
from tests.fuzz.tokens import bent

_MAX_LENGTH = 8192
_LENGTHS = {"path": 256, "router": 512, "slots": 1024, "front": 3072, "upstream": 4096}
"""Bytes of an input, where fewer say as much."""

_OWN = 0.8
"""How many of the mutations are those of our own."""

_REQUESTS = (
    b"GET /plain/a/b?q=1&q=2",
    b"POST /keyed/a%2Fb/signed\nAuthorization: Bearer x\nConnection: x-a",
    b'PUT /call/a/b?none=1\nCookie: a=b\n\n{"put": true, "name": "x"}',
    b"POST /rename/1\nTransfer-Encoding: chunked\n\n{}",
    b"GET http://a:1/answer/%C3%A9?c=%\nHost: b\ncontent-length: 3\n\nabc",
)


def main() -> None:
    """Run one target for some seconds, or so many times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=240)
    parser.add_argument("--runs", type=int, default=-1, help="-1 is without end")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--seed", type=int, default=0, help="0 is any")
    options = parser.parse_args()
    folder = options.folder
    corpus = _corpus(folder / options.target, options.target)
    flags = [
        f"-max_total_time={options.seconds}",
        f"-runs={options.runs}",
        f"-max_len={_LENGTHS.get(options.target, _MAX_LENGTH)}",
        f"-seed={options.seed}",
        f"-dict={_dictionary(folder, options.target)}",
        f"-artifact_prefix={folder}/{options.target}-",
        "-print_final_stats=1",
        "-timeout=10",
        "-len_control=0",
        "-rss_limit_mb=2048",
    ]
    atheris.Setup(
        [sys.argv[0], *flags, str(corpus)],
        TARGETS[options.target],
        custom_mutator=_mutator(options.target),
    )
    atheris.Fuzz()


_Change = Callable[[bytes, Random], bytes]


def _of_text(change: Callable[[str, Random], str]) -> _Change:
    """Make a mutation of texts one of bytes."""

    def changed(data: bytes, chance: Random) -> bytes:
        text = change(data.decode("utf-8", "replace"), chance)
        return text.encode("utf-8", "replace")

    return changed


_MUTATORS: Final[dict[str, _Change]] = {
    "routes": _of_text(mutated),
    "template": _of_text(mutated_template),
    **{name: functools.partial(bent, words=WORDS[name]) for name in WORDS},
}


def _mutator(target: str) -> Callable[[bytes, int, int], bytes] | None:
    if target not in _MUTATORS:
        return None
    change = _MUTATORS[target]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.random() > _OWN:
            return bytes(atheris.Mutate(data, max_size))
        return change(data, chance)[:max_size]

    return mutate


def _dictionary(folder: Path, target: str) -> Path:
    """Write the words to know, as libFuzzer reads them."""
    path = folder / f"{target}.dict"
    known = WORDS.get(target) or [word.encode("utf-8", "replace") for word in words()]
    quoted = {"".join(f"\\x{byte:02x}" for byte in word) for word in known}
    path.write_text("".join(f'"{item}"\n' for item in sorted(quoted)))
    return path


def _corpus(folder: Path, target: str) -> Path:
    """Write what a target begins with; what it learns stands beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    if target in SEEDS:
        seeds = list(beginnings(target))
    else:
        seeds = list(files()) if target == "routes" else []
        seeds += [path.read_bytes() for path in sorted(FOUND.glob(f"*.{target}"))]
    if target == "template":
        seeds += [f"{{{{ {word} }}}}".encode("utf-8", "replace") for word in words()]
    if target == "question":
        seeds += _REQUESTS
    for number, data in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(data)
    return folder


if __name__ == "__main__":
    main()
