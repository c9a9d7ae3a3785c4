"""An explanation for people: what happens, in the order in which it happens."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Final

from rich.text import Text

from hxroute.diagnostics.shown import printable
from hxroute.explain.data import (
    Answer,
    Call,
    Candidate,
    Explanation,
    Failure,
    Field,
    Pairs,
)

__all__ = ["lines"]

_FEW: Final = 5
"""Endpoints that do not take the request which are shown."""

_LONG: Final = 500
"""Characters of a value that are shown."""

_BODY: Final = 2000
"""Characters of a body that are shown."""

_MARKS: Final = {
    "kept": ("  ", ""),
    "dropped": ("- ", "red"),
    "set": ("+ ", "green"),
    "unset": ("- ", "red"),
    "taken": ("* ", "bold green"),
    "later": ("  ", ""),
    "method": ("  ", ""),
    "path": ("  ", ""),
}


def lines(explanation: Explanation) -> Iterator[Text]:
    """Yield an explanation line by line; none holds what a terminal would obey."""
    yield _line(f"{explanation.method} {explanation.target}", "bold")
    yield from _outcome(explanation)
    yield from _part("endpoints", _candidates(explanation))
    yield from _part("pipeline", _steps(explanation))
    yield from _part("answer", _answer(explanation.answer))
    yield from _part("request headers", _fields(explanation, explanation.fields))
    yield from _part("upstream request", _call(explanation.call))
    yield from _part("response headers", _fields(explanation, explanation.answered))
    yield from _part("failures", _failures(explanation))
    yield from _part("limits", _limits(explanation))
    yield from _part("notes", (_line(f"  {note}") for note in explanation.notes))


def _line(text: str, style: str = "", after: str = "") -> Text:
    return Text(printable(_cut(text)), style) + Text(printable(after), "dim")


def _cut(text: str, size: int = _LONG) -> str:
    over = len(text) - size
    return text if over <= 0 else f"{text[:size]}… and {over} characters more"


def _part(title: str, content: Iterable[Text]) -> Iterator[Text]:
    shown = list(content)
    if shown:
        yield Text()
        yield Text(title, "bold cyan")
        yield from shown


def _place(explanation: Explanation, line: int) -> str:
    return f"  {explanation.file}:{line}" if line else ""


def _outcome(explanation: Explanation) -> Iterator[Text]:
    """Yield in a line what it comes to."""
    call, answer = explanation.call, explanation.answer
    if answer is not None:
        style = "bold red" if answer.status >= HTTPStatus.BAD_REQUEST else "bold green"
        yield _line(f"-> the gateway itself answers {answer.status}", style)
    elif call is not None:
        yield _line(f"-> {call.upstream}: {call.method} {call.url}", "bold green")


def _candidates(explanation: Explanation) -> Iterator[Text]:
    """Yield the endpoints that have to do with the request; if none has, the nearest."""
    items = explanation.candidates
    fitting = [item for item in items if item.outcome != "path"]
    near = fitting or _nearest(items, explanation.target)
    shown = [item for item in near if item.outcome == "taken"]
    shown += [item for item in near if item.outcome != "taken"][:_FEW]
    for item in sorted(shown, key=items.index):
        mark, style = _MARKS[item.outcome]
        place = _place(explanation, item.line)
        yield _line(f"{mark}{item.name}: {item.reason}", style, place)
    more = len(items) - len(shown)
    if more:
        differ = " whose path differs" if len(shown) == len(fitting) else ""
        yield Text(f"  and {more} more{differ}", "dim")
    if items and not explanation.endpoint:
        yield Text("  none takes it", "bold red")


def _nearest(items: Iterable[Candidate], target: str) -> list[Candidate]:
    """Return the endpoints sorted by how much their paths begin as a target does."""

    def common(item: Candidate) -> int:
        pairs = zip(item.path, target, strict=False)
        return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))

    return sorted(items, key=common, reverse=True)


def _steps(explanation: Explanation) -> Iterator[Text]:
    for number, step in enumerate(explanation.steps, 1):
        yield _line(f"  {number} {step.text}", "", _place(explanation, step.line))
        if step.ends is not None:
            goes_on = number < len(explanation.steps)
            rest = "; what follows is for a request that passes" if goes_on else ""
            yield Text(f"    ends here with {step.ends.status}{rest}", "bold")


def _limits(explanation: Explanation) -> Iterator[Text]:
    if explanation.call is not None:
        yield _line("  " + ", ".join(" ".join(pair) for pair in explanation.limits))


def _answer(answer: Answer | None) -> Iterator[Text]:
    if answer is not None:
        yield Text(f"  {answer.status}", "bold")
        yield from _message(answer.headers, answer.body)


def _message(headers: Pairs, body: str) -> Iterator[Text]:
    yield from (_line(f"  {name}: {value}") for name, value in headers)
    if body:
        yield Text()
        text = _cut(body, _BODY)
        yield from (Text(f"  {printable(line)}") for line in text.splitlines())


def _fields(explanation: Explanation, fields: Iterable[Field]) -> Iterator[Text]:
    for item in fields:
        mark, style = _MARKS[item.outcome]
        value = f": {item.value}" if item.value else ""
        why = f"  {item.reason}{_place(explanation, item.line)}"
        yield _line(f"{mark}{item.name}{value}", style, why)


def _call(call: Call | None) -> Iterator[Text]:
    if call is None:
        return
    yield _line(f"  {call.method} {call.url}", "bold")
    yield from _message(call.headers, call.body)
    waits = dataclasses.asdict(call.timeout).items()
    phases = (f"{name} {seconds:g} s" for name, seconds in waits if seconds is not None)
    yield Text()
    yield _line(f"  client {call.client}, waits at most: {', '.join(phases)}", "dim")
    yield from (_line(f"  {name}: {text}", "dim") for name, text in call.survives)


def _failures(explanation: Explanation) -> Iterator[Text]:
    """Yield each answer once, with the kinds that get it; only calls fail."""
    if explanation.call is None:
        return
    groups: dict[tuple[Answer, int, str], list[Failure]] = {}
    for item in explanation.failures:
        groups.setdefault((item.answer, item.line, item.reason), []).append(item)
    for (answer, line, reason), items in groups.items():
        kinds = ", ".join(dict.fromkeys(item.kind for item in items))
        body = " ".join(answer.body.split())
        place = f"  {reason}{_place(explanation, line)}"
        yield _line(f"  {answer.status} {kinds}  {body}", "", place)
