"""A plan as plain data, for other programs."""

from __future__ import annotations

from typing import Any

from hxroute.errors import KINDS
from hxroute.plan.changes import Change, Difference, Plan, Shared, Taker

__all__ = ["as_data"]


def as_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as what a JSON document is made of.

    Its members stay as they are; later versions may only add some:

        version      1
        different    false where every request is as before
        shared       what endpoints share: `what`, `differences`, `endpoints` (names)
        changes      `kind` (added, removed, moved, changed, unmatched), `method` and
                     `path` of a request that shows it, `old` and `new` (who answers:
                     `endpoint` and `line`, or the `error` and its `status`; else null),
                     `differences`
        differences  `text`, `old_line`, `new_line` (null where no line says it)
    """
    return {
        "version": 1,
        "different": bool(plan),
        "shared": [_shared(item) for item in plan.shared],
        "changes": [_change(change) for change in plan.changes],
    }


def _shared(item: Shared) -> dict[str, Any]:
    return {
        "what": item.what,
        "differences": [_difference(found) for found in item.differences],
        "endpoints": list(item.endpoints),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "method": change.request.method,
        "path": change.request.path.decode("ascii", "replace"),
        "old": _taker(change.old),
        "new": _taker(change.new),
        "differences": [_difference(found) for found in change.differences],
    }


def _taker(taker: Taker) -> dict[str, Any]:
    error = taker.error or None
    return {
        "endpoint": None if error else taker.name,
        "line": taker.line,
        "error": error,
        "status": KINDS[error].status if error else None,
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {"text": found.text, "old_line": found.old, "new_line": found.new}
