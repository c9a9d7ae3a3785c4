"""Reports to render."""

from __future__ import annotations

from hypothesis import strategies as st

from hxroute.diagnostics import CATALOG, Report
from hxroute.span import Span

TEXT = """\
version: 1
endpoints:
  - path: /users/{id}
    auth: none
  - path: /users/{name}
    upstream: litelm
"""


def report_of_three(file: str = "routes.yaml") -> Report:
    """Return an error with a cure, one with a related place, and a warning."""
    report = Report(file, TEXT)
    taken = ((Span(3, 11, 3, 22), "taken here"),)
    report.add("HX201", "unknown upstream `litelm`", Span(6, 15, 6, 21), label="here")
    report.add("HX310", "this can never match", Span(5, 11, 5, 24), related=taken)
    report.add("HX312", "a secret has a default", Span(1, 1, 3, 1), help="remove it")
    return report


_numbers = st.integers(1, 9)
_spans = st.builds(
    lambda line, column, lines, columns: Span(
        line, column, line + lines, column + columns
    ),
    *(_numbers, _numbers, st.integers(0, 6), st.integers(0, 9)),
)
_characters = st.sampled_from(
    "ab:-{ 日本é\u0301\u200d\u202e\x1b\x07\x9b\t\n\r\u2028\ufeff"
)
_texts = st.text(_characters | st.characters(), max_size=40)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Draw a report on any text, with any words, and files of any name."""
    report = Report(draw(_texts.filter(bool)), draw(st.text(_characters)))
    for _ in range(draw(st.integers(0, 4))):
        report.add(
            draw(st.sampled_from(sorted(CATALOG))),
            draw(_texts),
            draw(_spans),
            label=draw(_texts),
            help=draw(_texts),
            related=tuple(draw(st.lists(st.tuples(_spans, _texts), max_size=2))),
        )
    return report
