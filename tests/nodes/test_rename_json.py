from __future__ import annotations

import pytest

from hxroute.errors import InvalidJson, NotAnObject
from hxroute.http import Request
from hxroute.nodes import RenameJson
from tests.nodes.fakes import through

NODE = RenameJson((("prompt", "input"),))


def renamed(body: bytes) -> object:
    return through(NODE, Request("POST", b"/", body=body, length=len(body))).body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"m","prompt":"p"}', b'{"model":"m","input":"p"}'),
        (b'{"prompt": null}', b'{"input":null}'),
        (b'{"prompt": "caf\\u00e9"}', '{"input":"café"}'.encode()),
        (b'{"prompt": "\\ud83d"}', b'{"input":"\\ud83d"}'),
        (b'{"a":1,"prompt":2,"a":3}', b'{"a":3,"input":2}'),
        (b'\xef\xbb\xbf{"prompt":1}', b'{"input":1}'),
        ('{"prompt":1}'.encode("utf-16"), b'{"input":1}'),
    ],
)
def test_rename_json_renames_where_the_new_name_is_free(
    body: bytes, expected: bytes
) -> None:
    assert renamed(body) == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b' { "input" : 1 }\n', b'{"prompt":1, "input":2}', b'{"n": 1.50}'],
)
def test_rename_json_passes_what_needs_no_change(body: bytes) -> None:
    assert renamed(body) == body


def test_rename_json_refuses_what_is_no_object() -> None:
    with pytest.raises(NotAnObject):
        renamed(b"[1]")


def test_rename_json_refuses_what_is_no_json() -> None:
    with pytest.raises(InvalidJson, match="not valid JSON at line 1 column 2"):
        renamed(b"{")


def test_rename_json_renames_in_order() -> None:
    node = RenameJson((("a", "b"), ("b", "c")))
    body = b'{"a":1}'
    response = through(node, Request("POST", b"/", body=body, length=7))
    assert response.body == b'{"c":1}'
