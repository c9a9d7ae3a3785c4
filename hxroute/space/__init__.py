"""Space: which requests the endpoints of a gateway take, exactly.

    claims  what an endpoint asks for
    tree    the endpoints by the segments of their paths
    gaps    a path of a pattern that nobody else takes
    table   the questions about one gateway

Every answer comes with a request that shows it, and within a budget of steps.
"""

from hxroute.space.claims import (
    Claim,
    Unnamed,
    Witness,
    claim_of,
    declined,
    meet,
    shared,
)
from hxroute.space.gaps import Gaps, Rivals, Segments
from hxroute.space.table import Overlap, Space, Taken
from hxroute.space.tree import NOBODY, PAIR, Budget, Node, OutOfSteps, Slot, meeting

__all__ = [
    "NOBODY",
    "PAIR",
    "Budget",
    "Claim",
    "Gaps",
    "Node",
    "OutOfSteps",
    "Overlap",
    "Rivals",
    "Segments",
    "Slot",
    "Space",
    "Taken",
    "Unnamed",
    "Witness",
    "claim_of",
    "declined",
    "meet",
    "meeting",
    "shared",
]
