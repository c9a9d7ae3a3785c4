"""What the peers are made of: programs from PyPI, npm and Debian, kept in the cache.

Everything lies in `$HXROUTE_CACHE/benchmarks`, by default `~/.cache/hxroute/benchmarks`,
under names that tell the version. LiteLLM is the one of the end-to-end tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.environment import LITELLM, Environment, cache

__all__ = [
    "LITELLM",
    "MissingError",
    "environment",
    "made",
    "package",
    "program",
    "wrk",
]


class MissingError(Exception):
    """A program is not here and could not be made; the text says why, and the cure."""


def environment(name: str, *requirements: str) -> Environment:
    """Return the environment of a peer."""
    return Environment(f"benchmarks/{name}", requirements)


def made(env: Environment) -> Path:
    """Make an environment where it is missing, and return its folder of programs.

    Raises:
        MissingError: where pip cannot.
    """
    if not env.ready:
        print(f"installing {' '.join(env.requirements)}", file=sys.stderr, flush=True)
    try:
        env.make()
    except subprocess.CalledProcessError as exc:
        raise MissingError(f"pip ended with status {exc.returncode}") from exc
    return env.root / "bin"


def package(name: str, version: str, **pinned: str) -> Path:
    """Install a package of npm where it is missing, and return its folder.

    Args:
        name: the package.
        version: which one.
        pinned: versions of packages that it needs, where the newest do not do.

    Raises:
        MissingError: without node and npm, or where npm cannot.
    """
    wanted = {"dependencies": {name: version}, "overrides": pinned}
    text = json.dumps(wanted, indent=1, sort_keys=True)
    folder = cache() / "benchmarks" / name.removeprefix("@").replace("/", "-")
    installed = folder / "node_modules" / name
    made_of = folder / "made-of"
    if made_of.is_file() and made_of.read_text() == text:
        return installed
    npm = program("npm", "apt-get install npm")
    program("node", "apt-get install nodejs")
    print(f"installing {name}@{version}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(text)
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    command = [npm, "install", *options, "--prefix", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"npm: {done.stderr.strip()[-300:]}")
    made_of.write_text(text)
    return installed


def program(name: str, cure: str) -> str:
    """Return where a program of the system is.

    Raises:
        MissingError: where it is not installed.
    """
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    found = shutil.which(name, path=path)
    if found is None:
        raise MissingError(f"{name} is not installed" + (f": {cure}" if cure else ""))
    return found


def wrk() -> str:
    """Return where the load generator is.

    Raises:
        MissingError: where it is not installed.
    """
    return program("wrk", "apt-get install wrk")
