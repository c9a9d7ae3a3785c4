"""The base of an upstream: what every URL of a call to it begins with."""

from __future__ import annotations

from hxroute import urls
from hxroute.errors import StartError
from hxroute.ir import Upstream

__all__ = ["base_of"]


def base_of(upstream: Upstream, text: str) -> urls.Base:
    """Return the base of an upstream whose URL is that text.

    Raises:
        StartError: where that is no URL of an upstream.
    """
    wrong = urls.mistake(text)
    if wrong:
        raise StartError(
            f"line {upstream.at}: upstream `{upstream.name}`: url {upstream.url} {wrong}"
        )
    return urls.base(text)
