"""A gateway with a canary for each secret setting, in every place that takes one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

__all__ = ["BAD", "CANARIES", "ROUTES", "environ", "leaks", "write"]

ROUTES: Final = """\
version: 1
settings:
  url: {env: URL}
  base: {env: BASE, secret: true}
  client_key: {env: CLIENT_KEY, secret: true}
  staff_key: {file: staff.key, secret: true}
  upstream_key: {env: UPSTREAM_KEY, secret: true}
  path_key: {env: PATH_KEY, secret: true}
  query_key: {env: QUERY_KEY, secret: true}
  body_key: {env: BODY_KEY, secret: true}
  limit: {env: LIMIT, type: size, secret: true}
  number: {env: NUMBER, type: integer, secret: true}
  wait: {env: WAIT, type: duration, secret: true}
  odd: {env: ODD, secret: true}
upstreams:
  u: {url: "{{ settings.url }}/{{ settings.base }}", timeout: {read: 500ms}}
  closed: {url: "http://127.0.0.1:9/{{ settings.base }}"}
auth: {k: {bearer: ["{{ settings.client_key }}", "{{ settings.staff_key }}"]}}
headers:
  h:
    drop: [cookie]
    set:
      authorization: "Bearer {{ settings.upstream_key }}"
      x-odd: "{{ settings.odd }}"
      x-number: "{{ settings.number }}-{{ settings.wait }}"
defaults: {auth: k, errors: openai, request: {headers: h, max_body: "{{ settings.limit }}"}}
endpoints:
- {path: /healthz, auth: none, respond: {json: {ok: true}}}
- {path: /open, auth: none, upstream: u}
- {path: /keyed, upstream: u}
- {path: /closed, auth: none, upstream: closed}
- path: /call
  methods: [POST]
  auth: none
  upstream:
    name: u
    path: "/{{ settings.path_key }}/{{ body.a }}"
    query: {key: "{{ settings.query_key }}"}
    body: {key: "{{ settings.body_key }}", b: "{{ body.b + 1 }}"}
"""

CANARIES: Final = {
    "BASE": "cnry-base-61f0",
    "CLIENT_KEY": "cnry-client-61f1",
    "UPSTREAM_KEY": "cnry-upstream-61f2",
    "PATH_KEY": "cnry-path-61f3",
    "QUERY_KEY": "cnry-query-61f4",
    "BODY_KEY": "cnry-body-61f5",
    "LIMIT": "916273645B",
    "NUMBER": "726354918",
    "WAIT": "8172635s",
    "ODD": "cnry-'odd\"{{<&%\\\u00e9-61f6",
    "STAFF": "cnry-staff-61f7",
}
"""A value of each secret setting; that of STAFF stands in a file."""

_TELLING: Final = ("cnry", "61f", "916273645", "726354918", "8172635")
"""What any part of a canary would show, also where it is quoted or encoded."""

BAD: Final = {
    "no-url": {"URL": "cnry-url-61f8"},
    "url-with-a-password": {"URL": "http://cnry:61f8@127.0.0.1"},
    "base-of-dots": {"BASE": "../cnry-61f9"},
    "base-with-a-query": {"BASE": "cnry?61f9"},
    "control": {"ODD": "cnry\n61fa"},
    "tab": {"UPSTREAM_KEY": "cnry\t61fb"},
    "size": {"LIMIT": "cnry-61fc"},
    "size-too-long": {"LIMIT": "916273645" * 9},
    "number": {"NUMBER": "726354918x"},
    "number-too-long": {"NUMBER": "726354918" * 9},
    "duration": {"WAIT": "cnry61fd"},
    "blank-key": {"CLIENT_KEY": " "},
    "missing": {"BODY_KEY": ""},
}
"""What a gateway does not start with."""


def environ(url: str) -> dict[str, str]:
    """Return the environment of the gateway on an upstream."""
    return {**{k: v for k, v in CANARIES.items() if k != "STAFF"}, "URL": url}


def write(folder: Path) -> None:
    """Write the gateway's file, and the one that holds a secret."""
    (folder / "routes.yaml").write_text(ROUTES)
    (folder / "staff.key").write_text(CANARIES["STAFF"] + "\n")


def leaks(texts: Mapping[str, str]) -> list[str]:
    """Return the names of the texts that show a part of any canary."""
    told = (*_TELLING, *(quote(value, safe="") for value in CANARIES.values()))
    return [name for name, text in texts.items() if any(part in text for part in told)]
