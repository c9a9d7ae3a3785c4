"""Lower the named things of a file: settings, upstreams, keys, header rules, errors."""

from __future__ import annotations

import re
from typing import Any, Final

from hxroute import rules, units
from hxroute.compiler import expressions
from hxroute.compiler.expressions import Place
from hxroute.compiler.resolve import Entry, Program
from hxroute.compiler.source import Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.ir import (
    BearerAuth,
    ErrorAnswer,
    ErrorTable,
    HeaderRules,
    Setting,
    StatusRule,
    Timeout,
    Upstream,
)
from hxroute.span import Span

__all__ = ["Definitions", "pairs", "timeout"]

_MADE_ANEW: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "expect"}
)
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
        self.in_errors = Place({"settings": public, "error": _ERROR_KEYS}, self.secrets)
        self.upstreams = tuple(
            self._upstream(item) for item in tables["upstreams"].values()
        )
        self.auth = {name: self._auth(entry) for name, entry in tables["auth"].items()}
        self.headers = {
            name: self._rules(entry) for name, entry in tables["headers"].items()
        }
        self.errors = {
            name: self._errors(entry) for name, entry in tables["errors"].items()
        }
        self.errors.setdefault("openai", _openai())

    def _setting(self, entry: Entry) -> Setting:
        name, node = entry.name, entry.node
        data = plain(node)
        env, file = data.get("env", []), data.get("file")
        if not env and file is None and "default" not in data:
            where = node.span if node.span.line == node.span.end_line else _line(node)
            message = f"setting `{name}` comes from nowhere"
            self._report.error(
                "HX107", message, where, help="add `env: NAME` or `file: PATH`"
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
        if not fits:
            message = f"`{value}` is no {setting.type}"
            self._report.error("HX307", message, default.span)

    def _upstream(self, entry: Entry) -> Upstream:
        node = entry.node
        url = node.get("url")
        assert url is not None
        data = plain(node)
        source = expressions.text(url, self.at_start, self._report)
        if "{{" not in source and not _URL.fullmatch(source):
            message = f"`{source}` is no URL of an upstream"
            help_text = "write http://host:port or https://host"
            self._report.error("HX105", message, url.span, help=help_text)
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
            self._report.error("HX107", message, key.span, help="remove one of them")
        return HeaderRules(
            name=entry.name,
            drop=_names(drop),
            keep=None if keep is None else _names(keep),
            set=pairs(node.get("set"), self.in_rules, self._report),
            at=entry.at,
        )

    def _errors(self, entry: Entry) -> ErrorTable:
        node = entry.node
        answers = [
            ErrorAnswer(kind=str(key.value), **self._answer(value), at=key.span.line)
            for key, value in node.items
            if isinstance(value, Mapping)
        ]
        statuses = node.get("upstream_status")
        listed = statuses.items if isinstance(statuses, Sequence) else ()
        found = [
            self._status_rule(item) for item in listed if isinstance(item, Mapping)
        ]
        return ErrorTable(entry.name, tuple(answers), tuple(found), at=entry.at)

    def _status_rule(self, node: Mapping) -> StatusRule:
        data = plain(node)
        match = data["match"] if isinstance(data["match"], list) else [data["match"]]
        return StatusRule(
            match=tuple(str(item) for item in match),
            unless=data.get("unless"),
            **self._answer(node),
            at=node.span.line,
        )

    def _answer(self, node: Mapping) -> dict[str, Any]:
        return answer(node, self.in_errors, self._report)


def answer(node: Mapping, place: Place, report: Report) -> dict[str, Any]:
    """Lower `status`, `headers` and one of `json` and `text`."""
    json_node, text_node = node.get("json"), node.get("text")
    if json_node is not None and text_node is not None:
        key = node.key("text")
        assert key is not None
        message = "`json` and `text` exclude each other"
        report.error("HX107", message, key.span, help="remove one of them")
    status = node.get("status")
    json_text = (
        None if json_node is None else expressions.document(json_node, place, report)
    )
    return {
        "status": status.value if isinstance(status, Scalar) else None,
        "headers": _literal_pairs(node.get("headers"), report),
        "json": json_text,
        "text": None
        if text_node is None
        else expressions.text(text_node, place, report),
    }


def pairs(
    node: Node | None, place: Place, report: Report
) -> tuple[tuple[str, str], ...]:
    """Lower a mapping of header names to templates."""
    found: list[tuple[str, str]] = []
    for key, value in node.items if isinstance(node, Mapping) else ():
        name = str(key.value).lower()
        source = expressions.text(value, place, report)
        if name in (taken for taken, _ in found):
            report.error("HX002", f"header `{name}` appears twice", key.span)
        if name in _MADE_ANEW:
            report.error("HX311", f"`{name}` is made anew for each hop", key.span)
        if rules.FIELD_VALUE_REFUSED.search(source.encode(errors="surrogateescape")):
            message = "a header value holds no line break and no control character"
            report.error("HX306", message, _line(value))
        found.append((name, source))
    return tuple(found)


def _literal_pairs(node: Node | None, report: Report) -> tuple[tuple[str, str], ...]:
    for _, value in node.items if isinstance(node, Mapping) else ():
        if "{{" in str(plain(value)):
            message = "the headers of an answer are no templates"
            report.error("HX303", message, _line(value))
            return ()
    return pairs(node, Place({}), report)


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


def _names(node: Node | None) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in plain(node)) if node is not None else ()


def _line(node: Node) -> Span:
    span = node.span
    if span.line == span.end_line:
        return span
    return Span(span.line, span.column, span.line, span.column + 1)


def _openai() -> ErrorTable:
    """Answer as OpenAI's API does."""

    def error(
        kind: str, type: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> ErrorAnswer:
        body = (
            '{"error":{"message":"{{ error.detail }}","type":"%s","param":null,'
            '"code":"{{ error.kind }}"}}'
        )
        return ErrorAnswer(kind=kind, headers=headers, json=body % type)

    challenge = (("www-authenticate", "Bearer"),)
    return ErrorTable(
        "openai",
        (
            error("bad_request", "invalid_request_error"),
            error("unauthorized", "authentication_error", challenge),
            error("not_found", "invalid_request_error"),
            error("method_not_allowed", "invalid_request_error"),
            error("payload_too_large", "invalid_request_error"),
            error("internal", "server_error"),
            error("unreachable", "server_error"),
            error("overloaded", "server_error"),
            error("timeout", "server_error"),
        ),
    )
