"""Upstreams: where a program's calls go, how long they wait, and what they carry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from hxroute import units, urls
from hxroute.importing.conditions import Case, spelt
from hxroute.importing.draft import Block
from hxroute.importing.findings import Findings
from hxroute.importing.inside import text_of
from hxroute.importing.naming import Settings, identifier, unused
from hxroute.importing.templating import Templates
from hxroute.importing.values import Call, Incoming, Known, Op, Setting, Text, Value

__all__ = ["Target", "Upstreams"]

_PHASES: Final = ("connect", "read", "write", "pool", "total")
_DEFAULTS: Final = {"httpx": 5.0, "requests": None, "aiohttp": 300.0}
_ENDLESS: Final = "24h"
"""What stands for no timeout, which the language has not."""

_SUFFIX: Final = re.compile(
    r"_?(base_?url|api_?url|url|uri|base|host|endpoint|origin)$"
)


@dataclass(slots=True)
class Target:
    """A call in the draft's words: the upstream's name, and what is not as it came."""

    name: str
    line: int
    own: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Upstreams:
    """The upstreams of a draft, each once."""

    settings: Settings
    findings: Findings
    named: dict[str, tuple[str, dict[str, str], int]] = field(default_factory=dict)

    def block(self) -> Block:
        """Return the `upstreams` of the draft."""
        block = Block()
        for url, (name, timeout, line) in self.named.items():
            inner = Block()
            inner.put("url", url, line)
            inner.put("timeout", timeout)
            block.put(name, inner)
        return block

    def target(self, call: Call, case: Case) -> Target | None:
        """Return where a call goes; None where the upstream is not known."""
        base, path = self._split(call)
        if base is None:
            return None
        url, wish = base
        timeout = self._timeout(call)
        if url not in self.named:
            taken = [name for name, _, _ in self.named.values()]
            self.named[url] = unused(wish, taken), timeout, call.line
        name, usual, _ = self.named[url]
        target = Target(name, call.line)
        self._path(target, call, path, case)
        if timeout != usual:
            target.own["timeout"] = timeout
        follow = call.follow if call.follow is not None else call.client.follow
        if not isinstance(follow, Known) or follow.value:
            text = "redirects were followed; the gateway passes them to the client"
            self.findings.manual(call.line, text)
        return target

    def _split(self, call: Call) -> tuple[tuple[str, str] | None, list[Value]]:
        """Split a URL into what names the upstream, and the path behind it."""
        url = call.url
        parts: list[Value] = []
        if isinstance(url, Op) and url.name == "url":
            parts = [url.args[0], Op("query", (url.args[1],))]
        else:
            parts = list(url.parts) if isinstance(url, Text) else [url]
        head = text_of(parts[0]) if parts else None
        relative = head is not None and head.startswith("/")
        relative = relative or (bool(parts) and isinstance(parts[0], Incoming | Op))
        if call.client.base is not None and (relative or not parts):
            base = call.client.base
            inner = list(base.parts) if isinstance(base, Text) else [base]
            parts = [*inner, *parts]
        if not parts:
            return None, []
        return self._base(parts[0], call), self._rest(parts)

    def _base(self, first: Value, call: Call) -> tuple[str, str] | None:
        if isinstance(first, Setting):
            name = self.settings.as_url(first)
            self.findings.exact(first.line, f"the upstream's URL from {first.env[0]}")
            wish = identifier(_SUFFIX.sub("", name), "upstream")
            return f"{{{{ settings.{name} }}}}", wish
        text = text_of(first)
        try:
            url = urlsplit(text or "")
            base = f"{url.scheme}://{url.netloc}"
        except ValueError:
            return None
        if urls.mistake(base):
            return None
        self.findings.exact(call.line, f"the upstream {base}")
        return base, "upstream"

    @staticmethod
    def _rest(parts: list[Value]) -> list[Value]:
        text = text_of(parts[0])
        if text is None:
            return parts[1:]
        url = urlsplit(text)
        rest = text[len(f"{url.scheme}://{url.netloc}") :]
        return [Known(rest), *parts[1:]] if rest else parts[1:]

    def _path(self, target: Target, call: Call, parts: list[Value], case: Case) -> None:
        kept, query = _without_query(parts)
        templates = Templates(self.settings, case)
        source = templates.text(_joined_path(kept, case))
        if not kept:
            source = "/"
        same = Templates(self.settings, case).text(Text(_pattern_parts(case)))
        if source is None or not source.startswith("/"):
            text = "the path of this call is not understood; the request's own is used"
            self.findings.manual(call.line, text)
            target.own["todo"] = text
        elif source != same:
            target.own["path"] = source
            self.findings.exact(call.line, f"the path {source}")
        self._query(target, call, templates, passed=query)
        self._method(target, call, case, templates)

    def _query(
        self, target: Target, call: Call, templates: Templates, *, passed: bool
    ) -> None:
        params = call.params
        if passed or _is_query(params):
            return
        if params is None or params == Known(None):
            target.own["query"] = {}
            self.findings.exact(call.line, "the query does not go on")
            return
        found = templates.json(params)
        if isinstance(found, dict):
            target.own["query"] = {
                str(k): v if isinstance(v, str) else str(v) for k, v in found.items()
            }
            self.findings.exact(call.line, "a query of its own")
        else:
            text = "the query of this call is not understood; the request's goes on"
            self.findings.manual(call.line, text)

    def _method(
        self, target: Target, call: Call, case: Case, templates: Templates
    ) -> None:
        method = text_of(call.method)
        if method is not None and (method.upper(),) != case.methods:
            target.own["method"] = method.upper()
            self.findings.exact(call.line, f"the method is {method.upper()}")
        elif method is None and call.method != Incoming("method"):
            text = "the method of this call is not understood; the request's is used"
            self.findings.manual(call.line, text)

    def _timeout(self, call: Call) -> dict[str, str]:
        given = call.timeout if call.timeout is not None else call.client.timeout
        default = _DEFAULTS.get(call.client.library)
        if given is None:
            seconds: dict[str, Any] = dict.fromkeys(_PHASES[:4], default)
            text = f"{call.client.library}'s own timeout: {_spelt(default)}"
            self.findings.exact(call.client.line, text)
        else:
            seconds = self._stated(given, call, default)
            shown = ", ".join(f"{k} {_spelt(v)}" for k, v in seconds.items())
            self.findings.exact(
                call.client.line if call.timeout is None else call.line,
                f"timeout: {shown}",
            )
        return {phase: _spelt(value) for phase, value in seconds.items()}

    def _stated(
        self, given: Value, call: Call, default: float | None
    ) -> dict[str, Any]:
        if not (isinstance(given, Op) and given.name == "timeout"):
            return dict.fromkeys(_PHASES[:4], self._seconds(given, call))
        seconds: dict[str, Any] = {}
        for phase, value in zip(_PHASES, given.args, strict=True):
            if value != Op("absent", ()):
                seconds[phase] = self._seconds(value, call)
            elif phase != "total":
                seconds[phase] = default
        return seconds

    def _seconds(self, value: Value, call: Call) -> float | None:
        if isinstance(value, Known):
            number = value.value
            if isinstance(number, int | float) and not isinstance(number, bool):
                return float(number)
            if number is None:
                return None
        if isinstance(value, Setting):
            text = f"a timeout cannot be a setting: {value.env[0]} is not read"
            self.findings.approximate(value.line, text)
            try:
                return float(str(value.default))
            except ValueError:
                return 60.0
        text = "this timeout is not understood; 60 s stand for it"
        self.findings.manual(call.line, text)
        return 60.0


def _spelt(seconds: float | None) -> str:
    if seconds is None or not 0 <= seconds <= 86400:
        return _ENDLESS
    return units.written_duration(max(round(seconds, 3), 0.001))


def _is_query(value: Value | None) -> bool:
    if isinstance(value, Op) and value.name in ("items", "either", "query"):
        return any(_is_query(arg) for arg in value.args)
    found = getattr(value, "origin", value)
    return isinstance(found, Incoming) and found.what in ("query", "query_text")


def _without_query(parts: list[Value]) -> tuple[list[Value], bool]:
    """Return the path of a URL, and whether the request's query is behind it."""
    kept: list[Value] = []
    for part in parts:
        if _is_query(part):
            text = text_of(kept[-1]) if kept else None
            if text is not None and text.endswith("?"):
                kept[-1] = Known(text[:-1])
            return [item for item in kept if item != Known("")], True
        if isinstance(part, Op) and part.name == "either":
            texts = [x for x in part.args if _holds_query(x)]
            if texts:
                return kept, True
        kept.append(part)
    return kept, False


def _holds_query(value: Value) -> bool:
    parts = value.parts if isinstance(value, Text) else (value,)
    return any(_is_query(part) for part in parts)


def _joined_path(parts: list[Value], case: Case) -> Value:
    found: list[Value] = []
    for part in parts:
        if isinstance(part, Incoming) and part.what == "url_path":
            found += _pattern_parts(case)
        elif isinstance(part, Op) and part.name == "replace":
            text = spelt(part, case)
            found += [part] if text is None else _pieces(text, case)
        else:
            found.append(part)
    return Text(tuple(found))


def _pattern_parts(case: Case) -> tuple[Value, ...]:
    """Return the pattern of a case as a text with parameters."""
    return tuple(_pieces(re.sub(r":path\}", "}", case.path), case))


def _pieces(text: str, case: Case) -> list[Value]:
    found: list[Value] = []
    for place, piece in enumerate(re.split(r"\{([a-z_][a-z0-9_]*)\}", text)):
        if place % 2:
            found.append(Incoming("raw_path", piece))
        elif piece:
            found.append(Known(piece))
    return found
