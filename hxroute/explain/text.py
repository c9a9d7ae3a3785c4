"""An explanation for people: what happens, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from hxroute.explain.data import Answer, Candidate, Explanation, Failure, Field, Step

__all__ = ["lines"]

_FEW: Final = 5
"""Endpoints of another path that are shown."""

_SHOWN: Final = 2000
"""Characters of a body that are shown."""

_MARKS: Final = {
    "kept": ("  ", ""),
    "dropped": ("- ", "red"),
    "set": ("+ ", "green"),
    "taken": ("* ", "bold green"),
    "later": ("  ", ""),
    "method": ("  ", ""),
    "path": ("  ", "dim"),
}


def lines(explanation: Explanation) -> Iterator[Text]:
    """Yield an explanation line by line."""
    yield Text(f"{explanation.method} {explanation.target}", "bold")
    yield from _part("endpoints", _candidates(explanation))
    yield from _part("pipeline", _steps(explanation))
    yield from _part("request headers", _fields(explanation, explanation.fields))
    yield from _part("upstream request", _call(explanation))
    yield from _part("timeouts", _timeouts(explanation))
    yield from _part("response headers", _fields(explanation, explanation.answered))
    if explanation.call is None and explanation.answer is not None:
        yield from _part("answer", _answer(explanation.answer))
    yield from _part("failures", _failures(explanation))
    yield from _part("notes", (Text(f"  {note}") for note in explanation.notes))


def _part(title: str, content: Iterable[Text]) -> Iterator[Text]:
    shown = list(content)
    if shown:
        yield Text()
        yield Text(title, "bold cyan")
        yield from shown


def _place(explanation: Explanation, line: int) -> str:
    return f"  {explanation.file}:{line}" if line else ""


def _candidates(explanation: Explanation) -> Iterator[Text]:
    others = [item for item in explanation.candidates if item.outcome == "path"]
    near = {id(item) for item in _nearest(others, explanation.target)}
    for item in explanation.candidates:
        if item.outcome == "path" and id(item) not in near:
            continue
        mark, style = _MARKS[item.outcome]
        place = Text(_place(explanation, item.line), "dim")
        yield Text(f"{mark}{item.name}: {item.reason}", style) + place
    if len(others) > len(near):
        yield Text(f"  and {len(others) - len(near)} more whose path differs", "dim")
    if not explanation.endpoint:
        yield Text("  none takes it", "bold red")


def _nearest(others: list[Candidate], target: str) -> list[Candidate]:
    """Return the endpoints whose name has most in common with a target."""

    def common(item: Candidate) -> int:
        path = item.name.rpartition(" ")[2]
        pairs = zip(path, target, strict=False)
        return next((n for n, (a, b) in enumerate(pairs) if a != b), len(path))

    return sorted(others, key=common, reverse=True)[:_FEW]


def _steps(explanation: Explanation) -> Iterator[Text]:
    for number, step in enumerate(explanation.steps, 1):
        place = Text(_place(explanation, step.line), "dim")
        yield Text(f"  {number} {step.text}") + place
        if step.ends is not None:
            yield from _end(step, explanation)


def _end(step: Step, explanation: Explanation) -> Iterator[Text]:
    assert step.ends is not None
    yield Text(f"    ends here: {_short(step.ends)}", "bold red")
    if step is not explanation.steps[-1]:
        yield Text("    what follows is for a request that passes", "dim")


def _fields(explanation: Explanation, fields: Iterable[Field]) -> Iterator[Text]:
    for item in fields:
        mark, style = _MARKS[item.outcome]
        value = f": {item.value}" if item.value else ""
        place = Text(f"  {item.reason}{_place(explanation, item.line)}", "dim")
        yield Text(f"{mark}{item.name}{value}", style) + place


def _call(explanation: Explanation) -> Iterator[Text]:
    call = explanation.call
    if call is None:
        return
    yield Text(f"  {call.method} {call.url}", "bold")
    for name, value in call.headers:
        yield Text(f"  {name}: {value}")
    if call.body:
        yield Text()
        yield from _body(call.body)


def _timeouts(explanation: Explanation) -> Iterator[Text]:
    if explanation.call is not None:
        phases = (f"{name} {value:g} s" for name, value in explanation.call.timeout)
        yield Text("  " + ", ".join(phases))


def _answer(answer: Answer) -> Iterator[Text]:
    yield Text(f"  {answer.status}", "bold")
    for name, value in answer.headers:
        yield Text(f"  {name}: {value}")
    if answer.body:
        yield Text()
        yield from _body(answer.body)


def _body(body: str) -> Iterator[Text]:
    for line in body[:_SHOWN].splitlines():
        yield Text(f"  {line}")
    if len(body) > _SHOWN:
        yield Text(f"  … and {len(body) - _SHOWN} characters more", "dim")


def _failures(explanation: Explanation) -> Iterator[Text]:
    """Yield each answer once, with the kinds that get it."""
    groups: dict[tuple[Answer, int, str], list[Failure]] = {}
    for item in explanation.failures:
        groups.setdefault((item.answer, item.line, item.reason), []).append(item)
    for (answer, line, reason), items in groups.items():
        kinds = ", ".join(dict.fromkeys(item.kind for item in items))
        place = Text(f"  {reason}{_place(explanation, line)}", "dim")
        yield Text(f"  {kinds}", "bold") + place
        yield Text(f"    {_short(answer)}")


def _short(answer: Answer) -> str:
    body = " ".join(answer.body.split())
    return f"{answer.status} {body[:200]}"
