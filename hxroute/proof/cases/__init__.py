"""Where the cases of a recording come from; pure functions of what they are given.

    places     what a compiled gateway says of its endpoints, as a generator needs it
    openapi    the same of an OpenAPI document, by way of `samples`
    merging    the two as one
    generate   cases of places: one factor at a time, then `pairs` of `levels`
    casefile   the user's own cases
    gathering  the three united; no two cases have one name

The levels of a factor are tables, one a module: `asking` (methods, keys and content
types), `fields`, `targets`, `bodies`, and of the upstream `answers` and `faults`. Nothing here plays
a case, reads a clock or draws at random: the same input gives the same cases in the
same order, so that a recording can go on where it was stopped.
"""

from hxroute.proof.cases.casefile import CaseFile
from hxroute.proof.cases.gathering import Gathered, gather
from hxroute.proof.cases.generate import SIZES, Size, generate
from hxroute.proof.cases.merging import merged
from hxroute.proof.cases.openapi import Described, described
from hxroute.proof.cases.places import Place, of_gateway

__all__ = [
    "SIZES",
    "CaseFile",
    "Described",
    "Gathered",
    "Place",
    "Size",
    "described",
    "gather",
    "generate",
    "merged",
    "of_gateway",
]
