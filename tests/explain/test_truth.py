"""What is explained is what happens: explanations against gateways that are served."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxroute.explain import Explanation, Question
from hxroute.explain.values import shown, without_credentials
from hxroute.sandbox.scripted import Script
from tests.explain.compared import (
    KEPT_ALIVE,
    Pairs,
    Veil,
    call_of,
    expected_fields,
    got,
    said_of,
    text_of,
    without,
)
from tests.explain.files import SECRETS
from tests.explain.served import PLACES, Place
from tests.explain.strategies import CREDENTIALS, exchanges
from tests.runtime.serving import Answer

NAMES = {
    "rich": SECRETS,
    "sparse": {},
    "hx": {"upstream_key": SECRETS["token"]},
    "forwarding": {},
}
SLOW = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def veil_of(name: str) -> Veil:
    """Return what is shown for each secret: the client's, then the gateway's."""
    known = {value: f"<{name}>" for name, value in NAMES[name].items()}
    theirs = [*CREDENTIALS, SECRETS["one"], SECRETS["two"]]
    pinned = {str(int(SECRETS["pin"]) + 1): "2"}
    return Veil({**known, **pinned, **dict.fromkeys(theirs, "***")})


@pytest.mark.parametrize("name", PLACES)
@SLOW
@given(data=st.data())
def test_explanation_is_what_happens(
    gateways: dict[str, Place], name: str, data: st.DataObject
) -> None:
    place = gateways[name]
    question, script, answered = data.draw(exchanges(place.paths))

    check(place, veil_of(name), question, script, answered)


def check(
    place: Place, veil: Veil, question: Question, script: Script, answered: Pairs
) -> None:
    """Compare every part of an explanation with what happens."""
    explanation = place.explain(question)
    answer, seen = place.play(question, script)

    if explanation.answer is not None:
        assert answer_of(answer, question, veil) == told_of(explanation, question)
    else:
        assert answer.status == 200
        came = [(key, text_of(value)) for key, value in answered]
        wanted = without(expected_fields(came, explanation.answered), KEPT_ALIVE)
        framing = {*KEPT_ALIVE, "content-length", "transfer-encoding"}
        assert got(answer, veil, framing) == wanted
    called = explanation.call is not None and not is_refused(explanation)
    assert len(seen) == called
    if called:
        assert call_of(seen[0], veil) == said_of(explanation)
    if explanation.call is not None:
        check_ledger(explanation, question)
        check_lines(explanation, place.text)


def answer_of(answer: Answer, question: Question, veil: Veil) -> tuple[int, Pairs, str]:
    """Return the gateway's own answer as the client got it."""
    raw = text_of(answer.body.decode("latin-1"))
    body = veil.json(raw)
    fields = got(answer, veil, KEPT_ALIVE)
    if question.method == "HEAD":  # its length is that of what is not sent
        fields = without(fields, {"content-length"})
    elif body != raw:
        length = ("content-length", str(len(body.encode())))
        fields = [length if key == length[0] else (key, v) for key, v in fields]
    return answer.status, fields, body


def told_of(explanation: Explanation, question: Question) -> tuple[int, Pairs, str]:
    """Return the gateway's own answer as it was explained."""
    said = explanation.answer
    assert said is not None
    ends = [step.ends for step in explanation.steps if step.ends is not None]
    assert ends[0] == said
    names = {"content-length"} if question.method == "HEAD" else set()
    return said.status, without(list(said.headers), names), said.body


def check_lines(explanation: Explanation, text: str) -> None:
    """A line names the field that it decides, or the part that all others fall to."""
    rows = text.lower().splitlines()
    for item in (*explanation.fields, *explanation.answered):
        if item.line:
            row = rows[item.line - 1]
            names = {item.name, item.name.replace("_", "-")}
            assert any(x in row for x in (*names, "keep:", "body:"))
        else:
            assert "by `" not in item.reason


def is_refused(explanation: Explanation) -> bool:
    """Tell whether the request ends before its call."""
    return any(step.ends for step in explanation.steps[:-1])


def check_ledger(explanation: Explanation, question: Question) -> None:
    """Each field that came has one fate; those kept and set are those that went."""
    assert explanation.call is not None
    came = [
        (shown(name), shown(value))
        for name, value in without_credentials(question.headers)
    ]
    by_outcome: dict[str, Pairs] = {"kept": [], "dropped": [], "set": [], "unset": []}
    for item in explanation.fields:
        by_outcome[item.outcome].append((item.name, item.value))
    incoming = [i for i in explanation.fields if i.outcome in ("kept", "dropped")]
    assert [(item.name, item.value) for item in incoming] == came
    framing = {"host", "content-length", "transfer-encoding"}
    went = without(list(explanation.call.headers), framing)
    assert sorted(by_outcome["kept"] + by_outcome["set"]) == sorted(went)
    assert not {name for name, _ in went} & {name for name, _ in by_outcome["unset"]}
