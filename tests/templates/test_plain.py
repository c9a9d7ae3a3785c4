"""Plain templates are read without Jinja2's parser, as it would read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.templates import language

PIECES = (
    *("a", "é ", "\n", "\r\n", " x ", "}", "#", "-", "'"),
    *("{{ settings.a }}", "{{settings.a}}", "{{  body.x_1  }}", "{{ error.kind}}"),
    *("{{ path.items }}", "{{ query.if }}", "{{ headers.else }}", "{{ client.host }}"),
)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_plain_template_reads_as_the_parser_reads_it(source: str) -> None:
    shown = repr(language.parse(source))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "_PLAIN", re.compile("(?!)"))
        assert repr(language.parse(source)) == shown


@pytest.mark.parametrize(
    "source", ["{{ none.x }}", "{{ not.x }}", "{{ settings.a | upper }}", "{{ a }}"]
)
def test_what_is_not_plain_is_left_to_the_parser(source: str) -> None:
    assert language._PLAIN.fullmatch(source) is None
