"""Plan: which requests a new routes file would change, and how.

    cells       who gets which requests, then and now
    meaning     names and templates of both, made comparable
    facts       what a pipeline does; headers, answers and statuses have their own rooms
    comparison  two pipelines
    common      what endpoints share
    planning    all of it, from two gateways to a plan
    text, data  a plan for people and for programs

What a plan says of requests it says of all of them: it leaves none out, and shows one of
each kind.
"""

from hxroute.plan.changes import Change, Difference, Kind, Plan, Shared, Taker
from hxroute.plan.data import as_data
from hxroute.plan.planning import differences
from hxroute.plan.text import render

__all__ = [
    "Change",
    "Difference",
    "Kind",
    "Plan",
    "Shared",
    "Taker",
    "as_data",
    "differences",
    "render",
]
