"""The two virtual environments of the end-to-end tests, made once and cached.

LiteLLM pins an older openai SDK than the one the tests drive, so each has its
own. They lie in `$HXROUTE_CACHE`, by default `~/.cache/hxroute`, and are named
after what is in them and the Python they were made with. A marker written last
makes one valid: a half-made one is never used, the next run makes it anew.

    python tests/e2e/environment.py           make what is missing, print both
    python tests/e2e/environment.py --check   print both, fail if one is missing
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MARKER = "hxroute-complete"
_PYTHON = f"py{sys.version_info.major}{sys.version_info.minor}"


def cache() -> Path:
    """Return the folder that holds the environments."""
    return Path(os.environ.get("HXROUTE_CACHE") or Path.home() / ".cache" / "hxroute")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with fixed requirements."""

    name: str
    requirements: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The environment's folder."""
        return cache() / f"{self.name}-{_PYTHON}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / "bin" / "python"

    @property
    def ready(self) -> bool:
        """Whether it was made to the end, with the requirements of today."""
        marker = self.root / MARKER
        return marker.is_file() and marker.read_text() == self._stamp

    @property
    def _stamp(self) -> str:
        return "".join(f"{requirement}\n" for requirement in self.requirements)

    def make(self) -> None:
        """Make it where it is not ready; of two makers at a time one waits."""
        if self.ready:
            return
        with _locked(self.root.with_name(f"{self.root.name}.lock")):
            if not self.ready:
                self._install()

    def _install(self) -> None:
        venv.create(self.root, clear=True, with_pip=True, symlinks=True)
        pip = [str(self.python), "-m", "pip", "install", "-qq", "--no-input"]
        # The output goes to stderr: stdout is for the paths alone.
        subprocess.run([*pip, *self.requirements], check=True, stdout=sys.stderr)
        unfinished = self.root / f"{MARKER}.new"
        unfinished.write_text(self._stamp)
        unfinished.replace(self.root / MARKER)


# Without prisma LiteLLM answers a wrong key with a 500 in plain text.
LITELLM = Environment("litellm-1.106.2", ("litellm[proxy]==1.106.2", "prisma==0.15.0"))
OPENAI = Environment("openai-3.51.0", ("openai==3.51.0",))
ENVIRONMENTS = (LITELLM, OPENAI)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """Make the environments, or with `--check` only look; print their folders."""
    for environment in ENVIRONMENTS:
        if arguments != ["--check"]:
            environment.make()
        print(environment.root, "ready" if environment.ready else "missing", sep="\t")
    return 0 if all(environment.ready for environment in ENVIRONMENTS) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
