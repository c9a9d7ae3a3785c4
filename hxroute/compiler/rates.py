"""Lower `stores` and `rate_limit`: who is counted, where, and how much they may."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from hxroute import templates, units
from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.resolve import Entry, Unit
from hxroute.compiler.tree import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.limiting import MAX_FILL, MIN_INTERVAL, Limit, Store
from hxroute.span import Span
from hxroute.stores import SCHEMES, is_url

__all__ = ["RateLimits", "store"]

_LEAST_TIMEOUT: Final = 0.001
_PASSWORD: Final = re.compile(r"://[^/@]*:[^/@]+@")
_NEEDED: Final = ("requests", "per", "by")
_AS_STATED: Final = ("requests", "by", "burst", "when_store_down", "fields")
_WORDS: Final = {"key": "key", "client": "client", "endpoint": "endpoint"}
_OF_A_TEMPLATE: Final = "template"
"""What a limit is called that has no bucket of a name, by what it counts."""


def store(
    entry: Entry, place: Place, decided: Callable[[str], str | None], report: Report
) -> Store:
    """Lower a store.

    Args:
        entry: its definition.
        place: what its url may read.
        decided: what a template gives where nothing is set; None where it has to be.
        report: where mistakes are said.
    """
    node, data = entry.node, plain(entry.node)
    seconds = units.duration(str(data.get("timeout", "50ms")))
    timeout = node.get("timeout")
    if seconds is not None and seconds < _LEAST_TIMEOUT and timeout is not None:
        message = f"no store answers in `{plain(timeout)}`"
        help_text = "write 1ms or more; leave it out for the default"
        report.add("HX109", message, timeout.span.head, help=help_text)
    return Store(
        name=entry.name,
        url=_url(node.get("url"), place, decided, report),
        timeout=seconds or _LEAST_TIMEOUT,
        prefix=str(data.get("prefix", "hxroute")),
        at=entry.at,
    )


def _url(
    node: Node | None,
    place: Place,
    decided: Callable[[str], str | None],
    report: Report,
) -> str:
    if not isinstance(node, Scalar):
        return ""
    source = expressions.text(node, place, report)
    if _PASSWORD.search("".join(templates.literals(source))):
        report.hide(node.span)
        help_text = "take it from a setting with `env: NAME` and `secret: true`"
        report.add("HX319", "a key stands in the file", node.span.head, help=help_text)
        return source
    shown = decided(source)
    if shown is not None and not is_url(shown):
        if "@" in shown or "?" in shown:
            report.hide(node.span)  # where passwords stand
        starts = ", ".join(f"`{scheme}://`" for scheme in SCHEMES)
        message = "this is no URL of a store"
        help_text = (
            f"write one of {starts}, a host, and where need be `:port` and `/db`"
        )
        report.add("HX115", message, node.span.head, help=help_text)
    return source


class RateLimits:
    """The limits of a file's endpoints.

    Args:
        stores: those of the file, by name.
        report: where mistakes are said.
    """

    def __init__(self, stores: dict[str, Store], report: Report) -> None:
        self._stores = stores
        self._report = report
        self._shared: dict[str, tuple[Limit, Span]] = {}
        self._keyless: dict[Span, list[Unit]] = {}

    def of(
        self, node: Node, unit: Unit, endpoint: str, place: Place
    ) -> tuple[Limit, ...]:
        """Lower the limits of an endpoint.

        Args:
            node: one, or a list.
            unit: the endpoint.
            endpoint: its name.
            place: what a template there may read.
        """
        items = node.items if isinstance(node, Sequence) else (node,)
        found: list[Limit] = []
        for item in items:
            if isinstance(item, Mapping) and set(_NEEDED) <= plain(item).keys():
                limit = self._limit(item, endpoint, place, found)
                self._check(limit, item, unit)
                found.append(limit)
        self._check_stores(found, node)
        return tuple(found)

    def _limit(
        self, node: Mapping, endpoint: str, place: Place, before: list[Limit]
    ) -> Limit:
        data = plain(node)
        bucket, by = data.get("bucket"), node.get("by")
        assert isinstance(by, Scalar)
        stated: dict[str, Any] = {key: data[key] for key in _AS_STATED if key in data}
        stated["by"] = self._by(by, place)
        return Limit(
            name=bucket or _name(stated["by"], before),
            **stated,
            per=units.duration(data["per"]) or 0.0,
            endpoint="" if bucket else endpoint,
            store=self._stores.get(data.get("store", "")),
            at=node.span.line,
        )

    def _by(self, node: Scalar, place: Place) -> str:
        source = str(node.value)
        if source in _WORDS:
            return source
        if "body" in templates.roots([source]):
            self._report.add(
                "HX305",
                "`body` is not read before requests are counted",
                expressions.find(self._report.lines, node.span, source, "body"),
                help="count by `key`, `client`, or a template over path, query or headers",
            )
            return source
        return expressions.text(node, place, self._report)

    def _check(self, limit: Limit, node: Mapping, unit: Unit) -> None:
        self._check_bounds(limit, node)
        down = node.key("when_store_down")
        if down is not None and node.get("store") is None:
            message = "`when_store_down` needs a store"
            help_text = "add `store: NAME`, or remove it"
            self._report.add("HX107", message, down.span, help=help_text)
        by = node.get("by")
        assert by is not None
        if limit.by == "key" and ("auth",) in unit.effective and not unit.get("auth"):
            self._keyless.setdefault(by.span, []).append(unit)
        if not limit.endpoint:
            self._check_shared(limit, node)

    def _check_bounds(self, limit: Limit, node: Mapping) -> None:
        if limit.per < MIN_INTERVAL * limit.requests:
            place = node.get("per")
            message = "more than 10,000 requests a second cannot be counted"
            help_text = "ask for fewer, or `per` a longer time"
        elif limit.per / limit.requests * (limit.burst or limit.requests) > MAX_FILL:
            place = node.get("burst") or node.get("per")
            message = "this bucket takes more than a year to fill"
            help_text = "write a smaller `burst`, or `per` a shorter time"
        else:
            return
        assert place is not None
        self._report.add("HX106", message, place.span.head, help=help_text)

    def _check_shared(self, limit: Limit, node: Mapping) -> None:
        """Report a bucket that is filled or drawn from in two ways."""
        name = node.get("bucket")
        assert name is not None
        known, place = self._shared.setdefault(limit.name, (limit, name.span))
        if known != limit:
            self._report.add(
                "HX340",
                f"bucket `{limit.name}` is another limit elsewhere",
                name.span,
                help="state the same in both places, or give one of them another name",
                related=((place, "first stated here"),),
            )

    def _check_stores(self, found: list[Limit], node: Node) -> None:
        names = [limit.name for limit in found]
        again = next((name for name in names if names.count(name) > 1), None)
        if again is not None:
            message = f"bucket `{again}` is counted twice for one request"
            help_text = "give one of them another name"
            self._report.add("HX205", message, node.span.head, help=help_text)
        stores = {limit.store.name for limit in found if limit.store is not None}
        if len(stores) > 1:
            named = " and ".join(f"`{name}`" for name in sorted(stores))
            message = f"the limits of one endpoint count in {named}"
            help_text = "a request is counted in one step: name one store"
            self._report.add("HX107", message, node.span.head, help=help_text)

    def report_keyless(self) -> None:
        """Report limits by key where nobody shows one: once for each limit."""
        for span, units_ in self._keyless.items():
            others = len(units_) - 1
            more = f"and of {others} more endpoint{'s' * (others != 1)}"
            self._report.add(
                "HX341",
                "this counts by key, on an endpoint that is open to everyone",
                span.head,
                label=more if others else "",
                help="count `by: client` there, or write `rate_limit: none`",
                related=tuple(_paths(units_[:1])),
            )


def _paths(units_: list[Unit]) -> Iterator[tuple[Span, str]]:
    for unit in units_:
        path = unit.node.get("path")
        if path is not None:
            yield path.span, "this endpoint"


def _name(by: str, before: list[Limit]) -> str:
    """Return what a limit without a bucket of a name is called: `client`, `client_2`."""
    word = _WORDS.get(by, _OF_A_TEMPLATE)
    taken = {limit.name for limit in before}
    names = (word, *(f"{word}_{n}" for n in range(2, len(before) + 2)))
    return next(name for name in names if name not in taken)
