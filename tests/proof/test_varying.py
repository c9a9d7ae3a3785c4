"""What varies is told from what is there each time, and the rest of it is compared."""

from __future__ import annotations

import pytest

from hxroute.proof.exchange import Facts
from hxroute.proof.varying import SOMETIMES, VARIES, leveled, merged

ONE: Facts = {
    "id": ("a",),
    "cookie": ("x",),
    "same": ("s",),
    "client.body": ('{"error":"no","id":1,"at":[1,"x"]}',),
}
TWO: Facts = {
    "id": ("b",),
    "same": ("s",),
    "client.body": ('{"error":"no","id":2,"at":[1,"y"]}',),
}
SHAPE = '(varies) {"at": [1, "(varies)"], "error": "no", "id": {"(varies)": "number"}}'
MERGED = merged([ONE, TWO])


def test_what_varies_is_told_by_whether_it_is_there_each_time() -> None:
    assert MERGED == {
        "id": VARIES,
        "cookie": SOMETIMES,
        "same": ("s",),
        "client.body": (SHAPE,),
    }


def test_what_varies_has_to_be_there() -> None:
    absent = {name: value for name, value in TWO.items() if name != "id"}

    assert leveled(MERGED, TWO)["id"] == VARIES
    assert "id" not in leveled(MERGED, absent)


def test_what_is_there_sometimes_may_be_absent() -> None:
    assert leveled(MERGED, ONE) == leveled(MERGED, TWO) == MERGED


@pytest.mark.parametrize(
    "body",
    [
        '{"leaked":"no","id":2,"at":[1,"y"]}',
        '{"error":"yes","id":2,"at":[1,"y"]}',
        '{"error":"no","id":{"a":1},"at":[1,"y"]}',
        '{"error":"no","id":2,"at":[2,"y"]}',
        '{"error":"no","id":2,"at":[1,"y",3]}',
        '{"error":"no","id":2,"at":[true,"y"]}',
        '{"error":"no","id":null,"at":[1,"y"]}',
        '{"error":"no","id":"2","at":[1,"y"]}',
        '{"error":"no","id":2,"at":[1,""]}',
        '{"error":"yes","error":"no","id":2,"at":[1,"y"]}',
        "no JSON",
    ],
)
def test_the_rest_of_a_body_is_compared(body: str) -> None:
    got = TWO | {"client.body": (body,)}

    assert leveled(MERGED, got)["client.body"] == (body,)


def test_bodies_of_other_shapes_vary_as_a_whole() -> None:
    assert merged([{"client.body": ("[1]",)}, {"client.body": ("{}",)}]) == {
        "client.body": VARIES
    }
    assert merged([{"client.body": ("x",)}, {"client.body": ("y",)}]) == {
        "client.body": VARIES
    }


def test_what_only_looks_as_if_it_varied_is_refused() -> None:
    for mark in ("(varies)", "(sometimes)"):
        with pytest.raises(ValueError, match="varies"):
            merged([{"client.body": (mark,)}])


def test_lists_of_varying_length_vary_as_a_whole() -> None:
    times: list[Facts] = [
        {"client.body": (f'{{"l":{[0] * size}}}',)} for size in (1, 2)
    ]

    assert merged(times) == {"client.body": VARIES}
    assert leveled(merged(times), {"client.body": ('{"l":[1,2,3]}',)}) == merged(times)
