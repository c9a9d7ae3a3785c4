r"""An exchange as a file that people read and compare: `NAME.http`.

    case: chat-ok
    environment: default

    --- client sends
    POST /v1/chat/completions
    Authorization: Bearer sk-hx-dev-default

    {"model":"hx-chat"}

    --- upstream answers
    HTTP/1.1 200 OK
    content-length: 2

    {}

    --- upstream saw
    POST /v1/chat/completions

    {"model":"hx-chat"}

    --- client got
    HTTP/1.1 200
    content-length: 2

    {}

What is sent and scripted is exact: fields in their order, and what a request needs
besides (`Host`, `Content-Length`, `Connection: close`) goes without saying. What was
seen and got is what gateways are compared by: fields sorted, in lower case. A line end
of a head is CRLF, one of a body LF; any byte that is no visible UTF-8 is `\xNN`. What
is read is what was written: `parsed(rendered(exchange)) == exchange`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from hxroute.proof.escapes import escaped, unescaped
from hxroute.proof.exchange import Case, Exchange, Facts
from hxroute.proof.messages import Headers, Request
from hxroute.sandbox.scripted import Step

__all__ = ["parsed", "rendered"]

_MARK: Final = "--- "
_SENDS: Final = "client sends"
_SAW_NOTHING: Final = "upstream saw nothing"
_GOT: Final = "client got"
_CUT: Final = "client got, cut short"
_TRAILERS: Final = "client got trailers"
_FAILED: Final = "client got no answer"
_BESIDES: Final = "besides"
"""What of the facts has no place in a message, line by line."""

_PLACED: Final = re.compile(
    r"start\.error|client\.(?:status|body|complete|failure|(?:headers|trailers)\..*)"
    r"|upstream\.(?:requests|(?:[0-9]+\.)?(?:name|method|target|body|headers\..*))",
    re.DOTALL,
)
_NOT_STARTED: Final = "gateway did not start"
_PROTOCOL: Final = "HTTP/1.1 "

_TIMES: Final = re.compile(r"(.+) ([0-9]+) times")
_WAITS: Final = re.compile(r"upstream waits ([0-9.e+-]+) s")
_SAW: Final = re.compile(r"upstream (?:(.+) )?saw")

_FACTS: Final = re.compile(
    "upstream (.+ )?saw|"
    f"{_SAW_NOTHING}|{_GOT}|{_CUT}|{_TRAILERS}|{_BESIDES}|{_FAILED}|{_NOT_STARTED}"
)
"""The titles of what became of a case; what else stands there is a step."""

_BARE: Final[dict[str, Step]] = {
    "upstream resets": {"reset": True},
    "upstream closes": {"close": True},
    "upstream refuses": {"refuse": True},
}
"""The steps of a script that have nothing to show."""


def rendered(exchange: Exchange) -> str:
    """Write an exchange."""
    case = exchange.case
    head = f"case: {case.name}\nenvironment: {case.environment}"
    sections = [*_client(case.request), *_script(case), *_facts(exchange.facts)]
    return "\n\n".join([head, *(_section(*item) for item in sections)]) + "\n"


def parsed(text: str) -> Exchange:
    """Read an exchange.

    Raises:
        ValueError: where the text is none.
    """
    head, *parts = re.split(r"\n\n(?=--- )", text.removesuffix("\n"))
    named = dict(line.partition(": ")[::2] for line in head.split("\n"))
    sections = [_taken_apart(part) for part in parts]
    (title, sent), *rest = sections
    request = _request(title, sent)
    steps = [_step(*item) for item in rest if not _FACTS.fullmatch(item[0])]
    case = Case(named["case"], request, tuple(steps), named["environment"])
    return Exchange(case, _read_facts(rest))


def _section(title: str, content: str) -> str:
    """Write a section; no line of it looks as a title, or ends in a blank."""
    lines = [
        re.sub(r" $", r"\\x20", re.sub(r"^---", r"\\x2d--", line))
        for line in content.split("\n")
    ]
    return "\n".join([f"{_MARK}{title}", *lines]) if content else f"{_MARK}{title}"


def _taken_apart(part: str) -> tuple[str, str]:
    title, _, content = part.partition("\n")
    return title.removeprefix(_MARK), content


def _client(request: Request) -> Iterator[tuple[str, str]]:
    title = _SENDS if request.repeat == 1 else f"{_SENDS}, body {request.repeat} times"
    start = f"{request.method} {request.target}"
    yield title, _message(start, request.headers, request.body)


def _request(title: str, content: str) -> Request:
    times = _TIMES.fullmatch(title)
    if (times[1] if times else title) not in (_SENDS, f"{_SENDS}, body"):
        raise ValueError("a request comes first")
    start, headers, body = _read_message(content)
    method, _, target = start.partition(" ")
    return Request(method, target, headers, body, int(times[2]) if times else 1)


def _script(case: Case) -> Iterator[tuple[str, str]]:
    for step in case.script:
        match step:
            case str(text) if text.startswith("HTTP/") and "\r\n\r\n" in text:
                head, _, body = text.partition("\r\n\r\n")
                lines = (_line(line) for line in head.split("\r\n"))
                yield "upstream answers", "\n".join(lines) + f"\n\n{escaped(body)}"
            case str(text):
                yield "upstream writes", escaped(text)
            case {"repeat": [str(text), int(times)]}:
                yield f"upstream writes {times} times", escaped(text)
            case {"sleep": seconds}:
                yield f"upstream waits {_number(seconds)} s", ""
            case _:
                yield next(title for title in _BARE if _BARE[title] == step), ""


def _number(seconds: float) -> str:
    short = f"{seconds:g}"
    return short if float(short) == seconds else repr(seconds)


def _step(title: str, content: str) -> Step:
    """Read a step of a script.

    Raises:
        KeyError: where it is none.
    """
    times = _TIMES.fullmatch(title)
    waits = _WAITS.fullmatch(title)
    if title == "upstream answers":
        head, _, body = content.partition("\n\n")
        lines = [unescaped(line) for line in head.split("\n")]
        return "\r\n".join([*lines, "", unescaped(body)])
    if title == "upstream writes":
        return unescaped(content)
    if times and times[1] == "upstream writes":
        return {"repeat": [unescaped(content), int(times[2])]}
    return {"sleep": float(waits[1])} if waits else _BARE[title]


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    if "start.error" in facts:
        yield _NOT_STARTED, escaped(facts["start.error"][0])
        return
    if "upstream.requests" not in facts:
        return
    count = int(facts["upstream.requests"][0])
    if not count:
        yield _SAW_NOTHING, ""
    for prefix in ("upstream.", *(f"upstream.{n}." for n in range(2, count + 1)))[
        :count
    ]:
        name = facts.get(f"{prefix}name")
        start = f"{_one(facts, prefix, 'method')} {_one(facts, prefix, 'target')}"
        title = f"upstream {name[0]} saw" if name else "upstream saw"
        body = _one(facts, prefix, "body")
        yield title, _message(start, _named(facts, f"{prefix}headers."), body)
    yield from _got(facts)
    others = [name for name in sorted(facts) if not _PLACED.fullmatch(name)]
    if others:
        yield _BESIDES, _fields(tuple((n, value) for n in others for value in facts[n]))


def _got(facts: Facts) -> Iterator[tuple[str, str]]:
    if "client.failure" in facts:
        yield _FAILED, escaped(facts["client.failure"][0])
        return
    start = f"{_PROTOCOL}{_one(facts, 'client.', 'status')}"
    headers = _named(facts, "client.headers.")
    title = _GOT if _one(facts, "client.", "complete") == "true" else _CUT
    yield title, _message(start, headers, _one(facts, "client.", "body"))
    trailers = _named(facts, "client.trailers.")
    if trailers:
        yield _TRAILERS, _fields(trailers)


def _read_facts(sections: list[tuple[str, str]]) -> Facts:
    facts: Facts = {}
    count: int | None = None
    for title, content in sections:
        saw = _SAW.fullmatch(title)
        if saw:
            count = (count or 0) + 1
            prefix = "upstream." if count == 1 else f"upstream.{count}."
            facts |= {f"{prefix}name": (saw[1],)} if saw[1] else {}
            facts |= _read_seen(prefix, content)
        elif title == _SAW_NOTHING:
            count = 0
        else:
            facts |= _read_got(title, content)
    return facts if count is None else facts | {"upstream.requests": (str(count),)}


def _read_seen(prefix: str, content: str) -> Facts:
    start, headers, body = _read_message(content)
    method, _, target = start.partition(" ")
    facts: dict[str, Any] = {f"{prefix}method": (method,), f"{prefix}target": (target,)}
    return facts | _grouped(f"{prefix}headers.", headers) | {f"{prefix}body": (body,)}


def _read_got(title: str, content: str) -> Facts:
    if title in (_GOT, _CUT):
        start, headers, body = _read_message(content)
        return {
            "client.status": (start.removeprefix(_PROTOCOL),),
            **_grouped("client.headers.", headers),
            "client.body": (body,),
            "client.complete": ("true" if title == _GOT else "false",),
        }
    if title == _TRAILERS:
        return _grouped("client.trailers.", _read_fields(content))
    if title == _BESIDES:
        return _grouped("", _read_fields(content))
    texts = {_FAILED: "client.failure", _NOT_STARTED: "start.error"}
    return {texts[title]: (unescaped(content),)} if title in texts else {}


def _message(start: str, headers: Headers, body: str) -> str:
    head = "\n".join([_line(start), *([_fields(headers)] if headers else [])])
    return f"{head}\n\n{escaped(body)}" if body else head


def _read_message(content: str) -> tuple[str, Headers, str]:
    head, _, body = content.partition("\n\n")
    start, _, fields = head.partition("\n")
    return unescaped(start), _read_fields(fields), unescaped(body)


def _fields(headers: Headers) -> str:
    return "\n".join(_line(f"{name}: {value}") for name, value in headers)


def _read_fields(text: str) -> Headers:
    lines = [unescaped(line) for line in text.split("\n")] if text else []
    return tuple((name, value) for name, _, value in (n.partition(": ") for n in lines))


def _line(text: str) -> str:
    return escaped(text).replace("\n", "\\x0a")


def _named(facts: Facts, prefix: str) -> Headers:
    names = sorted(name for name in facts if name.startswith(prefix))
    return tuple((n.removeprefix(prefix), value) for n in names for value in facts[n])


def _grouped(prefix: str, headers: Headers) -> Facts:
    facts: Facts = {}
    for name, value in headers:
        facts[prefix + name] = (*facts.get(prefix + name, ()), value)
    return facts


def _one(facts: Facts, prefix: str, name: str) -> str:
    return facts.get(f"{prefix}{name}", ("",))[0]
