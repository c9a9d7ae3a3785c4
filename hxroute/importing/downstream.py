"""Downstream: the answer that a middleware gets from what it calls."""

from __future__ import annotations

from hxroute.importing.values import Answer, Bag, Op, Put

__all__ = ["over"]


def over(answers: list[Answer]) -> Answer:
    """Return an answer whose headers are those of several."""
    return Answer(Op("status", ()), Op("downstream", ()), "raw", _Shared(answers), 0)


class _Shared(Bag):
    """Headers that are set on several answers at once."""

    __slots__ = ("_answers",)

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__()
        self._answers = answers

    def store(self, name: str, put: Put) -> None:
        """Set a field on each answer."""
        for answer in self._answers:
            answer.headers.store(name, put)

    def remove(self, name: str, line: int) -> None:
        """Take a field out of each answer."""
        for answer in self._answers:
            answer.headers.remove(name, line)
