"""The glance reads what it takes as the parser does, and takes nothing that it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hxroute.ir import Limits
from hxroute.runtime.glance import glance
from tests.front.bends import (
    HOSTS,
    KEPT,
    LAST,
    LOADED_NAMES,
    LOADED_VALUES,
    METHODS,
    NAMES,
    ODD_HOSTS,
    ODD_METHODS,
    ODD_TARGETS,
    ODD_VERSIONS,
    bent,
    common,
    limits_at_edge_of,
)
from tests.front.cases import Case, raw
from tests.front.corpus import CORPUS
from tests.front.instant import Told, told
from tests.strategies import examples


def _packets(data: bytes, pieces: Sequence[int]) -> list[bytes]:
    """Return the packet that is looked at, what is left of the body, and one more."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().replace(b" ", b"").replace(b"\t", b"").split(b"\r\n")
    stated = [line for line in lines if line.startswith(b"content-length:")]
    size = stated[0].removeprefix(b"content-length:") if stated else b"0"
    missing = min(int(size) - len(body), 9) if size.isdigit() else 0
    rest = b"rest of it"[: max(missing, 0)]
    places = sorted({min(at, len(rest)) for at in (0, *pieces)})
    cuts = zip(places, [*places[1:], len(rest)], strict=True)
    return [data, *(rest[a:b] for a, b in cuts if a < b), LAST]


def _agree(packets: list[bytes], limits: Limits, *, waits: bool = True) -> Told:
    seen = told(packets, limits, at_a_glance=True, waits=waits)
    parsed = told(packets, limits, at_a_glance=False, waits=waits)
    assert seen == parsed, packets
    return seen


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_corpus_is_read_alike(case: Case) -> None:
    half = len(case.data) // 2
    for limits in (Limits(), Limits(max_head=64, max_fields=3, max_target=8)):
        _agree([case.data], limits)
        _agree([case.data, LAST], limits)
        _agree([KEPT, case.data, KEPT, LAST], limits)
        _agree([b"\r\n", case.data, KEPT, LAST], limits, waits=False)
        _agree([case.data[:half], case.data[half:], KEPT, LAST], limits)


def test_many_rows_of_the_corpus_are_taken() -> None:
    """Else the test above would hold with a glance that takes nothing."""
    taken = [case.name for case in CORPUS if glance(case.data, Limits())]
    assert len(taken) > 50


@pytest.mark.parametrize("name", [*LOADED_NAMES, *NAMES], ids=repr)
def test_each_odd_field_is_read_alike(name: bytes) -> None:
    for value in LOADED_VALUES:
        for more in ((), (b"Connection: keep-alive",), (b"Upgrade: x",)):
            start = b"POST /p HTTP/1.1"
            data = raw(start, b"Host: a", *more, name + b": " + value)
            _agree([data, LAST], Limits())
            _agree([data + b"abc", LAST], Limits())


def test_each_odd_start_line_is_read_alike() -> None:
    starts = [
        *(b"%b /p HTTP/1.1" % method for method in (*METHODS, *ODD_METHODS)),
        *(b"GET /p %b" % version for version in ODD_VERSIONS),
        *(b"%b %b HTTP/1.1" % (m, t) for m in METHODS for t in ODD_TARGETS),
        *(b"GET /%c HTTP/1.1" % octet for octet in range(256)),
        *(b"GET /?%c HTTP/1.1" % octet for octet in range(256)),
    ]
    for start in starts:
        _agree([raw(start, b"Host: a"), LAST], Limits())


def test_each_octet_of_a_field_is_read_alike() -> None:
    for octet in range(256):
        for line in (b"x%cy: a", b"%c: a", b"x: %c", b"x: a%c", b"x: a%cb", b"x:%ca"):
            _agree([raw(b"GET / HTTP/1.1", b"Host: a", line % octet), LAST], Limits())
        _agree([raw(b"GET / HTTP/1.1", b"Host: a%c" % octet), LAST], Limits())


def test_each_host_is_read_alike() -> None:
    for host in (*HOSTS, *ODD_HOSTS):
        for more in ((), (b"Host: a",), (b"hOST: " + host,)):
            data = raw(b"GET / HTTP/1.1", b"Host: " + host, *more)
            _agree([data, LAST], Limits())


@examples(400)
@given(common(), st.lists(st.integers(0, 3), max_size=2), st.booleans())
def test_common_requests_are_taken_and_read_alike(
    data: bytes, pieces: list[int], waits: bool
) -> None:
    assert glance(data, Limits()) is not None
    packets = _packets(data, pieces)
    seen = _agree(packets, Limits(), waits=waits)
    assert len(seen.requests) == 2
    assert seen.requests[0][-1] == b"".join(packets[:-1]).partition(b"\r\n\r\n")[2]


@examples(400)
@given(st.data(), common())
def test_requests_at_the_edges_of_limits_are_read_alike(
    draws: st.DataObject, data: bytes
) -> None:
    _agree(_packets(data, ()), draws.draw(limits_at_edge_of(data)))


def test_bent_requests_are_read_alike() -> None:
    taken = 0

    @examples(1500)
    @given(bent(), st.booleans())
    def are_read_alike(data: bytes, waits: bool) -> None:
        nonlocal taken
        if glance(data, Limits()) is not None:
            taken += 1
        _agree(_packets(data, ()), Limits(), waits=waits)

    are_read_alike()
    assert taken > 100  # bent, and yet beyond doubt
