"""The gateway of a routes file, served by `hxroute run` in a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hxroute import templates
from hxroute.errors import StartError
from hxroute.ir import Gateway, Setting, Upstream
from hxroute.proof.targets import Address, NotStarted, bare_environment
from hxroute.runtime import settings
from hxroute.sandbox.child import python
from hxroute.sandbox.gateway import serving, write

__all__ = ["Compiled", "with_urls"]


class Compiled:
    """A gateway as the compiler made it; each of its upstreams is ours instead.

    Args:
        gateway: the gateway.
        file: its routes file.
        names: what each of its upstreams is called in the corpus.
    """

    hosts: frozenset[str] = frozenset()
    invents = False

    def __init__(self, gateway: Gateway, file: str, names: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._names = names
        self.says = file
        self.ports = dict.fromkeys(names.values(), 0)

    @contextlib.contextmanager
    def started(
        self, environment: Mapping[str, str], ports: Mapping[str, int], turn: int = 0
    ) -> Iterator[Address]:
        """Serve it until the end of the block."""
        environ = with_urls(self._gateway, environment)
        try:
            values: dict[str, Any] = settings.resolve(self._gateway.settings, environ)
        except StartError:
            values = {}  # it will say so itself
        upstreams = tuple(
            dataclasses.replace(item, url=self._url(item, values, ports))
            for item in self._gateway.upstreams
        )
        gateway = dataclasses.replace(self._gateway, upstreams=upstreams)
        command = python("-m", "hxroute.cli.tethered")
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            write(gateway, folder)
            try:
                serve = serving(folder, command, {**bare_environment(), **environ})
                _, port = stack.enter_context(serve)
            except StartError as exc:
                raise NotStarted(str(exc)) from exc
            yield "127.0.0.1", port

    def _url(
        self, upstream: Upstream, values: Mapping[str, Any], ports: Mapping[str, int]
    ) -> str:
        """Return our address, with the path that the upstream's own has."""
        ours = f"http://127.0.0.1:{ports[self._names[upstream.name]]}"
        try:
            url = templates.text(upstream.url, templates.Settings(values))
            return ours + urlsplit(str(url)).path if isinstance(url, str) else ours
        except (StartError, KeyError, ValueError):
            return ours


def with_urls(gateway: Gateway, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which no setting is missing for an upstream's URL.

    That of an upstream is ours in any case; what it is made of need not be known.
    """
    used = {name for item in gateway.upstreams for name in _settings(item.url)}
    missing = {
        item.env[0]: "http://127.0.0.1"
        for item in gateway.settings
        if item.name in used and _is_required(item) and not environment.get(item.env[0])
    }
    return {**missing, **environment}


def _is_required(setting: Setting) -> bool:
    return bool(setting.env) and setting.default is None and not setting.optional


def _settings(url: str) -> Iterator[str]:
    """Yield the names of the settings that a template reads."""
    for root, key in templates.names(url):
        if root == "settings" and key is not None:
            yield key
