"""Files: written whole or not at all, and named by the digest of their bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

__all__ = ["digest_of", "write"]


def digest_of(data: bytes) -> str:
    """Name the bytes of a file."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def write(path: Path, text: str) -> None:
    """Write aside and rename, so that no reader and no crash sees half a file.

    A link stays a link: what it leads to is replaced, and keeps who may read it.

    Raises:
        OSError: where the folder cannot be made or written, or what is there is no
            file; it stays.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "what is there is no regular file")
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
