"""The nodes of a pipeline, and the one order in which they are put together.

A node's YAML key, module and schema share a name; where its key stands in an endpoint
is its path in `NODES`.
"""

from typing import Final

from hxroute.errors import BadPath, MethodNotAllowed, NotFound
from hxroute.nodes.authenticate import Authenticate
from hxroute.nodes.cors import Cors
from hxroute.nodes.execute import Execute
from hxroute.nodes.fallback import Fallback
from hxroute.nodes.health import Health
from hxroute.nodes.limit_body import LimitBody
from hxroute.nodes.limit_concurrency import LimitConcurrency
from hxroute.nodes.limit_memory import LimitMemory
from hxroute.nodes.map_errors import MapErrors
from hxroute.nodes.observe import Observe
from hxroute.nodes.rate_limit import RateLimit
from hxroute.nodes.rename_json import RenameJson
from hxroute.nodes.respond import Respond
from hxroute.nodes.stream_error import StreamError

__all__ = [
    "NODES",
    "UNMATCHED",
    "Authenticate",
    "Cors",
    "Execute",
    "Fallback",
    "Health",
    "LimitBody",
    "LimitConcurrency",
    "LimitMemory",
    "MapErrors",
    "Observe",
    "RateLimit",
    "RenameJson",
    "Respond",
    "StreamError",
]

NODES: Final = (
    Observe,  # sees every answer, so it is outermost
    Cors,  # lets scripts read what becomes of them, errors too
    MapErrors,  # answers whatever fails inside it
    LimitMemory,  # what there is no memory for costs nothing, not even a key
    Authenticate,  # before a stranger's body is read or a template rendered
    RateLimit,  # by whose request it is; what is refused is never read
    LimitConcurrency,  # before a body is read that nobody has time for
    LimitBody,  # before anything that needs the body at hand
    RenameJson,  # rewrites what the limit has read
    Health,  # how the server is, or
    Respond,  # an answer of our own, or
    StreamError,  # around what answers with a stream
    Fallback,  # other calls where this one fails: around
    Execute,  # the upstream call: innermost, nothing comes after
)
"""Every node in the order of travel, with the reason for its place."""

UNMATCHED: Final = (BadPath, NotFound, MethodNotAllowed)
"""The errors in which a request ends before it has a pipeline."""
