"""Lower what an upstream is to survive: targets, balancing, health and retries."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any, Final

from hxroute import templates, units, urls
from hxroute.compiler.tree import Hole, Mapping, Node, Scalar, Sequence, plain
from hxroute.diagnostics import Report
from hxroute.resilience import Balance, HealthCheck, OutlierDetection, Retry, Target

__all__ = [
    "balance",
    "check_places",
    "failures",
    "health",
    "outliers",
    "retry",
    "targets",
]

_LEAST: Final = 0.001
"""Seconds below which no interval and no limit makes sense."""

_MAY_BE_ZERO: Final = frozenset({"backoff", "max_backoff", "max_retry_after"})

_Policy = HealthCheck | OutlierDetection | Retry

_OF_TARGETS: Final = ("balance", "health", "outlier_detection")
"""What an upstream says of its targets."""


def check_places(node: Mapping, name: Node, report: Report) -> None:
    """Report an upstream that is nowhere or at two places at once."""
    url, several = node.get("url"), node.get("targets")
    if url is None and several is None:
        message = f"upstream `{plain(name)}` has neither `url` nor `targets`"
        report.add("HX107", message, name.span, help="state one of them")
    elif url is not None and several is not None:
        message = f"upstream `{plain(name)}` has both `url` and `targets`"
        help_text = "make `url` one of the `targets`"
        report.add("HX107", message, several.span.head, help=help_text)
    elif several is None:
        for word in _OF_TARGETS:
            key = node.key(word)
            if key is not None:
                message = f"`{word}` is about several targets, and there is one place"
                help_text = (
                    f"write `targets:` in the place of `url:`, or remove `{word}`"
                )
                report.add("HX107", message, key.span, help=help_text)


def targets(
    node: Node | None, url: Callable[[Node | None], str], report: Report
) -> tuple[Target, ...]:
    """Lower a list of targets.

    Args:
        node: the list.
        url: lowers the URL of one of them.
        report: gets what is wrong with them.
    """
    items = node.items if isinstance(node, Sequence) else ()
    found = tuple(_target(item, url) for item in items)
    alike: dict[Hashable, list[tuple[Node, Target]]] = {}
    for item, target in zip(items, found, strict=True):
        alike.setdefault(_address(target.url), []).append((item, target))
    for address, same in alike.items():
        if address is not None and len(same) > 1:
            _refuse(same, report)
    return found


def _address(source: str) -> Hashable | None:
    """Return what the URLs of one address share; None where they are refused already."""
    if templates.is_template(source):
        return source
    return None if urls.mistake(source) else urls.base(source)


def _refuse(same: list[tuple[Node, Target]], report: Report) -> None:
    """Report targets of one address."""
    (first, _), (second, _), *_ = same
    weight = sum(target.weight for _, target in same)
    message = "a target that is listed already"
    help_text = f"list it once; `weight: {weight}` gives it as many calls"
    related = ((first.span.head, "first listed here"),)
    report.add("HX116", message, second.span.head, help=help_text, related=related)


def _target(node: Node, url: Callable[[Node | None], str]) -> Target:
    if not isinstance(node, Mapping):
        return Target(url(node), at=node.span.line)
    weight = plain(node).get("weight", 1)
    return Target(url(node.get("url")), weight, at=node.span.line)


def balance(node: Node | None, key: Callable[[Node], str]) -> Balance:
    """Lower a way of balancing; `key` lowers the template that is hashed."""
    if isinstance(node, Mapping):
        source = node.get("hash")
        template = None if source is None else key(source)
        return Balance("hash", template, at=node.span.line)
    if isinstance(node, Scalar) and node.value is not None:
        return Balance(node.value, at=node.span.line)  # type: ignore[arg-type]
    return Balance()


def health(node: Node | None, report: Report) -> HealthCheck | None:
    """Lower a health check."""
    if not isinstance(node, Mapping):
        return None
    stated = {"path": "", **_stated(HealthCheck, node, report)}
    return HealthCheck(**stated, at=node.span.line)


def outliers(node: Node | None, report: Report) -> OutlierDetection | None:
    """Lower outlier detection."""
    if not isinstance(node, Mapping):
        return None
    return OutlierDetection(
        **_stated(OutlierDetection, node, report), at=node.span.line
    )


def retry(node: Node | None, report: Report) -> Retry | None:
    """Lower what is tried again, and how."""
    if not isinstance(node, Mapping):
        return None
    return Retry(**_stated(Retry, node, report), at=node.span.line)


def failures(node: Node | None) -> tuple[str, ...]:
    """Lower a list of failures, or of statuses."""
    return (
        tuple(str(word) for word in plain(node)) if isinstance(node, Sequence) else ()
    )


def _stated(policy: type[_Policy], node: Mapping, report: Report) -> dict[str, Any]:
    """Return what is stated of a policy; what was refused is left out."""
    known = {field.name for field in dataclasses.fields(policy)}
    return {
        str(key.value): _value(str(key.value), value, report)
        for key, value in node.items
        if key.value in known and not isinstance(value, Hole)
    }


def _value(name: str, node: Node, report: Report) -> Any:
    """Return seconds, a share of one, words or a number."""
    written = plain(node)
    if isinstance(node, Sequence):
        return failures(node)
    if not isinstance(written, str) or name == "path":
        return written
    if written.endswith("%"):
        return float(written[:-1]) / 100
    seconds = units.duration(written) or 0.0
    if seconds < _LEAST and name not in _MAY_BE_ZERO:
        message = f"`{name}` is never over in `{written}`"
        help_text = "write 1ms or more; leave it out for the default"
        report.add("HX109", message, node.span.head, help=help_text)
    return seconds
