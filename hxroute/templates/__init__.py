"""Templates: the one room of Jinja2.

The compiler calls `parse` and `mistakes`; a starting gateway calls `text`, `path`,
`document` and `content`; a node gives them the `values` of its request.
"""

from hxroute.templates.language import (
    FILTERS,
    MARKS,
    TESTS,
    Mistake,
    literals,
    mistakes,
    names,
    parse,
    roots,
    strings,
)
from hxroute.templates.render import Render, content, document, path, text, to_bytes
from hxroute.templates.values import PathParameter, Sparse, Values, values

__all__ = [
    "FILTERS",
    "MARKS",
    "TESTS",
    "Mistake",
    "PathParameter",
    "Render",
    "Sparse",
    "Values",
    "content",
    "document",
    "literals",
    "mistakes",
    "names",
    "parse",
    "path",
    "roots",
    "strings",
    "text",
    "to_bytes",
    "values",
]
