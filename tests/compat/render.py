"""Facts as readable HTTP text: what the snapshots hold and what a failure shows."""

from __future__ import annotations

import difflib

from tests.compat.exchange import Exchange, Facts


def render(exchange: Exchange, facts: Facts) -> str:
    """Write an exchange: what the client sent, the upstream saw, the client got."""
    request = exchange.request
    sent = [
        f"{request.method} {request.target}",
        *(f"{name}: {value}" for name, value in request.headers),
        "",
        _short(request.body),
    ]
    title = f"### {exchange.name} (environment: {exchange.profile})"
    parts = [title, _quote("client sent", sent), *_upstream(facts), _client(facts)]
    return "\n".join(parts)


def difference(expected: str, got: str) -> str:
    """Show two renderings side by side, line by line."""
    lines = difflib.unified_diff(
        expected.splitlines(), got.splitlines(), "expected", "got", lineterm="", n=99
    )
    return "\n".join(lines)


def _upstream(facts: Facts) -> list[str]:
    count = int(facts["upstream.requests"][0])
    if not count:
        return ["--- upstream saw nothing\n"]
    prefixes = ["upstream.", *(f"upstream.{n}." for n in range(2, count + 1))]
    return [_quote("upstream saw", _seen(facts, prefix)) for prefix in prefixes]


def _seen(facts: Facts, prefix: str) -> list[str]:
    start = f"{_one(facts, prefix, 'method')} {_one(facts, prefix, 'target')}"
    return [start, *_headers(facts, prefix), "", _one(facts, prefix, "body")]


def _client(facts: Facts) -> str:
    if "client.status" not in facts:
        return _quote("gateway refused to start, naming", facts["start.names"])
    lines = [f"HTTP/1.1 {facts['client.status'][0]}", *_headers(facts, "client.")]
    if facts["client.complete"] != ("true",):
        lines.append("(cut short)")
    return _quote("client got", [*lines, "", _one(facts, "client.", "body")])


def _headers(facts: Facts, prefix: str) -> list[str]:
    start = f"{prefix}headers."
    return [
        f"{name.removeprefix(start)}: {value}"
        for name in sorted(facts)
        if name.startswith(start)
        for value in facts[name]
    ]


def _one(facts: Facts, prefix: str, name: str) -> str:
    return facts.get(f"{prefix}{name}", ("(none)",))[0]


def _quote(title: str, lines: list[str] | tuple[str, ...]) -> str:
    return "\n".join([f"--- {title}", *map(_printable, lines), ""])


def _printable(text: str) -> str:
    """Keep line feeds; write what no reader can see as an escape, one way only."""
    return "".join(
        char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}"
        for char in text.replace("\\x", "\\x5cx")
    )


def _short(body: str) -> str:
    return body if len(body) <= 2048 else f"({len(body)} bytes: {body[:16]}...)"
