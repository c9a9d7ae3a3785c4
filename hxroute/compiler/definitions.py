"""Lower the named things of a file: settings, upstreams, keys, header rules, errors."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from hxroute import units
from hxroute.compiler import answers, expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.fields import pairs
from hxroute.compiler.resolve import Entry, Program
from hxroute.compiler.source import Mapping, Node, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.ir import (
    CONTROL,
    BearerAuth,
    HeaderRules,
    Setting,
    Timeout,
    Upstream,
)

__all__ = ["Definitions", "timeout"]

_URL: Final = re.compile(r"https?://[^/?#@\s\\]+(/[^?#\s]*)?", re.IGNORECASE)
_ERROR_KEYS: Final = frozenset({"kind", "status", "detail", "max_size"})
_DEFAULT_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "size": (int, str),
    "duration": (str,),
}


class Definitions:
    """The named things, lowered."""

    def __init__(self, program: Program, report: Report) -> None:
        self._report = report
        tables = program.tables
        settings = {n: self._setting(entry) for n, entry in tables["settings"].items()}
        self.settings = tuple(settings.values())
        self.secrets = frozenset(name for name, item in settings.items() if item.secret)
        self.types = {name: item.type for name, item in settings.items()}
        self.at_start = Place({"settings": frozenset(settings)})
        shared: dict[str, frozenset[str] | None] = {
            "client": frozenset({"host"}),
            "headers": None,
            "query": None,
        }
        self.in_rules = Place({**self.at_start.variables, **shared})
        public = frozenset(settings) - self.secrets
        self.in_answers = Place({"settings": public, **shared}, self.secrets)
        in_errors = Place({"settings": public, "error": _ERROR_KEYS}, self.secrets)
        self.upstreams = tuple(
            self._upstream(item) for item in tables["upstreams"].values()
        )
        self.auth = {name: self._auth(entry) for name, entry in tables["auth"].items()}
        self.headers = {
            name: self._rules(entry) for name, entry in tables["headers"].items()
        }
        self.errors = {
            name: answers.error_table(entry, in_errors, report)
            for name, entry in tables["errors"].items()
        }
        self.errors.setdefault("openai", answers.openai())

    def _setting(self, entry: Entry) -> Setting:
        name, node = entry.name, entry.node
        data = plain(node)
        env, file = data.get("env", []), data.get("file")
        if not env and file is None and "default" not in data:
            message = f"setting `{name}` comes from nowhere"
            self._report.add(
                "HX107", message, node.span.head, help="add `env: NAME` or `file: PATH`"
            )
        setting = Setting(
            name=entry.name,
            env=(env,) if isinstance(env, str) else tuple(env),
            file=file,
            type=data.get("type", "string"),
            default=data.get("default"),
            optional=data.get("optional", False),
            secret=data.get("secret", False),
            at=entry.at,
        )
        self._check_default(setting, node)
        return setting

    def _check_default(self, setting: Setting, node: Mapping) -> None:
        default = node.get("default")
        if default is None:
            return
        value, wanted = setting.default, _DEFAULT_TYPES[setting.type]
        fits = type(value) in wanted
        if fits and isinstance(value, str) and setting.type == "size":
            fits = units.size(value) is not None
        elif fits and isinstance(value, str) and setting.type == "duration":
            fits = units.duration(value) is not None
        elif fits and isinstance(value, int) and setting.type == "size":
            fits = value >= 0
        elif fits and isinstance(value, str) and setting.type == "string":
            fits = not CONTROL.search(value)
        if not fits:
            message = f"`{value}` is no {setting.type}"
            self._report.add("HX307", message, default.span.head)
        elif setting.secret:
            message = (
                f"the secret `{setting.name}` has a default, which everyone can read"
            )
            help_text = "hxroute run serves it on loopback only"
            self._report.add("HX312", message, default.span.head, help=help_text)

    def _upstream(self, entry: Entry) -> Upstream:
        node = entry.node
        url = node.get("url")
        assert url is not None
        data = plain(node)
        source = expressions.text(url, self.at_start, self._report)
        if "{{" not in source and not _is_url(source):
            message = f"`{source}` is no URL of an upstream"
            help_text = "write http://host:port or https://host"
            self._report.add("HX105", message, url.span, help=help_text)
        idle = units.duration(data.get("idle_timeout", "3s"))
        assert idle is not None
        return Upstream(
            name=entry.name,
            url=source,
            timeout=timeout(node.get("timeout")) or Timeout(),
            max_connections=data.get("max_connections", 1000),
            idle_timeout=idle,
            at=entry.at,
        )

    def _auth(self, entry: Entry) -> BearerAuth:
        keys = entry.node.get("bearer")
        assert isinstance(keys, Sequence)
        sources = [
            expressions.text(key, self.at_start, self._report) for key in keys.items
        ]
        return BearerAuth(name=entry.name, keys=tuple(sources), at=entry.at)

    def _rules(self, entry: Entry) -> HeaderRules:
        node = entry.node
        drop, keep = node.get("drop"), node.get("keep")
        if drop is not None and keep is not None:
            key = node.key("keep")
            assert key is not None
            message = "`keep` and `drop` exclude each other"
            self._report.add("HX107", message, key.span, help="remove one of them")
        return HeaderRules(
            name=entry.name,
            drop=_names(drop),
            keep=None if keep is None else _names(keep),
            set=pairs(node.get("set"), self.in_rules, self._report),
            at=entry.at,
        )


def timeout(node: Node | None) -> Timeout | None:
    """Lower a mapping of phases to durations."""
    if not isinstance(node, Mapping):
        return None
    seconds = {
        str(key.value): units.duration(str(plain(value))) for key, value in node.items
    }
    return Timeout(
        **{phase: value for phase, value in seconds.items() if value is not None}
    )


def _is_url(text: str) -> bool:
    try:
        port = urlsplit(text).port
    except ValueError:
        return False
    return _URL.fullmatch(text) is not None and port != 0


def _names(node: Node | None) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in plain(node)) if node is not None else ()
