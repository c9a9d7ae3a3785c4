"""Opening: upstreams as they are declared become calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from hxroute import templates, urls
from hxroute.errors import StartError
from hxroute.http import Handler, Job, Request, Timeout
from hxroute.ir import Upstream
from hxroute.kept import Kept
from hxroute.resilience import Retry
from hxroute.runtime.base import base_of
from hxroute.runtime.connectors import Connector, open_connector
from hxroute.runtime.guards import guarded
from hxroute.runtime.placing import at_start
from hxroute.runtime.upstreams.attempts import Attempts, Budget
from hxroute.runtime.upstreams.balance import POLICIES, digest_of
from hxroute.runtime.upstreams.cluster import Cluster
from hxroute.runtime.upstreams.health import Checks
from hxroute.runtime.upstreams.members import Member, State
from hxroute.runtime.upstreams.outliers import Outliers

__all__ = ["Upstreams"]

_LOG: Final = logging.getLogger("hxroute.upstream")
_JOINED: Final = "upstream %s: targets %s and %s are at one address: they are one"


class Upstreams:
    """The upstreams of a gateway that starts.

    Args:
        declared: as the file has them.
        settings: the values that their addresses are made of.
        jobs: where to put what is to run beside the requests.
        kept: what the gateway before this one has left.

    Raises:
        StartError: where an address is none.
    """

    def __init__(
        self,
        declared: Iterable[Upstream],
        settings: templates.Settings,
        jobs: list[Job],
        kept: Kept,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._kept = kept
        self._declared = {upstream.name: upstream for upstream in declared}
        self._connectors = {
            name: self._opened(upstream) for name, upstream in self._declared.items()
        }
        self._urls = {
            name: tuple(
                self._url(upstream, url, upstream.at) for url in upstream.urls()
            )
            for name, upstream in self._declared.items()
        }

    def connect(
        self, name: str, timeout: Timeout | None, retry: Retry | None
    ) -> Handler:
        """Return the call of an upstream; what is not stated is the upstream's own."""
        upstream, connector = self._declared[name], self._connectors[name]
        retry = retry or upstream.retry
        per_try = None if retry is None else retry.per_try
        call = connector.handler(timeout, per_try)
        call = guarded(call, upstream, self._urls[name], self._kept)
        if retry is None or retry.attempts == 1:
            return call
        budget = self._kept.once((Budget, name), Budget)
        return Attempts(call, retry, timeout or upstream.timeout, budget).__call__

    async def close(self) -> None:
        """Close every connection."""
        for connector in self._connectors.values():
            await connector.close()

    def _opened(self, upstream: Upstream) -> Connector:
        if not upstream.targets:
            return open_connector(
                upstream, self._url(upstream, upstream.url, upstream.at)
            )
        members = self._members(upstream)
        outliers = None
        if upstream.outlier_detection is not None:
            states = [member.state for member in members]
            outliers = Outliers(upstream.outlier_detection, states, _now)
            self._jobs.append(outliers.run)
        if upstream.health is not None:
            checks = Checks(upstream.health, members, lambda m: _tell(upstream, m))
            self._jobs.append(checks.run)
        pick = POLICIES[upstream.balance.policy]
        return Cluster(members, pick, self._key(upstream), outliers)

    def _members(self, upstream: Upstream) -> list[Member]:
        """Return the targets, those of one address as one with their weights together.

        Settings often lead several targets to one server, in development for instance;
        whoever checks and ejects must count it once.
        """
        members: dict[urls.Base, Member] = {}
        for target in upstream.targets:
            place = replace(upstream, url=target.url, at=target.at)
            url = self._url(place, target.url, target.at)
            base = base_of(place, url)
            if base in members:
                same = members[base]
                same.weight += target.weight
                _LOG.warning(_JOINED, upstream.name, same.name, target.url)
            else:
                members[base] = self._member(place, url, target.weight)
        return list(members.values())

    def _member(self, place: Upstream, url: str, weight: int) -> Member:
        # Without checks, nobody would ever find a target well that is not.
        is_checked = place.health is not None
        state = self._kept.once((State, place.name, url, is_checked), State)
        probe = None
        if is_checked:
            probe = open_connector(replace(place, max_connections=1), url)
        connector, seed = open_connector(place, url), digest_of(url.encode())
        return Member(place.url, connector, weight, state, seed, probe)

    def _url(self, upstream: Upstream, source: str, at: int) -> str:
        with at_start(at):
            url = templates.text(source, self._settings)
        if not isinstance(url, str):
            raise StartError(f"line {at}: upstream `{upstream.name}` has no fixed url")
        return url

    def _key(self, upstream: Upstream) -> Callable[[Request], bytes | None] | None:
        """Return what makes the key of a client's request; an empty one is none."""
        source = upstream.balance.key
        if source is None:
            return None
        with at_start(upstream.balance.at):
            template = templates.text(source, self._settings)
        if isinstance(template, str):
            fixed = templates.to_bytes(template) or None
            return lambda _: fixed
        roots = templates.roots([source])

        def key(request: Request) -> bytes | None:
            return (
                templates.to_bytes(template(templates.values(request, roots))) or None
            )

        return key


def _now() -> float:
    return asyncio.get_running_loop().time()


def _tell(upstream: Upstream, member: Member) -> None:
    state = "well" if member.state.well else "unwell"
    _LOG.warning("upstream %s: target %s is %s", upstream.name, member.name, state)
