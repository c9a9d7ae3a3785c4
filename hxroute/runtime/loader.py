"""Loading a compiled module, and telling whether it is stale.

A build is fresh while the digest it carries is the digest of the routes file beside
which it is run; a build without a routes file, as in a container, is never stale.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from starlette.applications import Starlette

from hxroute.errors import StartError
from hxroute.files import digest_of
from hxroute.ir import FORMAT, Gateway
from hxroute.runtime import logs

__all__ = ["BUILD", "SOURCE", "Build", "from_environment", "load"]

BUILD = "HXROUTE_BUILD"
SOURCE = "HXROUTE_SOURCE"
"""The variables by which `hxroute run` tells its workers what to load."""


@dataclass(frozen=True, slots=True)
class Build:
    """A loaded build."""

    gateway: Gateway
    app: Starlette


def load(path: Path, source: Path) -> Build:
    """Load a compiled module.

    Args:
        path: the compiled module.
        source: the routes file that it was made of, which need not be there.

    Raises:
        StartError: where the module is missing, stale, broken or of another format.
    """
    if not path.is_file():
        raise StartError(f"{path} is not there; run `hxroute compile`")
    module = _module(path)
    try:
        gateway, app, digest = module.gateway, module.app, module.SOURCE
        current = module.FORMAT == FORMAT
    except AttributeError:
        current = False
    if not current:
        raise StartError(f"{path} is of another hxroute; run `hxroute compile`")
    if source.is_file() and digest_of(source.read_bytes()) != digest:
        raise StartError(f"{path} is older than {source}; run `hxroute compile`")
    return Build(gateway, app)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hxroute_gateway", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except StartError:
        raise
    except Exception as exc:
        raise StartError(
            f"{path} cannot be loaded ({type(exc).__name__}); run `hxroute compile`"
        ) from exc
    return module


def from_environment() -> Starlette:
    """Load the app that the parent process has named: what a worker runs."""
    logs.to_stderr()
    return load(Path(os.environ[BUILD]), Path(os.environ[SOURCE])).app
