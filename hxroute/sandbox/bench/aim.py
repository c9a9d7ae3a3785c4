"""Aim: a file's gateway with every upstream in this machine, and no setting missing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from hxroute.errors import StartError
from hxroute.ir import Gateway, Setting, SettingType, Upstream
from hxroute.runtime import settings

__all__ = ["aimed", "made_up"]

_MADE_UP: Final[Mapping[SettingType, str]] = {
    "string": "made-up",
    "boolean": "false",
    "integer": "1",
    "size": "1MiB",
    "duration": "30s",
}


def aimed(gateway: Gateway, url: str) -> Gateway:
    """Return a gateway whose every upstream is one URL.

    An upstream keeps what is named here. All else could lead elsewhere, as a proxy
    would, or is for a server with a certificate, which this one has not.
    """
    moved = tuple(
        Upstream(
            name=upstream.name,
            url=url,
            client=upstream.client,
            timeout=upstream.timeout,
            max_connections=upstream.max_connections,
            idle_timeout=upstream.idle_timeout,
            at=upstream.at,
        )
        for upstream in gateway.upstreams
    )
    return dataclasses.replace(gateway, upstreams=moved)


def made_up(
    gateway: Gateway, environ: Mapping[str, str]
) -> tuple[Gateway, tuple[str, ...]]:
    """Make up each required setting that is not set; return the names of these too.

    Nothing real is called, so that any value does.
    """
    missing = [item for item in gateway.settings if _is_missing(item, environ)]
    filled = tuple(
        dataclasses.replace(item, default=_MADE_UP[item.type])
        if item in missing
        else item
        for item in gateway.settings
    )
    names = tuple(item.name for item in missing)
    return dataclasses.replace(gateway, settings=filled), names


def _is_missing(setting: Setting, environ: Mapping[str, str]) -> bool:
    if setting.optional or setting.default is not None:
        return False
    lenient = dataclasses.replace(setting, optional=True)
    try:
        return settings.resolve((lenient,), environ)[setting.name] is None
    except StartError:
        return False  # it is set, and unfit: the gateway says so
