"""Under the same settings a template is prepared once."""

from __future__ import annotations

import pytest

from hxroute import templates
from hxroute.errors import BadRequest

KINDS = (templates.text, templates.path, templates.document)


@pytest.mark.parametrize("prepare", KINDS)
def test_a_template_is_prepared_once_under_its_settings(prepare: object) -> None:
    assert callable(prepare)
    one = templates.Settings({"a": "one"})
    source = '"{{ body.x }}{{ settings.a }}"'
    first = prepare(source, one)
    assert prepare(source, one) is first
    assert prepare(source, templates.Settings({"a": "two"})) is not first
    assert prepare(source, {"a": "one"}) is not first


def test_what_a_template_is_for_tells_it_apart() -> None:
    settings = templates.Settings({"a": "x/y"})
    assert templates.text('"{{ settings.a }}"', settings) == '"x/y"'
    assert templates.path('"{{ settings.a }}"', settings) == '"x%2Fy"'
    assert templates.document('"{{ settings.a }}"', settings) == b'"x/y"'


def test_a_template_that_fits_no_request_is_refused_each_time() -> None:
    settings = templates.Settings({})
    for _ in range(2):
        with pytest.raises(BadRequest):
            templates.text("{{ [1][5] }}", settings)


@pytest.mark.parametrize("source", ["{{ settings.b }}", "{{ settings.b | upper }}"])
def test_a_setting_that_is_not_there_is_named(source: str) -> None:
    with pytest.raises(KeyError, match="b"):
        templates.text(source, templates.Settings({"a": 1}))
