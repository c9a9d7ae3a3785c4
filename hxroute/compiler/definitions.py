"""Lower the named things of a file: settings, upstreams, keys, header rules, errors."""

from __future__ import annotations

import dataclasses
from typing import Final

from hxroute import templates, units, urls
from hxroute.compiler import answers, expressions, rates, resilience
from hxroute.compiler.auth import jwks_upstreams, lower_auth, public_digests
from hxroute.compiler.credentials import check_forward
from hxroute.compiler.expressions import Place
from hxroute.compiler.fields import pairs
from hxroute.compiler.guards import circuit_breaker, concurrency
from hxroute.compiler.resolve import Entry, Program
from hxroute.compiler.settings import by_default, is_whole, lower_setting, samples
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence, plain
from hxroute.compiler.trials import Effort
from hxroute.diagnostics import Report
from hxroute.ir import BearerAuth, HeaderRules, Timeout, Upstream

__all__ = ["Definitions", "timeout"]

_LEAST: Final = 0.001
"""Seconds that something may be waited for; the pool may be asked without waiting."""

_AS_STATED: Final = ("client", "max_connections", "ca_file")
"""Keys of an upstream whose values are the data's."""

_SHOWN: Final = 200
"""Characters of a value that a message repeats."""

_ERROR_KEYS: Final = frozenset({"kind", "status", "detail", "max_size"})


