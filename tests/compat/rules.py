"""Which facts each intended difference may change, told from the exchange alone.

One function a code of divergences.yaml. A rule never looks at the new gateway's
answer: it names facts, and `mended` says what they must be.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote

from hxroute.proof.exchange import Case, Facts
from hxroute.proof.messages import Request
from tests.compat import mended
from tests.compat.old_stack import Crash, decoded, requoted
from tests.compat.oracle import PAGES
from tests.compat.unchanged import SECURITY, Answered, renamed
from tests.compat.upstream_reply import BODILESS, Fault, Reply, read

Names = Iterable[str]
BODY = ("client.body", "client.headers.content-length")
EVERYTHING = ("client.*", "upstream.*")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule sees of an exchange."""

    request: Request
    reply: Reply | Fault

    @property
    def reply_names(self) -> set[str]:
        """The names of the fields that the upstream answers with."""
        if isinstance(self.reply, Fault):
            return set()
        return {name.lower() for name, _ in self.reply.headers}

    def sends(self, name: str) -> bool:
        """Say whether the client sends a field."""
        return bool(self.request.values(name))


def permitted(case: Case) -> dict[str, set[str]]:
    """Return, for each code, the patterns of facts that may differ."""
    reply = read(case.script, case.request.method)
    subject = Subject(case.request, reply)
    return {code: set(rule(subject)) for code, rule in RULES.items()}


def sanctioned(case: Case, old: Facts, new: Facts) -> tuple[Facts, set[str]]:
    """Return the old facts with the permitted ones mended, and the codes that did."""
    codes: set[str] = set()
    expected = dict(old)
    for code, patterns in permitted(case).items():
        for name in old.keys() | new.keys():
            differs = old.get(name) != new.get(name)
            if differs and any(fnmatchcase(name, each) for each in patterns):
                codes.add(code)
                _take(expected, new, name)
    return expected, codes


def _take(expected: Facts, new: Facts, name: str) -> None:
    if name in new:
        expected[name] = new[name]
    else:
        expected.pop(name, None)


def _json_detail(subject: Subject) -> Names:
    return BODY if isinstance(_json_error(subject), json.JSONDecodeError) else ()


def _client_input(subject: Subject) -> Names:
    exc = _json_error(subject)
    codec = exc is not None and not isinstance(exc, json.JSONDecodeError)
    return ("client.status", *BODY) if codec else ()


def _json_error(subject: Subject) -> ValueError | None:
    if (
        subject.request.method != "POST"
        or unquote(subject.request.path) != "/v1/embeddings"
    ):
        return None
    try:
        renamed(subject.request.content)
    except ValueError as exc:
        return exc
    except Answered:
        pass
    return None


def _content_coding(subject: Subject) -> Names:
    if subject.sends("accept-encoding"):
        yield "upstream.headers.accept-encoding"
    if isinstance(subject.reply, Reply) and "content-encoding" in subject.reply_names:
        try:
            decoded(subject.reply)
            yield from BODY
        except zlib.error:
            yield "client.*"


def _repeated_fields(subject: Subject) -> Names:
    sent = [name.lower() for name, _ in subject.request.headers]
    yield from (f"upstream.headers.{name}" for name in sent if sent.count(name) > 1)
    if isinstance(subject.reply, Reply):
        got = [name.lower() for name, _ in subject.reply.headers]
        yield from (f"client.headers.{name}" for name in got if got.count(name) > 1)


def _security_headers(subject: Subject) -> Names:
    ours = {name for name, _ in SECURITY} & subject.reply_names
    return (f"client.headers.{name}" for name in ours)


def _hop_by_hop(subject: Subject) -> Names:
    named = mended.named_by_connection(subject.request)
    for name in mended.HOP_BY_HOP | named | {"expect"}:
        yield f"upstream.headers.{name}"
    if isinstance(subject.reply, Reply):
        named = mended.named_by_connection(subject.reply)
        for name in (mended.HOP_BY_HOP | named) & subject.reply_names:
            yield f"client.headers.{name}"


def _raw_path(subject: Subject) -> Names:
    path, _, query = subject.request.target.partition("?")
    try:
        mended.check_path(path)
        changed = requoted(unquote(path), query) != subject.request.target
    except (Answered, Crash):
        return EVERYTHING
    if unquote(path).startswith("/v1/") != mended.comparable(path).startswith("/v1/"):
        return EVERYTHING
    return ("upstream.target",) if changed else ()


def _timeout(subject: Subject) -> Names:
    fault = _fault(subject)
    return ("client.status", *BODY) if fault and fault.kind == "timeout" else ()


def _error_detail(subject: Subject) -> Names:
    fault = _fault(subject)
    return ("client.*",) if fault and fault.kind in {"garbage", "cut"} else ()


def _fault(subject: Subject) -> Fault | None:
    reply = subject.reply
    return reply if isinstance(reply, Fault) else reply.fault


def _upstream_5xx(subject: Subject) -> Names:
    reply = subject.reply
    if isinstance(reply, Fault) or not mended.is_replaced(
        reply, subject.request.method
    ):
        return ()
    named = (f"client.headers.{name}" for name in mended.OF_THE_BODY)
    return ("client.body", *named)


def _streaming(subject: Subject) -> Names:
    reply = subject.reply
    if isinstance(reply, Fault) or reply.status in BODILESS:
        return ()
    return ("client.headers.content-length",) if reply.length is None else ()


def _field_values(subject: Subject) -> Names:
    values = [value for _, value in subject.request.headers]
    if any(not value.isascii() or value != value.rstrip(" \t") for value in values):
        yield from EVERYTHING
    if isinstance(subject.reply, Reply):
        for name, value in subject.reply.headers:
            if not value.isascii():
                yield f"client.headers.{name.lower()}"
                yield from _unless_latin(value)


def _unless_latin(value: str) -> Names:
    """Name all of the answer where a value has no latin-1 form: it was a 500."""
    try:
        value.encode("latin-1").decode("utf-8").encode("latin-1")
    except UnicodeDecodeError:
        return ()
    except UnicodeEncodeError:
        return ("client.*",)
    return ()


def _head_length(subject: Subject) -> Names:
    head = subject.request.method == "HEAD"
    return ("client.headers.content-length",) if head else ()


def _framework_pages(subject: Subject) -> Names:
    return ("client.*",) if unquote(subject.request.path) in PAGES else ()


def _client_address(subject: Subject) -> Names:
    spoofing = subject.sends("x-hx-client-ip") or subject.sends("x-forwarded-for")
    return ("upstream.headers.x-hx-client-ip",) if spoofing else ()


RULES: dict[str, Callable[[Subject], Names]] = {
    "json-detail": _json_detail,
    "content-coding": _content_coding,
    "repeated-fields": _repeated_fields,
    "security-headers-once": _security_headers,
    "hop-by-hop": _hop_by_hop,
    "raw-path": _raw_path,
    "timeout-504": _timeout,
    "error-detail": _error_detail,
    "upstream-5xx": _upstream_5xx,
    "streaming": _streaming,
    "field-values": _field_values,
    "head-length": _head_length,
    "framework-pages": _framework_pages,
    "client-input-400": _client_input,
    "client-address": _client_address,
}
