from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute import paths
from hxroute.errors import BadPath

SLASHES = (b"/", b"\\", b"%2f", b"%2F", b"%5c", b"%5C")
DOTS = (b".", b"%2e", b"%2E")
BAD_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")
DOT_SEGMENTS = (*DOTS, *(a + b for a, b in itertools.product(DOTS, DOTS)))


@pytest.mark.parametrize("policy", ["strict", "as_sent"])
@pytest.mark.parametrize("dots", DOT_SEGMENTS)
def test_dot_segment_is_refused_however_it_is_written(
    dots: bytes, policy: paths.Policy
) -> None:
    for before, after in itertools.product(SLASHES, (b"", *SLASHES)):
        with pytest.raises(BadPath, match="dot segments are not allowed"):
            paths.check(b"/v1" + before + dots + after, policy)


@pytest.mark.parametrize("policy", ["strict", "as_sent"])
@pytest.mark.parametrize(
    "path", [b"/..", b"/.", b"/../", b"//..//", b"/a/b/..", b"/%2e"]
)
def test_dot_segment_is_refused_wherever_it_stands(
    path: bytes, policy: paths.Policy
) -> None:
    with pytest.raises(BadPath):
        paths.check(path, policy)


@pytest.mark.parametrize("policy", ["strict", "as_sent"])
@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/a//",
        b"/v1/models/gpt-4.1",
        b"/...",
        b"/.../",
        b"/a..b",
        b"/..a",
        b"/a.",
        b"/.well-known/x",
        b"/a%2eb",
        b"/%2e%2e%2e",
        b"/%252e%252e",
        b"/a;b=c/%20%7e",
        b"/%e2%80%a6",
        b"/caf%C3%A9",
        b"/" + b"a" * 60_000,
    ],
)
def test_path_that_all_servers_read_alike_is_allowed(
    path: bytes, policy: paths.Policy
) -> None:
    paths.check(path, policy)


@pytest.mark.parametrize("path", [b"//", b"//a", b"///", b"//a.example/x"])
def test_two_slashes_at_the_beginning_are_no_path_but_as_sent(path: bytes) -> None:
    paths.check(path, "as_sent")
    with pytest.raises(BadPath, match="two slashes"):
        paths.check(path, "strict")


@pytest.mark.parametrize("policy", ["strict", "as_sent"])
@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (b"", "the path must start with a slash"),
        (b"*", "the path must start with a slash"),
        (b"http://h/x", "the path must start with a slash"),
        (b"\\x", "the path must start with a slash"),
        (b"/a\0b", "NUL is not allowed"),
        (b"/a%00", "NUL is not allowed"),
    ],
)
def test_path_that_is_never_allowed(
    path: bytes, detail: str, policy: paths.Policy
) -> None:
    with pytest.raises(BadPath) as caught:
        paths.check(path, policy)

    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (b"/a\\b", "a backslash is not allowed"),
        (b"/a%5cb", "a backslash is not allowed"),
        (b"/a%5Cb", "a backslash is not allowed"),
        (b"/a%2fb", "an encoded slash is not allowed"),
        (b"/a%2Fb", "an encoded slash is not allowed"),
        (b"/a%", "a bad percent escape is not allowed"),
        (b"/a%2", "a bad percent escape is not allowed"),
        (b"/a%zz", "a bad percent escape is not allowed"),
        (b"/a%0", "a bad percent escape is not allowed"),
        (b"/a%0a", "a control is not allowed"),
        (b"/a%1F", "a control is not allowed"),
        (b"/a%7f", "a control is not allowed"),
    ],
)
def test_strict_refuses_what_servers_read_differently(path: bytes, detail: str) -> None:
    paths.check(path, "as_sent")
    with pytest.raises(BadPath) as caught:
        paths.check(path, "strict")

    assert caught.value.detail == detail


@pytest.mark.parametrize("path", [b"/a\x01b", b"/a b", b"/a\nb", b"/a\x7f"])
def test_strict_refuses_raw_controls(path: bytes) -> None:
    with pytest.raises(BadPath, match="a control is not allowed"):
        paths.check(path, "strict")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (b"/v1/x", b"/v1/x"),
        (b"/v1/%65mbeddings", b"/v1/embeddings"),
        (b"/%7Ea%2dz%5F%2E", b"/~a-z_."),
        (b"/a%2fb", b"/a%2Fb"),
        (b"/a%5cb", b"/a%5Cb"),
        (b"/%c3%a9", b"/%C3%A9"),
        (b"/%2565", b"/%2565"),
        (b"/%zz%6", b"/%zz%6"),
        (b"/%20%21", b"/%20%21"),
    ],
)
def test_comparable_form_decodes_unreserved_characters_only(
    path: bytes, form: bytes
) -> None:
    assert paths.comparable(path) == form


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.sampled_from([b"%", b"%2", b"%2F", b"%41", b"/", b"a"]) | st.binary())
)
def test_comparable_form_is_its_own(pieces: list[bytes]) -> None:
    path = b"".join(pieces)

    form = paths.comparable(path)

    if not BAD_ESCAPE.search(path):
        assert paths.comparable(form) == form
    assert form.count(b"/") == path.count(b"/"), "no segment is split or joined"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (b"/a?b=c", b"/a?b=c"),
        (b"/a b", b"/a%20b"),
        ("/é".encode(), b"/%C3%A9"),
        (b"/\r\n\0\x7f", b"/%0D%0A%00%7F"),
        (b'/"<>`{}|\\^%', b'/"<>`{}|\\^%'),
    ],
)
def test_printable_target_holds_what_a_request_line_may(
    target: bytes, shown: bytes
) -> None:
    assert paths.printable(target) == shown