class Definitions:
    """The named things, lowered."""

    def __init__(self, program: Program, report: Report) -> None:
        self._report = report
        tables = program.tables
        self._entries = tables["settings"]
        lowered = {
            name: lower_setting(entry, report) for name, entry in self._entries.items()
        }
        self.settings = tuple(lowered.values())
        whole = {name for name, entry in self._entries.items() if is_whole(entry)}
        self._settings = {name: lowered[name] for name in lowered if name in whole}
        self.types = {name: item.type for name, item in self._settings.items()}
        tried = samples(self._settings.values())
        secrets = frozenset(item.name for item in self.settings if item.secret)
        self._secrets = secrets
        named = program.names["settings"]
        effort = Effort()
        self.at_start = Place({"settings": named}, samples=tried, effort=effort)
        self._in_urls = dataclasses.replace(self.at_start, chosen_by_file=True)
        shared: dict[str, frozenset[str] | None] = {
            "client": frozenset({"host"}),
            "headers": None,
            "query": None,
        }
        self.in_rules = dataclasses.replace(
            self.at_start, variables={"settings": named, **shared}
        )
        public = None if named is None else named - secrets
        answering = {"settings": public, **shared}
        self.in_answers = Place(answering, secrets, tried, effort=effort)
        self.in_errors = dataclasses.replace(
            self.in_answers, variables={"settings": public, "error": _ERROR_KEYS}
        )
        self.upstreams = tuple(
            self._upstream(item) for item in tables["upstreams"].values()
        )
        self._public = public_digests(self.settings)
        self.auth = {name: self._auth(entry) for name, entry in tables["auth"].items()}
        self.upstreams += jwks_upstreams(self.auth.values(), self._url, program)
        self.headers = {
            name: self._rules(entry) for name, entry in tables["headers"].items()
        }
        self.errors = {
            name: answers.error_table(entry, self.in_errors, report)
            for name, entry in tables["errors"].items()
        }
        self.stores = {
            name: rates.store(entry, self.at_start, self.by_default, report)
            for name, entry in tables["stores"].items()
        }
        self.errors.setdefault("openai", answers.openai())

    def _upstream(self, entry: Entry) -> Upstream:
        node = entry.node
        data = plain(node)
        resilience.check_places(node, entry.key, self._report)
        several = resilience.targets(node.get("targets"), self._url, self._report)
        source = several[0].url if several else self._url(node.get("url"))
        stated = {key: data[key] for key in _AS_STATED if key in data}
        if "idle_timeout" in data:
            stated["idle_timeout"] = units.duration(data["idle_timeout"])
        return Upstream(
            name=entry.name,
            url=source,
            timeout=timeout(node.get("timeout"), self._report) or Timeout(),
            **stated,
            concurrency=concurrency(node.get("concurrency"), self._report),
            circuit_breaker=circuit_breaker(node.get("circuit_breaker"), self._report),
            targets=several,
            balance=resilience.balance(node.get("balance"), self._in_rules),
            health=resilience.health(node.get("health"), self._report),
            outlier_detection=resilience.outliers(
                node.get("outlier_detection"), self._report
            ),
            retry=resilience.retry(node.get("retry"), self._report),
            at=entry.at,
        )

    def _in_rules(self, node: Node) -> str:
        return expressions.text(node, self.in_rules, self._report)

    def _url(self, node: Node | None) -> str:
        if not isinstance(node, Scalar):
            return ""
        source = expressions.text(node, self._in_urls, self._report)
        shown = self.by_default(source)
        wrong = "" if shown is None else urls.mistake(shown)
        if shown is not None and wrong:
            if "@" in shown or "?" in shown:
                self._report.hide(node.span)  # where passwords and keys stand
            message = f"{self.named(source, shown)} no URL of an upstream: it {wrong}"
            help_text = "write http://host:port or https://host"
            self._report.add("HX113", message, node.span.head, help=help_text)
        return source

    def by_default(self, source: str) -> str | None:
        """Return what a template over settings gives where nothing is set.

        None where one of its settings has to be set.
        """
        values = by_default(source, self._settings)
        return None if values is None else templates.decided(source, values)

    def named(self, source: str, shown: str) -> str:
        """Begin a message on what a template over settings gives where nothing is set."""
        if not shown.strip():
            return f"`{source}` is empty where nothing is set, and that is"
        read = {key for _, key in templates.names(source)}
        hidden = "@" in shown or "?" in shown or read & self._secrets
        if hidden or len(shown) > _SHOWN:
            return "what this gives is" if shown != source else "this is"
        if shown == source:
            return f"`{source}` is"
        return f"`{source}` is `{shown}` by default, which is"

    def _auth(self, entry: Entry) -> BearerAuth:
        return lower_auth(entry, self._key, self._text, self._public, self._report)

    def _text(self, node: Node) -> str:
        if not isinstance(node, Scalar):
            return ""
        return expressions.text(node, self.at_start, self._report)

    def _key(self, node: Node) -> str:
        """Lower the template of a key."""
        if isinstance(node, Hole):
            return ""
        source = expressions.text(node, self.at_start, self._report)
        shown_names = templates.shown_names(source)
        for root, name in templates.names(source):
            setting = self._settings.get(name or "") if root == "settings" else None
            if setting is None:
                continue
            place = expressions.find(
                self._report.lines, node.span, source, f"settings.{setting.name}"
            )
            if not setting.secret and (root, name) in shown_names:
                message = f"a key from setting `{setting.name}`, which is not secret"
                help_text = f"add `secret: true` to setting `{setting.name}`"
                defined = ((self._entries[setting.name].key.span, "defined here"),)
                self._report.add(
                    "HX320", message, place, help=help_text, related=defined
                )
            if setting.default is None and setting.optional:
                message = f"setting `{setting.name}` is optional, and a key is not"
                help_text = f"remove `optional` from setting `{setting.name}`"
                self._report.add("HX308", message, place, help=help_text)
                return source
        shown = self.by_default(source)
        if shown is not None and shown != source and not shown.strip():
            message = f"{self.named(source, shown)} no key"
            self._report.add(
                "HX308", message, node.span.head, help="remove the default"
            )
        return source

    def _rules(self, entry: Entry) -> HeaderRules:
        node = entry.node
        drop, keep = node.get("drop"), node.get("keep")
        if drop is not None and keep is not None:
            key = node.key("keep")
            assert key is not None
            message = "`keep` and `drop` exclude each other"
            self._report.add("HX107", message, key.span, help="remove one of them")
        check_forward(node.get("forward"), self.auth.values(), self._report)
        return HeaderRules(
            name=entry.name,
            drop=_names(drop),
            keep=None if keep is None else _names(keep),
            forward=_names(node.get("forward")),
            set=pairs(node.get("set"), self.in_rules, self._report),
            at=entry.at,
        )


def timeout(node: Node | None, report: Report) -> Timeout | None:
    """Lower a mapping of phases to durations."""
    if not isinstance(node, Mapping):
        return None
    seconds: dict[str, float] = {}
    for key, value in node.items:
        phase, length = str(key.value), units.duration(str(plain(value)))
        if length is None:
            continue
        if length < _LEAST and phase != "pool":
            message = f"no call ends in `{plain(value)}`"
            help_text = "write 1ms or more; leave it out for the default"
            report.add("HX109", message, value.span.head, help=help_text)
        seconds[phase] = length
    return Timeout(**seconds)


def _names(node: Node | None) -> tuple[str, ...]:
    listed = plain(node) if isinstance(node, Sequence) else ()
    return tuple(str(name).lower() for name in listed)
