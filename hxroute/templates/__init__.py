"""Templates: the one room of Jinja2.

The compiler calls `parse` and `mistakes`; a starting gateway calls `text`, `path`,
`document` and `content`; a node gives them the `values` of its request.
"""

from hxroute.templates.language import (
    MARKS,
    constants,
    literals,
    names,
    parse,
    raised,
    roots,
    strings,
)
from hxroute.templates.mistakes import (
    FILTERS,
    TESTS,
    Mistake,
    expressions,
    find,
    mistakes,
)
from hxroute.templates.render import (
    Render,
    content,
    decided,
    document,
    folds,
    path,
    text,
    to_bytes,
)
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
    "constants",
    "content",
    "decided",
    "document",
    "expressions",
    "find",
    "folds",
    "literals",
    "mistakes",
    "names",
    "parse",
    "path",
    "raised",
    "roots",
    "strings",
    "text",
    "to_bytes",
    "values",
]
