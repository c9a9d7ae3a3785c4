"""The header ledger: each field, its fate, and the line that decides it."""

from __future__ import annotations

import pytest

from hxroute.explain.data import Field
from tests.explain.files import compiled, explained

FILE = """\
version: 1
settings: {team: {env: TEAM, optional: true}}
upstreams: {u: {url: "http://127.0.0.1:9"}}

headers:
  clean: &clean
    drop:
      - Authorization
      - cookie
    set: {X-Team: "{{ settings.team }}", x-twice: "1"}
  few:
    keep: [accept,
           X-Kept, x-set]
  later:
    drop: [accept]
    set:
      X-Set: "{{ query.q }}"
      x-twice: "2"
  open: {forward: [cookie, authorization]}
  copy: *clean
endpoints:
  - {path: /one, auth: none, request: {headers: clean}, upstream: u}
  - {path: /two, auth: none, request: {headers: [clean, few, later]}, upstream: u}
  - path: /three
    auth: none
    request: {headers: [open, copy], max_body: 1KiB}
    upstream:
      name: u
      headers:
        X-Own: "{{ query.q }}"
        content-language: en
      body: {a: 1}
  - path: /four
    auth: none
    request: {headers: [clean, few], max_body: 1KiB}
    upstream: {name: u, body: [1]}
  - path: /answered
    auth: none
    request: {headers: clean}
    response: {headers: [clean, few, later]}
    upstream: u
  - {path: /forwarded, auth: none, request: {headers: open}, upstream: u}
"""
RESULT = compiled(FILE)


def ledger(line: str, *fields: str) -> list[tuple[str, str, str, str, int]]:
    """Return what is said of the fields of a request, but for its host."""
    found = explained(RESULT, line, *fields).fields
    return [row(item) for item in found if item.name != "host"]


def row(item: Field) -> tuple[str, str, str, str, int]:
    return item.outcome, item.name, item.value, item.reason, item.line


def test_rule_set_names_the_lines_of_its_fields() -> None:
    assert ledger("GET /one", "authorization: x", "X-A: 1", "cookie: x", "x-a: 1") == [
        ("dropped", "authorization", "***", "dropped by `clean`", 8),
        ("kept", "x-a", "1", "no rule names it", 0),
        ("dropped", "cookie", "***", "dropped by `clean`", 9),
        ("kept", "x-a", "1", "no rule names it", 0),
        ("set", "x-twice", "1", "set by `clean`", 10),
        ("unset", "x-team", "", "set to nothing by `clean`", 10),
    ]


def test_later_rule_sets_decide_over_earlier_ones() -> None:
    fields = ["accept: 1", "x-kept: 2", "x-other: 3", "x-twice: 4", "x-set: 5"]

    assert ledger("GET /two?q=6", *fields) == [
        ("dropped", "accept", "1", "dropped by `later`", 15),
        ("kept", "x-kept", "2", "kept by `few`", 13),
        ("dropped", "x-other", "3", "not among what `few` keeps", 12),
        ("dropped", "x-twice", "4", "replaced by `later`", 18),
        ("dropped", "x-set", "5", "replaced by `later`", 17),
        ("set", "x-set", "6", "set by `later`", 17),
        ("set", "x-twice", "2", "set by `later`", 18),
    ]


def test_field_that_is_set_to_nothing_is_told_once() -> None:
    rows = ledger("GET /two", "x-set: 5")

    assert [item for item in rows if item[1] == "x-set"] == [
        ("dropped", "x-set", "5", "set to nothing by `later`", 17)
    ]


def test_anchor_names_the_line_where_it_stands() -> None:
    rows = ledger("POST /three?q=1", "cookie: x", "Content-Type: a/b")

    assert rows == [
        ("dropped", "cookie", "***", "dropped by `copy`", 9),
        ("dropped", "content-type", "a/b", "the call has a body of its own", 32),
        ("set", "x-twice", "1", "set by `copy`", 10),
        ("set", "x-own", "1", "set by the call", 30),
        ("set", "content-language", "en", "set by the call", 31),
        ("unset", "x-team", "", "set to nothing by `copy`", 10),
        ("set", "content-type", "application/json", "the call's body is JSON", 32),
    ]


def test_content_type_of_a_body_that_no_rule_keeps() -> None:
    rows = ledger("POST /four", "content-encoding: gzip")

    assert rows == [
        ("dropped", "content-encoding", "gzip", "the call has a body of its own", 36),
        ("unset", "content-type", "", "not among what `few` keeps", 12),
    ]


def test_credential_that_is_forwarded_names_who_says_so() -> None:
    assert ledger("GET /forwarded", "cookie: x") == [
        ("kept", "cookie", "***", "forwarded by `open`", 19)
    ]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("connection: close", "hop-by-hop (RFC 9110 §7.6.1)"),
        ("te: gzip", "hop-by-hop (RFC 9110 §7.6.1)"),
        ("proxy-authorization: x", "hop-by-hop (RFC 9110 §7.6.1)"),
        ("expect: 100-continue", "made anew for each hop"),
        ("content-length: 0", "made anew for each hop"),
        ("host: x", "made anew for each hop"),
    ],
)
def test_field_of_one_hop_goes_no_further(field: str, reason: str) -> None:
    name = field.partition(":")[0]
    found = explained(RESULT, "GET /one", field).fields

    fates = [(i.outcome, i.reason, i.line) for i in found if i.name == name]
    assert fates == [("dropped", reason, 0)]


def test_field_that_connection_names_goes_no_further() -> None:
    rows = ledger("GET /one", "Connection: X-A , x-b", "x-a: 1", "X-B: 2", "x-c: 3")

    assert [item[:4] for item in rows[1:4]] == [
        ("dropped", "x-a", "1", "`connection` names it"),
        ("dropped", "x-b", "2", "`connection` names it"),
        ("kept", "x-c", "3", "no rule names it"),
    ]


def test_answer_of_an_upstream_has_a_ledger_too() -> None:
    found = explained(RESULT, "GET /answered?q=7").answered

    assert [row(item) for item in found] == [
        ("dropped", "authorization", "", "dropped by `clean`", 8),
        ("dropped", "cookie", "", "dropped by `clean`", 9),
        ("dropped", "accept", "", "dropped by `later`", 15),
        ("kept", "x-kept", "", "kept by `few`", 13),
        ("dropped", "*", "", "`few` keeps no other", 12),
        ("set", "x-set", "7", "set by `later`", 17),
        ("set", "x-twice", "2", "set by `later`", 18),
    ]


def test_answer_without_rules_has_no_ledger() -> None:
    assert explained(RESULT, "GET /one").answered == ()