@pytest.mark.parametrize(
    ("pattern", "path", "parameters"),
    [
        ("/", b"/", {}),
        ("/v1/models", b"/v1/models", {}),
        ("/v1/{id}", b"/v1/x", {"id": b"x"}),
        ("/v1/{id}", b"/v1/a%2Fb", {"id": b"a%2Fb"}),
        ("/{a}/{b}", b"/x/y", {"a": b"x", "b": b"y"}),
        ("/{a}/x/{b}", b"/1/x/2", {"a": b"1", "b": b"2"}),
        ("/v1/{rest:path}", b"/v1/a/b", {"rest": b"a/b"}),
        ("/v1/{rest:path}", b"/v1/", {"rest": b""}),
        ("/v1/{rest:path}", b"/v1//", {"rest": b"/"}),
        ("/{a}/{rest:path}", b"/x/y/z", {"a": b"x", "rest": b"y/z"}),
        ("/{rest:path}", b"/", {"rest": b""}),
        ("/v1/", b"/v1/", {}),
        ("/é", b"/%c3%a9", {}),
        ("/a%2fb", b"/a%2Fb", {}),
        ("/%65", b"/e", {}),
        ("/a b", b"/a%20b", {}),
        ("/{id}", b"/%7e", {"id": b"%7e"}),
    ],
)
def test_pattern_matches_and_gives_raw_parameters(
    pattern: str, path: bytes, parameters: dict[str, bytes]
) -> None:
    parsed = paths.parse_pattern(pattern)

    assert parsed.matches(paths.comparable(path).split(b"/"))
    assert parsed.extract(path) == parameters


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/", b"//"),
        ("/v1", b"/v1/"),
        ("/v1/", b"/v1"),
        ("/v1/models", b"/V1/models"),
        ("/v1/{id}", b"/v1/"),
        ("/v1/{id}", b"/v1"),
        ("/v1/{id}", b"/v1/a/b"),
        ("/{a}/{b}", b"//x"),
        ("/v1/{rest:path}", b"/v1"),
        ("/v1/{rest:path}", b"/v2/x"),
        ("/{a}/{rest:path}", b"//x"),
        ("/a/b", b"/a%2Fb"),
        ("/v1/{rest:path}", b"/v1%2Fx"),
    ],
)
def test_pattern_does_not_match(pattern: str, path: bytes) -> None:
    parsed = paths.parse_pattern(pattern)

    assert not parsed.matches(paths.comparable(path).split(b"/"))


@pytest.mark.parametrize(
    ("pattern", "literal", "prefix"),
    [
        ("/", b"/", b"/"),
        ("/v1/models", b"/v1/models", b"/v1/models"),
        ("/v1/%65", b"/v1/e", b"/v1/e"),
        ("/v1/{id}", None, b"/v1/"),
        ("/v1/{id}/x", None, b"/v1/"),
        ("/v1/{rest:path}", None, b"/v1/"),
        ("/{rest:path}", None, b"/"),
    ],
)
def test_pattern_knows_its_one_path_and_its_prefix(
    pattern: str, literal: bytes | None, prefix: bytes
) -> None:
    parsed = paths.parse_pattern(pattern)

    assert parsed.literal == literal
    assert parsed.prefix == prefix


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "starts with `/`"),
        ("v1", "starts with `/`"),
        ("/{}", "is no parameter"),
        ("/x{id}", "is no parameter"),
        ("/{id}x", "is no parameter"),
        ("/{Id}", "is no parameter"),
        ("/{1d}", "is no parameter"),
        ("/{id:int}", "is no parameter"),
        ("/{id", "is no parameter"),
        ("/id}", "is no parameter"),
        ("/{a}/{a}", "parameter `a` appears twice"),
        ("/{a}/{a:path}", "parameter `a` appears twice"),
        ("/{a:path}/b", "`{a:path}` must be the last segment"),
        ("/{a:path}/", "`{a:path}` must be the last segment"),
        ("/a?b", "holds no `?`"),
        ("/a#b", "holds no `?`"),
    ],
)
def test_pattern_that_is_none_says_why(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        paths.parse_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["/", "/a", "/a/", "/{x}", "/a/{x}/b", "/{r:path}", "/{x}/{r:path}"]
)
def test_pattern_has_a_sample_that_it_matches(pattern: str) -> None:
    parsed = paths.parse_pattern(pattern)

    assert parsed.matches(parsed.sample.split(b"/"))
