"""A file with many mistakes, of every pass: each is reported once, at its place."""

from __future__ import annotations

import re

from hxroute.diagnostics import CATALOG
from tests.compiler.compiling import report_of

MANY = """\
version: 1
«HX101»sever: {port: 1}
paths: «HX104»as_send
settings:
  url: {env: URL, default: "http://h"}
  key: {env: KEY, secret: true}
  open: {env: OPEN, secret: «HX108»no}
  public: {env: PUBLIC}
  limit: {env: LIMIT, type: size, default: «HX307»64KB}
  word: {env: WORD}
  shown: {env: SHOWN, secret: true, default: «HX312»hush}
  may: {env: MAY, optional: true}
  nowhere: «HX107»{optional: true}
  «HX207»spare: {env: SPARE}
  «HX105»Bad: {env: BAD}
server: {port: «HX106»70000}
upstreams:
  api: {url: "{{ settings.url }}"}
  «HX107»lost: {max_connections: 5}
  «HX207»twice: {targets: ["http://h", «HX116»"http://h"]}
  wrong: {url: «HX113»"ftp://h", idle_timeout: «HX109»5}
  chosen: {url: "http://{{ «HX321»headers.host }}"}
  typed: {url: "http://h/{{ «HX206»settings.ulr }}", max_connections: «HX103»"5"}
stores:
  kept: {url: «HX115»"http://h"}
auth:
  keys:
    bearer:
      - "{{ settings.key }}"
      - «HX319»constant
      - «HX323»"{{ settings.key }}"
      - {key: "old-{{ settings.key }}", not_after: «HX324»2001-01-31}
      - sha256: «HX325»5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
  shared: {bearer: ["{{ «HX320»settings.public }}", "{{ settings.open }}"]}
  «HX205»none: {bearer: ["{{ settings.shown }}"]}
headers:
  safe: {drop: [authorization, cookie]}
  open: {drop: [cookie]}
  made:
    drop: [«HX112»"x y"]
    set:
      «HX311»host: "h"
      x-a: «HX306»"a\\nb"
      x-b: "{{ headers.x | «HX313»lowr }}"
      x-c: "«HX314»{{ settings.may + 'x' }}"
errors:
  mine:
    internal: {status: «HX111»99, json: {key: "{{ «HX309»settings.key }}"}}
    not_found: {text: "«HX303»{{ 1 + }}"}
    other: {}
    upstream_status:
      - {match: 5xx, text: a}
      - {match: «HX322»503, text: b}
      - «HX102»{text: c}
    «HX002»other: {}
  «HX317»few: {not_found: {text: "{{ settings.word }}"}}
defaults: {errors: mine, request: {headers: safe}}
endpoints:
  - {path: «HX301»/a, respond: {}}
  - {path: «HX302»"/b{c}", auth: none, respond: {}}
  - {path: /c, auth: none, respond: {text: "{{ «HX304»nope }}"}}
  - {path: /d, auth: none, respond: {text: "{{ «HX305»body.x }}"}}
  - {path: /e, auth: none, request: {max_body: «HX308»"{{ settings.word }}"}, respond: {}}
  - {path: /f, auth: none, request: {max_body: «HX110»64KB}, respond: {}}
  - {path: /g, auth: «HX202»kees, upstream: api}
  - {path: /h, auth: none, errors: «HX204»mien, respond: {}}
  - {path: /i, auth: keys, request: {headers: «HX318»open}, upstream: wrong}
  - {path: /j, auth: shared, response: {headers: [made, «HX203»mad]}, upstream: chosen}
  - {path: /k, auth: none, errors: few, upstream: «HX201»tped}
  - {path: /l, auth: none, respond: «HX003»!tagged {text: "{{ settings.nowhere ~ settings.limit }}"}}
  - {path: /m, auth: none, respond: {}}
  - {path: «HX310»/m, auth: none, respond: {}}
  - {path: /n, auth: none, upstream: lost}
  - path: /o
    auth: none
    rate_limit:
      - {requests: 1, per: 1s, by: «HX341»key, store: kept}
      - {requests: 1, per: 1s, by: client, store: «HX209»kapt, bucket: some}
    respond: {}
  - path: /p
    auth: none
    rate_limit: {requests: 2, per: 1s, by: client, store: kept, bucket: «HX340»some}
    respond: {}
  - {path: /q, auth: none, cors: {origins: [«HX114»app.example]}, respond: {}}
  - {path: /r, auth: none, cors: {origins: [«HX330»"null"], credentials: true}, respond: {}}
"""


def marked(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    """Take the marks out of a text; return what each says, and where."""
    places = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        while mark := re.search("«(HX[0-9]{3})»", lines[number]):
            places.append((mark[1], number + 1, mark.start() + 1))
            lines[number] = line = line[: mark.start()] + line[mark.end() :]
    return "\n".join(lines), places


def test_each_of_many_mistakes_is_reported_once_and_at_its_place() -> None:
    source, places = marked(MANY)

    found = [
        (item.code, item.span.line, item.span.column)
        for item in report_of(source).diagnostics
    ]

    assert sorted(found, key=lambda item: item[1:]) == places


def test_mistakes_are_of_every_kind_that_leaves_a_document() -> None:
    _, places = marked(MANY)

    codes = {code for code, _, _ in places}
    # those that end the reading, and overlaps, of which a never matching one is none
    others = {"HX001", "HX004", "HX005", "HX006", "HX007", "HX008", "HX315", "HX316"}
    assert codes == CATALOG.keys() - others
