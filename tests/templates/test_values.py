from __future__ import annotations

from typing import Any

import pytest

from hxroute.errors import InvalidJson
from hxroute.http import UNPARSED, Request
from hxroute.templates import PathParameter, Sparse, values

EVERYTHING = frozenset({"body", "client", "headers", "path", "query"})


def read(root: str, request: Request) -> Any:
    return values(request, frozenset({root}))[root]


def test_only_what_is_read_is_made() -> None:
    request = Request("GET", b"/", body=b"no json")

    assert set(values(request, frozenset({"client", "settings"}))) == {"client"}
    assert request.json is UNPARSED


def test_everything_can_be_read() -> None:
    assert set(values(Request("GET", b"/"), EVERYTHING)) == EVERYTHING


def test_header_is_the_first_of_its_name() -> None:
    headers = [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]

    assert read("headers", Request("GET", b"/", headers=headers)) == {
        "x-a": "1",
        "x-b": "2",
    }


@pytest.mark.parametrize(
    ("raw", "text"), [("é".encode(), "é"), (b"\xe9", "\udce9"), (b"", "")]
)
def test_header_value_is_utf_8_in_which_other_bytes_survive(
    raw: bytes, text: str
) -> None:
    shown = read("headers", Request("GET", b"/", headers=[(b"a", raw)]))["a"]

    assert shown == text
    assert shown.encode(errors="surrogateescape") == raw


def test_header_is_found_in_any_case() -> None:
    headers = read("headers", Request("GET", b"/", headers=[(b"x-a", b"1")]))

    assert (headers["X-A"], headers["x-a"], headers["X-B"]) == ("1", "1", None)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "1"}),
        (b"a=&b", {"a": "", "b": ""}),
        (b"a=%C3%A9+%2B", {"a": "é +"}),
        (b"a=%FF&b=\xff", {"a": "\udcff", "b": "\udcff"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"=x", {"": "x"}),
        (b"a%3Db=c", {"a=b": "c"}),
    ],
)
def test_query_is_decoded(query: bytes, shown: dict[str, str]) -> None:
    assert read("query", Request("GET", b"/", query=query)) == shown


def test_absent_header_or_query_value_is_none() -> None:
    made = values(Request("GET", b"/"), EVERYTHING)

    assert made["headers"]["x"] is None
    assert made["query"]["x"] is None
    assert "x" not in made["headers"]


def test_path_parameter_is_decoded_and_knows_its_bytes() -> None:
    request = Request("GET", b"/a%2Fb", params={"id": b"a%2Fb"})

    parameter = read("path", request)["id"]

    assert isinstance(parameter, PathParameter)
    assert (parameter, parameter.raw) == ("a/b", b"a%2Fb")


def test_body_is_parsed_once_and_shared() -> None:
    request = Request("POST", b"/", body=b'{"a":1}')

    body = read("body", request)

    assert body == {"a": 1}
    assert request.json is body
    assert read("body", request) is body


def test_body_that_was_parsed_is_not_parsed_again() -> None:
    request = Request("POST", b"/", body=b"no json", json={"b": 2})

    assert read("body", request) == {"b": 2}


def test_empty_body_counts_as_an_empty_object() -> None:
    assert read("body", Request("POST", b"/")) == {}


def test_body_of_null_is_none() -> None:
    assert read("body", Request("POST", b"/", body=b"null")) is None


def test_body_that_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidJson):
        read("body", Request("POST", b"/", body=b"{"))


def test_client_has_an_address() -> None:
    assert read("client", Request("GET", b"/", client="::1")) == {"host": "::1"}


def test_sparse_mapping_holds_no_more_than_was_put_in() -> None:
    sparse = Sparse(a=1)

    assert (sparse["a"], sparse["b"], dict(sparse)) == (1, None, {"a": 1})
