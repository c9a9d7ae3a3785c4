from __future__ import annotations

import inspect
import re

import pytest

from hxroute import errors
from hxroute.errors import KINDS, ProxyError, lineage


def test_every_kind_has_a_class_of_its_own() -> None:
    public = [getattr(errors, name) for name in errors.__all__]
    classes = {
        item
        for item in public
        if inspect.isclass(item) and issubclass(item, ProxyError) and item != ProxyError
    }

    assert set(KINDS.values()) == classes
    assert {cls.kind for cls in classes} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_has_a_status_a_stage_a_side_and_a_text_of_ours(kind: str) -> None:
    cls = KINDS[kind]

    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind)
    assert 400 <= cls.status <= 599
    assert cls.stage in ("match", "authenticate", "body", "connect", "call", "pipeline")
    assert cls.side == {4: "client", 5: "upstream"}.get(cls.status // 100) or (
        kind in ("internal", "overloaded", "circuit_open") and cls.side == "gateway"
    )
    assert cls().detail
    assert str(cls()) == cls.detail


@pytest.mark.parametrize(
    ("kind", "parents"),
    [
        ("not_found", ("not_found",)),
        ("bad_path", ("bad_path", "bad_request")),
        ("not_an_object", ("not_an_object", "bad_request")),
        ("connect_failed", ("connect_failed", "unreachable")),
        ("pool_timeout", ("pool_timeout", "timeout")),
        ("total_timeout", ("total_timeout", "timeout")),
        ("timeout", ("timeout",)),
        ("internal", ("internal",)),
    ],
)
def test_answer_is_looked_up_from_the_kind_to_its_parents(
    kind: str, parents: tuple[str, ...]
) -> None:
    assert lineage(kind) == parents


def test_tree_is_the_one_that_the_module_draws() -> None:
    drawing = inspect.getdoc(errors) or ""

    for cls in KINDS.values():
        drawn = re.search(rf"\b{cls.__name__}\b(?:.*?)(\d{{3}})?", drawing)
        assert drawn, f"{cls.__name__} is not in the drawing"
    for name, status in re.findall(r"^ +(\w+) {2,}(\d{3})  ", drawing, re.MULTILINE):
        assert getattr(errors, name).status == int(status)


def test_detail_may_be_stated() -> None:
    exc = errors.BadPath("dot segments are not allowed")

    assert (exc.detail, str(exc)) == ("dot segments are not allowed",) * 2
    assert errors.BadPath.detail == "The path is not allowed."


def test_error_carries_the_limit_and_the_methods() -> None:
    assert errors.PayloadTooLarge(max_size=5).max_size == 5
    assert errors.MethodNotAllowed(allow=("GET", "PUT")).allow == ("GET", "PUT")
    assert (errors.NotFound().max_size, errors.NotFound().allow) == (None, ())


def test_child_keeps_its_parent_s_status_and_side() -> None:
    assert (errors.ReadTimeout.status, errors.ReadTimeout.side) == (504, "upstream")
    assert errors.ConnectTimeout.stage == "connect"
    assert errors.WriteTimeout.detail == errors.UpstreamTimeout.detail


def test_upstream_status_is_no_exception() -> None:
    assert errors.UPSTREAM_STATUS not in KINDS
