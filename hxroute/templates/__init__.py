"""Templates: the one room of Jinja2.

The compiler calls `parse` and `mistakes`; a starting gateway calls `text`, `path`,
`document` and `content`; a node gives them the `values` of its request.
"""

from hxroute.templates.allowance import MAX_MADE, TOO_LARGE, made
from hxroute.templates.folding import folds
from hxroute.templates.language import (
    is_constant,
    is_simple,
    is_template,
    literals,
    names,
    outline,
    parse,
    raised,
    roots,
    shown_names,
    strings,
    texts,
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
    path,
    text,
    to_bytes,
)
from hxroute.templates.values import PathParameter, Settings, Sparse, Values, values

__all__ = [
    "FILTERS",
    "MAX_MADE",
    "TESTS",
    "TOO_LARGE",
    "Mistake",
    "PathParameter",
    "Render",
    "Settings",
    "Sparse",
    "Values",
    "content",
    "decided",
    "document",
    "expressions",
    "find",
    "folds",
    "is_constant",
    "is_simple",
    "is_template",
    "literals",
    "made",
    "mistakes",
    "names",
    "outline",
    "parse",
    "path",
    "raised",
    "roots",
    "shown_names",
    "strings",
    "text",
    "texts",
    "to_bytes",
    "values",
]
