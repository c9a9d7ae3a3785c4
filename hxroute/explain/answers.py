"""What the gateway itself answers: to each failure, and for upstream statuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NoReturn

from hxroute.errors import (
    KINDS,
    OTHER,
    UPSTREAM_STATUS,
    MethodNotAllowed,
    PayloadTooLarge,
    ProxyError,
    lineage,
)
from hxroute.explain.data import Answer, Failure
from hxroute.http import Request, Response, Start
from hxroute.ir import STANDARD_METHODS, ErrorTable, Node
from hxroute.nodes import Execute, LimitBody, MapErrors
from hxroute.responses import Replacement

__all__ = ["answer_to", "failures", "shown_answer", "size_limit"]


async def answer_to(
    error: ProxyError, pipeline: Iterable[Node], start: Start
) -> Answer:
    """Return what the pipeline's error mapping answers to an error."""

    async def fail(request: Request) -> NoReturn:
        raise error

    mapping = _mapping(pipeline)
    return shown_answer(await mapping.wrap(fail, start)(Request("GET", b"/")))


def shown_answer(response: Response) -> Answer:
    """Return a response whose body is at hand as it is shown."""
    assert isinstance(response.body, bytes)
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers
    )
    body = response.body.decode("utf-8", "backslashreplace")
    return Answer(response.status, headers, body)


async def failures(
    pipeline: tuple[Node, ...], start: Start, max_size: int | None
) -> list[Failure]:
    """Return what each error that the pipeline can end in would answer."""
    table = _mapping(pipeline).table
    kinds = dict.fromkeys(error for node in pipeline for error in node.raises())
    found = [
        Failure(
            error.kind,
            await answer_to(_made(error, max_size), pipeline, start),
            *_stated(error.kind, table),
        )
        for error in sorted(kinds, key=list(KINDS.values()).index)
    ]
    return [*found, *(item for node in pipeline for item in _replaced(node, start))]


def _made(error: type[ProxyError], max_size: int | None) -> ProxyError:
    if error is PayloadTooLarge:
        return error(max_size=max_size)
    return error(allow=STANDARD_METHODS) if error is MethodNotAllowed else error()


def _mapping(pipeline: Iterable[Node]) -> MapErrors:
    return next((node for node in pipeline if isinstance(node, MapErrors)), MapErrors())


def _stated(kind: str, table: ErrorTable) -> tuple[int, str]:
    """Return the line of a kind's answer, and under which name it is stated."""
    answers = {answer.kind: answer.at for answer in table.answers}
    for name in (*lineage(kind), OTHER):
        if name in answers:
            return answers[name], f"`{table.name}` answers `{name}`"
    return 0, "problem details (RFC 9457)"


def _replaced(node: Node, start: Start) -> Iterator[Failure]:
    """Yield what becomes of the upstream statuses that a mapping replaces."""
    rules = node.errors.upstream_status if isinstance(node, Execute) else ()
    for rule in rules:
        sample = int(rule.match[0].replace("xx", "00"))
        response, _ = Replacement(rule, start.settings).make(Response(sample))
        unless = ", unless its body is a JSON error" if rule.unless else ""
        reason = f"the upstream answered {' or '.join(rule.match)}{unless}"
        yield Failure(UPSTREAM_STATUS, shown_answer(response), rule.at, reason)


def size_limit(pipeline: Iterable[Node], start: Start) -> int | None:
    """Return the bytes that a body may have, None where it streams."""
    found = (node.limit(start) for node in pipeline if isinstance(node, LimitBody))
    return next(found, None)
