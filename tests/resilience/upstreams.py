"""Upstreams that change their mind, and gateways on several of them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from hxroute.ir import Gateway
from hxroute.sandbox.scripted import OK, Script, ScriptedUpstream
from hxroute.sandbox.seen import CASE_FIELD
from tests.runtime.serving import compiled

__all__ = ["Sequenced", "answer", "cases", "gateway", "get"]

HEAD = """\
version: 1
settings:
  a: {env: A}
  b: {env: B}
  key_a: {env: KEY_A, default: of-a, secret: true}
  key_b: {env: KEY_B, default: of-b, secret: true}
upstreams:
%s
headers:
  safe: {drop: [authorization, cookie]}
  as_a: {drop: [cookie], set: {authorization: "Bearer {{ settings.key_a }}"}}
  as_b: {drop: [cookie], set: {authorization: "Bearer {{ settings.key_b }}"}}
defaults: {auth: none, request: {headers: safe, max_body: 1MiB}}
"""


class Sequenced(ScriptedUpstream):
    """Answers one request after the other by the next of its scripts, then with 200."""

    def __init__(self, *scripts: Script) -> None:
        super().__init__()
        self.next = list(scripts)

    def script(self, case: str) -> Script:
        return self.next.pop(0) if self.next else OK


def answer(status: int, *fields: str, body: str = "no") -> Script:
    """Return an answer that keeps its connection."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *fields]
    return ["\r\n".join([*lines, "", body])]


def gateway(upstreams: str, endpoints: str = "- {path: /x, upstream: u}") -> Gateway:
    """Compile endpoints on upstreams whose targets are settings `a` and `b`."""
    return compiled(endpoints, HEAD % textwrap.indent(upstreams, "  "))


def get(method: str = "GET", *fields: str, body: str = "", path: str = "/x") -> bytes:
    """Return a request; `fields` are whole lines."""
    sized = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{method} {path} HTTP/1.1", "Host: a", f"{CASE_FIELD}: c"]
    return "\r\n".join([*lines, *sized, *fields, "", body]).encode()


def cases(upstreams: Sequence[ScriptedUpstream]) -> list[int]:
    """Return how many requests each of them got."""
    return [len(upstream.seen) for upstream in upstreams]
