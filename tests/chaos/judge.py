"""What is wrong with an answer, if anything: the rules of a chaos run."""

from __future__ import annotations

import json

from tests.chaos import answers
from tests.chaos.client import Answer
from tests.chaos.mixes import CUT, FAULTS, RIGHT
from tests.chaos.plan import Shot

__all__ = ["verdict"]

_UNANSWERED = frozenset({"hang_up", "hang_up_reset", "half_open", "black_hole"})


def verdict(shot: Shot, answer: Answer, arrivals: int) -> tuple[str, str]:
    """Return how a request ended, and what is wrong with that.

    Args:
        shot: what was asked and what befell it.
        answer: what its client read.
        arrivals: how often it came to the upstream.
    """
    wrong = answer.wrong or _too_often(shot, arrivals)
    if answer.aborted:
        return "aborted", wrong or _wrong_beginning(shot, answer)
    if not answer.status:
        return "nothing", wrong or "no answer"
    if answer.status != shot.status:
        kind = _kind(shot, answer)
        wrong = wrong or _wrong_error(shot, answer, kind, arrivals)
        return ("unsent" if _is_unsent(shot, kind, arrivals) else kind), wrong
    end = RIGHT if answer.complete else CUT
    if end not in shot.ends:
        return end, wrong or f"{end}, which it must not be"
    return end, wrong or _wrong_content(shot, answer)


def _too_often(shot: Shot, arrivals: int) -> str:
    """Say where a request was sent again that must not be (RFC 9110 §9.2.2)."""
    answered = shot.fault not in _UNANSWERED
    most = 1 if answered or not shot.replayable else 2
    return f"came {arrivals} times to the upstream" if arrivals > most else ""


def _kind(shot: Shot, answer: Answer) -> str:
    """Return the kind that an error names; to HEAD its length alone tells."""
    if shot.method == "HEAD":
        bodies = {str(len(_body_of(kind))): kind for kind in shot.ends}
        length = answer.values("content-length")
        return bodies.get("".join(length), f"status {answer.status}")
    try:
        document = json.loads(answer.body)
    except ValueError:
        return f"status {answer.status}"
    kind = document.get("kind", "") if isinstance(document, dict) else ""
    return kind if answer.body == _body_of(kind) else f"status {answer.status}"


def _body_of(kind: str) -> bytes:
    return f'{{"kind":"{kind}"}}'.encode()


def _wrong_error(shot: Shot, answer: Answer, kind: str, arrivals: int) -> str:
    if not answer.complete:
        return "an error that breaks off"
    stray = answer.values("set-cookie") + answer.values("x-id")
    if stray:
        return f"an error with another answer's fields: {stray}"
    if kind in shot.ends or _is_unsent(shot, kind, arrivals):
        status = 504 if "timeout" in kind else 502
        return "" if answer.status == status else f"{kind} with {answer.status}"
    return f"{kind} ({bytes(answer.body[:80])!r}) instead of {sorted(shot.ends)}"


def _is_unsent(shot: Shot, kind: str, arrivals: int) -> bool:
    """Tell whether it met a stale connection and could not be sent again."""
    expected = kind in shot.ends
    return not (expected or shot.replayable or arrivals) and kind == "disconnected"


def _wrong_beginning(shot: Shot, answer: Answer) -> str:
    """Say what is wrong with as much as a client has read that left."""
    if answer.status in (0, 502, 504):
        return ""
    return _wrong_content(shot, answer) if answer.status == shot.status else "a status"


def _wrong_content(shot: Shot, answer: Answer) -> str:
    told = [f for f in answer.headers if f[0] in ("content-type", "x-id", "set-cookie")]
    if sorted(told) != sorted(answers.fields(shot)):
        return f"the fields {told}"
    sent = b"" if FAULTS[shot.fault].stage == "upload" else shot.body
    whole = answers.body(shot, answers.digest(shot.key, shot.cookie, sent))
    if shot.method == "HEAD" or shot.shape == "none":
        length = answer.values("content-length")
        if length not in ([], [str(shot.size)]) or answer.body:
            return f"no body, of length {length}"
        return ""
    if answer.complete:
        return "" if answer.body == whole else _difference(whole, answer.body)
    if not whole.startswith(bytes(answer.body)):
        return _difference(whole, answer.body)
    return ""


def _difference(whole: bytes, found: bytearray) -> str:
    pairs = enumerate(zip(whole, found, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(whole), len(found)))
    return (
        f"a wrong body: {len(found)} B instead of {len(whole)}, from {at} on "
        f"{bytes(found[at : at + 80])!r} instead of {whole[at : at + 80]!r}"
    )
