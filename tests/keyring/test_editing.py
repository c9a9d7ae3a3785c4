"""Keys put into files, which else stay as they are, to the byte."""

from __future__ import annotations

import pytest

from hxroute.compiler import compile
from hxroute.errors import StartError
from hxroute.keyring import Change, changed, entries
from hxroute.keyring.editing import written

DIGEST = "ab" * 32
ITEM = f"{{name: bob, sha256: {DIGEST}}}"
HEAD = """\
version: 1  # é 漢
settings: {a: {env: A, secret: true}, b: {env: B, secret: true}}
"""
TAIL = """

# the end
endpoints:
  - {path: /x, auth: clients, respond: {}}
"""
A, B = '"{{ settings.a }}"', '"{{ settings.b }}"'


def edited(auth: str, *, ending: str = "", head: str = HEAD, tail: str = TAIL) -> str:
    """Return what becomes of the part of a file that states the keys."""
    data = (head + auth + tail).encode()
    before = compile(data, "routes.yaml")
    assert before.program is not None
    ends = tuple(
        (entry, "2099-01-31T00:00:00Z")
        for entry in entries(before.program)
        if entry.name == ending
    )
    said = {"name": "bob", "sha256": DIGEST}
    text, after = changed(data, before, Change("clients", said, ends))
    assert after.gateway is not None
    assert text.startswith(head)
    assert text.endswith(tail)
    return text[len(head) : len(text) - len(tail)]


@pytest.mark.parametrize(
    ("auth", "wanted"),
    [
        (
            f"auth: {{clients: {{bearer: [{A}]}}}}",
            f"auth: {{clients: {{bearer: [{A}, {ITEM}]}}}}",
        ),
        (
            f"auth: {{clients: {{bearer: [ {A} , ]}}}}  # why",
            f"auth: {{clients: {{bearer: [ {A}, {ITEM} , ]}}}}  # why",
        ),
        (
            f"auth:\n  clients:\n    bearer: [\n      {A},  # one\n      {B}  # two\n    ]",
            (
                f"auth:\n  clients:\n    bearer: [\n      {A},  # one\n      {B},\n      {ITEM}"
                "  # two\n    ]"
            ),
        ),
        (
            f"auth:\n  clients:\n    bearer:\n      - {A}\n      - {B}  # two\n\n  # more",
            (
                f"auth:\n  clients:\n    bearer:\n      - {A}\n      - {B}  # two\n      - {ITEM}"
                "\n\n  # more"
            ),
        ),
        (
            f"auth:\n  clients:\n    bearer:\n    - {{key: {A}}}",
            f"auth:\n  clients:\n    bearer:\n    - {{key: {A}}}\n    - {ITEM}",
        ),
        (
            f"auth:\n  clients:\n    bearer:\n    -   name: x\n        key: {A}\n",
            f"auth:\n  clients:\n    bearer:\n    -   name: x\n        key: {A}\n    - {ITEM}\n",
        ),
        (
            "auth:\n  clients:\n    bearer:\n    - >-\n      {{ settings.a }}\n\n\n",
            "auth:\n  clients:\n    bearer:\n    - >-\n      {{ settings.a }}\n    - "
            + ITEM
            + "\n\n\n",
        ),
    ],
)
def test_key_is_put_behind_the_last_one(auth: str, wanted: str) -> None:
    assert edited(auth) == wanted


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (f"{{name: x, key: {A}}}", f"{{name: x, key: {A}, not_after: END}}"),
        (
            f"{{key: {A}, name: x }}  # c",
            f"{{key: {A}, name: x, not_after: END }}  # c",
        ),
        (
            f"{{name: x, not_after: 2100-01-01, key: {A}}}",
            f"{{name: x, not_after: END, key: {A}}}",
        ),
        (
            f"{{name: x, not_after: '2100-01-01', key: {A}}}",
            f"{{name: x, not_after: END, key: {A}}}",
        ),
        (
            f"name: x\n    key: {A} # c",
            f"name: x\n    key: {A} # c\n    not_after: END",
        ),
        (
            f"{{name: x,\n     key: {A}\n    }}",
            f"{{name: x,\n     key: {A},\n     not_after: END\n    }}",
        ),
    ],
)
def test_key_that_ends_says_so(item: str, wanted: str) -> None:
    before = f"auth:\n clients:\n  bearer:\n  - {item}\n  - {B}"

    shown = edited(before, ending="x").replace("2099-01-31T00:00:00Z", "END")

    assert shown == f"auth:\n clients:\n  bearer:\n  - {wanted}\n  - {B}\n  - {ITEM}"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_key_of_a_file_with_other_line_ends_and_a_mark(end: str, mark: str) -> None:
    auth = f"auth:\n  clients:\n    bearer:\n      - {{name: x, key: {A}}}"
    head, auth, tail = (text.replace("\n", end) for text in (HEAD, auth, TAIL))

    shown = edited(auth, ending="x", head=mark + head, tail=tail)

    assert "\n" not in shown.replace(end, "")
    assert shown.count(end) == auth.count(end) + 1


def test_key_behind_the_last_line_of_a_file_that_does_not_end() -> None:
    head = HEAD + "endpoints: [{path: /x, auth: clients, respond: {}}]\n"
    auth = f"auth:\n  clients:\n    bearer:\n      - {A}"

    assert edited(auth, head=head, tail="") == f"{auth}\n      - {ITEM}"


@pytest.mark.parametrize(
    "auth",
    [
        f"auth: {{other: {{bearer: &k [{A}]}}, clients: {{bearer: *k}}}}",
        f"auth: {{clients: {{bearer: &k [{A}]}}, other: {{bearer: *k}}}}",
        f"auth:\n  clients:\n    bearer: &k\n      - {A}",
    ],
)
def test_keys_that_are_written_in_another_way_are_left(auth: str) -> None:
    with pytest.raises(StartError, match=r"clients.*by hand|edited here"):
        edited(auth)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a", "a"), ("no", '"no"'), ("12", '"12"'), ("0xab", '"0xab"'), ("1e5", '"1e5"')],
)
def test_name_that_yaml_would_take_for_something_else_is_quoted(
    name: str, shown: str
) -> None:
    assert written({"name": name}) == f"{{name: {shown}}}"
