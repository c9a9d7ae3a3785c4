"""Fuzz a target, guided by coverage: `python -m tests.fuzz routes --seconds 240`.

Needs the extra `fuzz`. A finding stops the run with a traceback and stays in the
working folder; made small, it belongs into `tests/fuzz/found`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["hxroute", "jinja2", "jsonschema"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.corpus import FOUND, files
from tests.fuzz.mutation import mutated, mutated_template, words

_MAX_LENGTH = 8192
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
    """Run one target for some seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=240)
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--seed", type=int, default=0, help="0 is any")
    options = parser.parse_args()
    folder = options.folder
    corpus = _corpus(folder / options.target, options.target)
    flags = [
        f"-max_total_time={options.seconds}",
        f"-max_len={_MAX_LENGTH}",
        f"-seed={options.seed}",
        f"-dict={_dictionary(folder)}",
        f"-artifact_prefix={folder}/{options.target}-",
        "-print_final_stats=1",
        "-timeout=10",
        "-len_control=0",
        "-rss_limit_mb=2048",
    ]
    mutator = _MUTATORS.get(options.target)
    atheris.Setup(
        [sys.argv[0], *flags, str(corpus)],
        TARGETS[options.target],
        custom_mutator=None if mutator is None else _mutator(mutator),
    )
    atheris.Fuzz()


_MUTATORS = {"routes": mutated, "template": mutated_template}


def _mutator(
    change: Callable[[str, Random], str],
) -> Callable[[bytes, int, int], bytes]:
    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.random() > _OWN:
            return bytes(atheris.Mutate(data, max_size))
        text = change(data.decode("utf-8", "replace"), chance)
        return text.encode("utf-8", "replace")[:max_size]

    return mutate


def _dictionary(folder: Path) -> Path:
    """Write the words to know, as libFuzzer reads them."""
    path = folder / "words.dict"
    quoted = {
        "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "replace"))
        for word in words()
    }
    path.write_text("".join(f'"{item}"\n' for item in sorted(quoted)))
    return path


def _corpus(folder: Path, target: str) -> Path:
    """Write what a target begins with; what it learns stands beside it."""
    folder.mkdir(parents=True, exist_ok=True)
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
