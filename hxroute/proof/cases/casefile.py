"""The user's own cases: `cases.yaml`, read with every mistake in its place.

A text of the file goes over the wire as its UTF-8 bytes, each as one character of
latin-1, as the messages of a corpus have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hxroute import jsontext
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report, nearest
from hxroute.errors import InvalidJson
from hxroute.proof.cases.places import wire
from hxroute.proof.cases.replies import answer
from hxroute.proof.documents import document
from hxroute.proof.exchange import DEFAULT, REFUSED, Case
from hxroute.proof.messages import Header, Headers, Request, unchunked, values
from hxroute.rules import FIELD_VALUE_REFUSED
from hxroute.sandbox.scripted import OK, Script, Step
from hxroute.span import Span

__all__ = ["SCHEMA", "CaseFile", "read"]

SCHEMA: Final = "cases"

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_ANSWERS: Final = ("upstream", "script", "refused")
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "x-api-key", "api-key"})
"""Fields whose values a report does not show."""

_MOST: Final = 1 << 28
"""Bytes of the longest body that is sent or answered."""

_LENGTHLESS: Final = (204, 304)
"""Statuses of which an answer has no body (RFC 9110 section 8.6)."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a file, none where its report has errors.

    `environments` are those that it defines, `lines` the lines of its cases by name.
    """

    cases: tuple[Case, ...]
    environments: dict[str, dict[str, str]]
    lines: dict[str, int]
    report: Report

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.report.file


def read(path: Path) -> CaseFile:
    """Read a file of cases.

    Raises:
        StartError: where it cannot be read.
    """
    found, report = document(path, SCHEMA)
    if found is None:
        return CaseFile((), {}, {}, report)
    reader = _Reader(report, found)
    cases = tuple(reader.cases())
    if report.failed:
        cases = ()
    return CaseFile(cases, reader.environments, reader.lines(), report)


class _Reader:
    """Goes through a file; whatever the schema has refused is a hole, and passed over."""

    def __init__(self, report: Report, root: Mapping) -> None:
        self._report = report
        self._root = root
        self._names: dict[str, Span] = {}
        self.environments = self._environments()

    def lines(self) -> dict[str, int]:
        """Return the line of each case."""
        return {name: span.line for name, span in self._names.items()}

    def cases(self) -> Iterator[Case]:
        """Yield the cases, in the order of the file."""
        found = self._root.get("cases")
        for node in found.items if isinstance(found, Sequence) else ():
            if isinstance(node, Mapping):
                name, request = _text(node, "name"), node.get("request")
                self._check_name(node, name)
                self._exclude(node, _ANSWERS)
                sent = self._request(request) if isinstance(request, Mapping) else None
                head = sent is not None and sent.method == "HEAD"
                script = self._script(node, head=head)
                if sent is not None:
                    yield Case(name, sent, script, self._environment(node))

    def _environments(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for key, node in _items(self._root.get("environments")):
            found[str(key.value)] = {
                str(name.value): value.value
                for name, value in _items(node)
                if isinstance(value, Scalar) and isinstance(value.value, str)
            }
            for _, value in _items(node):
                self._report.hide(value.span)
        return found

    def _check_name(self, node: Mapping, name: str) -> None:
        value = node.get("name")
        if not name or value is None:
            return
        first = self._names.setdefault(name, value.span)
        if first is not value.span:
            message = f"a case `{name}` is there already"
            help_text = "give it a name of its own"
            related = ((first, "first defined here"),)
            self._report.add(
                "HX205", message, value.span, help=help_text, related=related
            )

    def _environment(self, node: Mapping) -> str:
        name, value = _text(node, "environment") or DEFAULT, node.get("environment")
        if isinstance(value, Scalar) and name not in (DEFAULT, *self.environments):
            near = nearest(name, (DEFAULT, *self.environments))
            guesses = (f"did you mean `{known}`?" for known in near)
            help_text = next(guesses, "define it in `environments`")
            message = f"there is no environment `{name}`"
            self._report.add("HX104", message, value.span, help=help_text)
        return name

    def _exclude(self, node: Mapping, names: tuple[str, ...]) -> None:
        """Report keys of which there may be one."""
        keys = [key for name in names if (key := node.key(name)) is not None]
        for key in keys[1:]:
            message = f"`{keys[0].value}` and `{key.value}` exclude each other"
            self._report.add("HX107", message, key.span, help="remove one of them")

    def _request(self, node: Mapping) -> Request:
        headers, body = self._content(node)
        request = Request(
            _text(node, "method"),
            wire(_text(node, "target")),
            headers,
            body,
            _number(node, "repeat", 1),
        )
        self._check_size(node, request.body, request.repeat)
        if values(headers, "transfer-encoding"):
            self._check_chunks(node, request)
        return request

    def _content(self, node: Mapping) -> tuple[Headers, str]:
        """Return the fields and the body of a request or an answer."""
        self._exclude(node, ("body", "json"))
        headers, stated = tuple(self._headers(node.get("headers"))), node.get("json")
        if stated is None or isinstance(stated, Hole):
            return headers, wire(_text(node, "body"))
        if not values(headers, "content-type"):
            headers = (("Content-Type", "application/json"), *headers)
        try:
            return headers, jsontext.encode(plain(stated)).decode("latin-1")
        except InvalidJson as exc:
            self._report.add("HX105", f"`json` is {exc.detail}", stated.span.head)
            return headers, ""

    def _headers(self, node: Node | None) -> Iterator[Header]:
        pairs: list[tuple[Node, Node]] = list(_items(node))
        for item in node.items if isinstance(node, Sequence) else ():
            if isinstance(item, Sequence) and len(item.items) == 2:
                pairs += [(item.items[0], item.items[1])]
        for name, value in pairs:
            if isinstance(name, Scalar) and isinstance(value, Scalar):
                yield from self._field(name, value)

    def _field(self, name: Scalar, value: Scalar) -> Iterator[Header]:
        text, shown = wire(str(value.value)), wire(str(name.value))
        if FIELD_VALUE_REFUSED.search(text.encode("latin-1")):
            message = "a header value holds no line break and no control character"
            help_text = "write it on one line; a script writes what it likes"
            self._report.add("HX306", message, value.span.head, help=help_text)
        elif not _NAME.fullmatch(shown):
            message = f"`{name.value}` is no header name"
            self._report.add(
                "HX112", message, name.span.head, help="for example `X-Team`"
            )
        else:
            if shown.lower() in _CREDENTIALS:
                self._report.hide(value.span)
            yield shown, text

    def _check_size(self, node: Mapping, body: str, repeat: int) -> None:
        value = node.get("repeat")
        if value is not None and len(body) * repeat > _MOST:
            message = f"the body would have more than {_MOST} bytes"
            self._report.add("HX106", message, value.span, help="repeat it less often")

    def _check_chunks(self, node: Mapping, request: Request) -> None:
        try:
            unchunked(request.sent)
        except ValueError:
            place = node.key("body") or node.key("json") or node.key("headers")
            span = place.span if place is not None else node.span.head
            message = (
                "with Transfer-Encoding the body holds the chunks, to the last one"
            )
            help_text = 'for example `"5\\r\\nhello\\r\\n0\\r\\n\\r\\n"`'
            self._report.add("HX105", message, span, help=help_text)

    def _script(self, node: Mapping, *, head: bool) -> Script:
        """Return what the upstream does."""
        upstream, steps = node.get("upstream"), node.get("script")
        if isinstance(upstream, Mapping):
            return self._answer(upstream, head=head)
        if isinstance(steps, Sequence):
            return tuple(step for item in steps.items for step in self._step(item))
        if node.get("refused") is not None:
            return REFUSED
        return (OK[0],) if head else OK

    def _answer(self, node: Mapping, *, head: bool) -> Script:
        """Return the script of an answer; to HEAD it has no body."""
        status, repeat = _number(node, "status", 200), _number(node, "repeat", 1)
        headers, body = self._content(node)
        self._check_size(node, body, repeat)
        framed = values(headers, "content-length") or values(
            headers, "transfer-encoding"
        )
        if not framed and status not in _LENGTHLESS:
            headers = (*headers, ("Content-Length", str(len(body) * repeat)))
        steps: list[Step] = []
        if body and not head and status not in _LENGTHLESS:
            steps = [body if repeat == 1 else {"repeat": [body, repeat]}]
        delay = node.get("delay")
        if isinstance(delay, Scalar) and delay.value:
            steps = [{"sleep": delay.value}, *answer(status, headers), *steps]
        else:
            steps = [*answer(status, headers), *steps]
        close = node.get("close")
        closes = isinstance(close, Scalar) and close.value is True
        return (*steps, {"close": True}) if closes else tuple(steps)

    def _step(self, node: Node) -> Iterator[Step]:
        if isinstance(node, Scalar):
            yield wire(str(node.value))
        elif isinstance(node, Mapping):
            if len(node.items) > 1:
                self._exclude(node, tuple(str(key.value) for key, _ in node.items))
            elif not isinstance(node.items[0][1], Hole):
                yield from self._action(node, plain(node))

    def _action(self, node: Mapping, step: dict[str, Any]) -> Iterator[Step]:
        match step:
            case {"repeat": [str(text), int(times)]} if times >= 0:
                self._check_repeat(node, text, times)
                yield {"repeat": [wire(text), times]}
            case {"repeat": _}:
                message = "`repeat` is a text and how often it is written"
                help_text = 'for example `["x", 1000]`'
                self._report.add("HX105", message, node.span.head, help=help_text)
            case _:
                yield step

    def _check_repeat(self, node: Mapping, text: str, times: int) -> None:
        if len(wire(text)) * times > _MOST:
            message = f"the step would write more than {_MOST} bytes"
            self._report.add(
                "HX106", message, node.span.head, help="repeat it less often"
            )


def _items(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    return node.items if isinstance(node, Mapping) else ()


def _text(node: Mapping, name: str) -> str:
    """Return a text, an empty one where there is none."""
    found = node.get(name)
    value = found.value if isinstance(found, Scalar) else None
    return value if isinstance(value, str) else ""


def _number(node: Mapping, name: str, otherwise: int) -> int:
    found = node.get(name)
    value = found.value if isinstance(found, Scalar) else None
    return value if isinstance(value, int) else otherwise
