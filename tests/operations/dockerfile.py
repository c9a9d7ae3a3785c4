"""Dockerfiles, read, and carried out where there is no container engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.operations.process import SECONDS
from tests.processes import environment

__all__ = ["Instruction", "below", "carry_out", "context", "exec_form", "read"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `RUN`, and what stands behind it."""

    name: str
    text: str


def read(text: str) -> list[list[Instruction]]:
    """Return the instructions of each stage, and before them those ahead of any."""
    stages: list[list[Instruction]] = [[]]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in filter(None, "\n".join(lines).replace("\\\n", " ").splitlines()):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, rest.strip()))
    return stages


def exec_form(text: str) -> list[str]:
    """Return the words of a command that needs no shell."""
    words = json.loads(text)
    assert isinstance(words, list)
    assert all(isinstance(word, str) for word in words)
    return words


def context(ignore: str, root: Path, to: Path) -> None:
    """Copy what an ignore file of the form "all but these" lets through."""
    first, *rest = (line for line in ignore.splitlines() if line[:1] not in ("", "#"))
    kept = [line[1:] for line in rest if line.startswith("!")]
    assert first == "*"
    without = shutil.ignore_patterns(
        *(line.removeprefix("**/") for line in rest if line.startswith("**/"))
    )
    to.mkdir(parents=True)
    for name in kept:
        if (root / name).is_dir():
            shutil.copytree(root / name, to / name, ignore=without)
        else:
            shutil.copy2(root / name, to / name)


def carry_out(stage: list[Instruction], root: Path, python: str) -> Path:
    """Carry out the commands of a stage below a folder; return its last WORKDIR."""
    workdir = root
    for instruction in stage:
        if instruction.name == "WORKDIR":
            workdir = root / instruction.text.lstrip("/")
            workdir.mkdir(parents=True, exist_ok=True)
        elif instruction.name == "RUN":
            words = [below(root, word) for word in exec_form(instruction.text)]
            if words[0] == "python":
                words[0] = python
            subprocess.run(
                words,
                cwd=workdir,
                env=environment(PYTHONPATH=""),
                check=True,
                capture_output=True,
                timeout=3 * SECONDS,
            )
    return workdir


def below(root: Path, word: str) -> str:
    """Return a word of a command; where it is a path, that below a folder."""
    return f"{root}{word}" if word.startswith("/") else word
