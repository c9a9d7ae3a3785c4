"""Answers: a program's own answers, as those of the language."""

from __future__ import annotations

import http
import json
from typing import Any, Final

from hxroute.errors import KINDS
from hxroute.http import BODILESS
from hxroute.importing.findings import Findings
from hxroute.importing.inside import leaves
from hxroute.importing.templating import NOTHING, Templates
from hxroute.importing.values import Answer, Bag, Caught, Known, Op, Part, Put, Value

__all__ = ["UNCAUGHT", "answer_of", "error_of", "static"]

UNCAUGHT: Final = {"status": 500, "text": "Internal Server Error"}
"""What Starlette answers to an exception that nothing catches."""

_PLACEHOLDER: Final = {"json": {"detail": "{{ error.detail }}"}}


def _status(answer: Answer) -> int | None:
    status = answer.status
    if isinstance(status, Known) and isinstance(status.value, int):
        return status.value
    return None


def error_of(
    kind: str,
    answer: Answer,
    templates: Templates,
    findings: Findings,
    said: str = "",
) -> dict[str, Any]:
    """Return what an error mapping says for a kind; `said` is what findings call it."""
    said = said or kind
    found: dict[str, Any] = {}
    status = _status(answer)
    usual = KINDS[kind].status if kind in KINDS else None
    if status is None and kind != "upstream_status":
        text = f"the status of the answer to {said} is not known; it is {usual}"
        findings.manual(answer.line, text)
    elif status is not None and not 400 <= status <= 599:
        text = f"an error answered with {status}; errors answer 400 to 599"
        findings.manual(answer.line, text)
    elif status != usual and status is not None:
        found["status"] = status
    found.update(_rest(answer, templates, findings, kind))
    if any(_is_exception(item) for item in leaves(answer.body)):
        text = f"{said}: the exception's text becomes a fixed text of the gateway's"
        findings.approximate(answer.line, text)
    else:
        findings.exact(
            answer.line, f"answers {said} with {status or usual or 'its status'}"
        )
    return found


def _is_exception(value: Value) -> bool:
    is_part = isinstance(value, Op) and value.name == "exception"
    return is_part or isinstance(value, Caught)


def answer_of(
    answer: Answer, templates: Templates, findings: Findings
) -> dict[str, Any]:
    """Return what `respond` says."""
    found: dict[str, Any] = {}
    status = _status(answer)
    if status is None or not 200 <= status <= 599:
        text = "the status of this answer is not one that the language has; it is 501"
        findings.manual(answer.line, text)
        status = 501
    if status != 200:
        found["status"] = status
    rest = _rest(answer, templates, findings, "")
    if status in BODILESS:
        rest = {k: v for k, v in rest.items() if k == "headers"}
    return {**found, **rest} or {"text": ""}


def _rest(
    answer: Answer, templates: Templates, findings: Findings, kind: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    headers = static(answer, findings)
    if headers:
        found["headers"] = headers
    found.update(_body(answer, templates, findings, kind))
    return found


def static(answer: Answer, findings: Findings) -> dict[str, str]:
    """Return the constant fields of an answer of the gateway's own."""
    headers: dict[str, str] = {}
    for name, put in answer.headers.put.items():
        value = put.value
        fits = (
            isinstance(value, Known) and isinstance(value.value, str) and not put.when
        )
        if not fits or not isinstance(value, Known):
            text = f"{name} of the gateway's own answers is no constant; not drafted"
            findings.manual(put.line, text)
        elif name.lower() not in ("content-length", "connection", "transfer-encoding"):
            headers[name.lower()] = str(value.value)
    for line, text in answer.headers.odd:
        findings.manual(line, f"headers of an own answer: {text}: not drafted")
    return headers


def _body(
    answer: Answer, templates: Templates, findings: Findings, kind: str
) -> dict[str, Any]:
    body, form = answer.body, answer.form
    if isinstance(body, Op) and body.name == "dumps":
        body, form = body.args[0], "json"
    if form != "json":
        media = answer.media
        is_json = isinstance(media, Known) and str(media.value).endswith("json")
        return _text(answer, body, templates, findings, kind, is_json=is_json)
    found = templates.json(_with_phrase(body, answer))
    if found is NOTHING:
        return _not_said(answer, findings, kind)
    return {"json": found}


def _text(
    answer: Answer,
    body: Value | None,
    templates: Templates,
    findings: Findings,
    kind: str,
    *,
    is_json: bool,
) -> dict[str, Any]:
    if body is None:
        return {"text": ""} if kind else {}
    source = templates.text(body)
    if source is None or any(isinstance(x, Part) for x in leaves(body)):
        return _not_said(answer, findings, kind)
    if is_json:
        try:
            return {"json": json.loads(source)}
        except ValueError:
            pass
    return {"text": source}


def _not_said(answer: Answer, findings: Findings, kind: str) -> dict[str, Any]:
    text = f"the body of this answer{f' to {kind}' if kind else ''} is not understood"
    findings.manual(answer.line, text)
    return dict(_PLACEHOLDER) if kind else {"json": None}


def _with_phrase(body: Value | None, answer: Answer) -> Value | None:
    """Put the status's own words where an HTTPException has no detail."""
    if not isinstance(body, Bag):
        return body
    found = body.copy()
    for name, put in found.put.items():
        if put.value == Op("phrase", ()):
            status = _status(answer) or 500
            phrase = (
                http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else ""
            )
            found.put[name] = Put(Known(phrase), put.line)
    return found
