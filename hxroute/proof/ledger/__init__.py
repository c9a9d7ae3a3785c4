"""The ledger: intended differences, each with its new bytes, a reason and an owner."""

from hxroute.proof.ledger.accepting import accept
from hxroute.proof.ledger.entries import Entry, Ledger, Pin, Reason
from hxroute.proof.ledger.judging import judge, settled
from hxroute.proof.ledger.problems import problems
from hxroute.proof.ledger.reading import read

__all__ = [
    "Entry",
    "Ledger",
    "Pin",
    "Reason",
    "accept",
    "judge",
    "problems",
    "read",
    "settled",
]
