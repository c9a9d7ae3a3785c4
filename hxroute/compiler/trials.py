"""Trials: templates are tried under values that they may meet, before any request does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hxroute import templates
from hxroute.errors import BadRequest

__all__ = ["Effort", "Failure", "failure"]

_TRIALS: Final = 64
"""Sets of settings under which one template is tried."""

_FEW: Final = 8
"""Sets of settings, and constants of the template, that are tried with a request."""

_MAX_TRIED: Final = 128 << 10
"""Characters of templates, counted at each trial, that are tried of one file."""

_MADE: Final = 1 << 10
"""Characters that a template makes while it takes as long as one of its own to try."""

_WITH_A_REQUEST: Final = 4
"""How many trials without a request take as long as one with it, to be compiled."""

_STATES: Final = {None: "not set", True: "true", False: "false"}
_OF_STRINGS: Final = frozenset({"client", "headers", "path", "query", "settings"})
_ADD: Final = "texts are joined by `~`, and only numbers are added or compared"
_TOO_MUCH: Final = f"this template makes more than {templates.MAX_MADE} characters"
_LESS: Final = "take a filter out: each that joins or encodes multiplies what it takes"
_JOIN: Final = "join with `~`, in which none is nothing, or use `… if … else none`"

Settings = Mapping[str, object]


@dataclass(slots=True)
class Effort:
    """What it has taken to try the templates of one file."""

    tried: int = 0

    def allows(self, source: str, times: int) -> bool:
        """Tell whether a template is to be tried so many times; if so, note it."""
        taken = self.tried + times * len(source)
        if taken > _MAX_TRIED:
            return False
        self.tried = taken
        return True

    @property
    def is_spent(self) -> bool:
        """Whether the templates of the file have made so much that it is enough."""
        return self.tried > _MAX_TRIED

    def add_made(self) -> None:
        """Note what the template that was tried last has made."""
        self.tried += templates.made() // _MADE


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a template is of no use; `near` is the expression that fails."""

    message: str
    near: str
    cure: str


def failure(
    source: str, samples: Mapping[str, tuple[object, ...]], effort: Effort
) -> Failure | None:
    """Return why a template gives no value under some settings, or for any request.

    Args:
        source: a template without mistakes.
        samples: values that each setting may have, none where it may be unset.
        effort: what has been spent on the file.
    """
    names = templates.names(source)
    read = sorted({key for root, key in names if root == "settings" and key})
    if templates.is_simple(source) or not samples.keys() >= set(read):
        return None  # any value can be shown, or a setting was refused
    trials = [
        dict(zip(read, values, strict=True))
        for values in itertools.islice(_products(read, samples), _TRIALS)
    ]
    if not effort.allows(source, len(trials)):
        return None
    failed = []
    for trial in trials:
        why = _unfolded(source, trial)
        effort.add_made()
        if why == templates.TOO_LARGE:
            return Failure(_TOO_MUCH, "", _LESS)
        if why:
            failed.append(trial)
        if effort.is_spent:
            return None
    if failed:
        states = {} if len(failed) == len(trials) else failed[0]
        return Failure(_no_value(states), _failing(source, failed[0]), _cure(states))
    trials = trials[:_FEW]
    if not effort.allows(source, _WITH_A_REQUEST * len(trials)):
        return None
    roots = {root for root, _ in names}
    return _failure_of_requests(source, roots, trials, effort)


def _products(
    read: list[str], samples: Mapping[str, tuple[object, ...]]
) -> Iterator[tuple[object, ...]]:
    return itertools.product(*(samples[key] for key in read))


def _failure_of_requests(
    source: str, roots: set[str], trials: list[dict[str, object]], effort: Effort
) -> Failure | None:
    if roots <= {"settings"}:
        return None
    if roots <= {"settings", "error"}:
        if all(all(_gives(source, trial, _ERRORS, effort)) for trial in trials):
            return None
        message = "this template gives no value where `error.max_size` is none"
        return Failure(message, "", "write `error.max_size | default(0)`")
    worlds = list(_worlds(source)) if roots <= _OF_STRINGS else []
    failed = [
        trial
        for trial in trials
        if worlds and not any(_gives(source, trial, worlds, effort))
    ]
    if not failed:
        return None
    states = {} if len(failed) == len(trials) else failed[0]
    message = f"{_no_value(states)}, whatever the request"
    return Failure(message, "", _cure(states))


class _Any(dict[str, Any]):
    """A mapping in which every key has one value."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __missing__(self, key: object) -> object:
        return self._value


_ERRORS: Final = tuple(
    {"error": {"kind": "internal", "status": 500, "detail": "", "max_size": size}}
    for size in (None, 1024)
)


def _worlds(source: str) -> Iterator[templates.Values]:
    """Yield what requests may hold: a number, nothing, or what the template asks for."""
    asked = itertools.islice(templates.texts(source), _FEW)
    for value in ("7", None, *asked):
        given = dict.fromkeys(("headers", "path", "query"), _Any(value))
        yield {**given, "client": {"host": "127.0.0.1"}}


def _gives(
    source: str,
    settings: Settings,
    requests: Iterable[templates.Values],
    effort: Effort,
) -> Iterator[bool]:
    """Tell of each request whether a template gives a value; so does one not tried."""
    try:
        shown = templates.text(source, settings)
    except BadRequest:
        yield False
        return
    for values in requests:
        yield isinstance(shown, str) or effort.is_spent or _renders(shown, values)
        effort.add_made()


def _renders(shown: templates.Render, values: templates.Values) -> bool:
    try:
        shown(values)
    except BadRequest:
        return False
    return True


def _unfolded(source: str, settings: Settings) -> str:
    """Return why a start can do nothing with a template; nothing where it can."""
    try:
        templates.folds(source, settings)
    except BadRequest as exc:
        return exc.detail
    return ""


def _no_value(settings: Settings) -> str:
    """Say under which settings there is no value; none where there never is."""
    states = [
        f"`settings.{name}` is {_STATES[value]}"
        for name, value in settings.items()
        if value is None or isinstance(value, bool)
    ]
    if not settings:
        return "this template can give no value"
    return (
        f"this template gives no value where {' and '.join(states) or 'nothing is set'}"
    )


def _cure(settings: Settings) -> str:
    return _JOIN if None in settings.values() else _ADD


def _failing(source: str, settings: Settings) -> str:
    """Return the first expression that gives no value under these settings."""
    found = templates.expressions(source)
    return next((item for item in found if _unfolded(item, settings)), "")
