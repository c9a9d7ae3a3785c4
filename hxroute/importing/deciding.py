"""Deciding: what was read of a program, as the draft of a routes file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hxroute import units
from hxroute.importing import mappings
from hxroute.importing.answers import answer_of
from hxroute.importing.app import App
from hxroute.importing.behaviour import Behaviour
from hxroute.importing.bodies import Body, body_of
from hxroute.importing.checks import OPEN, Checks
from hxroute.importing.draft import Block, Item, Rows
from hxroute.importing.endpoint import Endpoint, call_of, commonest, once
from hxroute.importing.fields import RuleSet, of_answer, of_call
from hxroute.importing.findings import Findings
from hxroute.importing.inside import leaves
from hxroute.importing.naming import Settings
from hxroute.importing.templating import Templates
from hxroute.importing.upstreams import Target, Upstreams
from hxroute.importing.values import Answer, Call, Incoming, Known, Part, Setting

__all__ = ["decide"]

_NO_LIMIT: Final = "64MiB"
"""What a body may have that the gateway has to read, where the old one had no limit."""

_UNKNOWN: Final = {"status": 501, "json": {"detail": "This endpoint was not imported."}}


def decide(
    app: App,
    behaviours: Iterable[Behaviour],
    unmatched: Behaviour,
    known: Iterable[Setting],
    findings: Findings,
) -> Block:
    """Return the draft of what was read; `known` are all settings of the program."""
    deciding = _Deciding(app, unmatched, findings)
    draft = deciding.draft(list(behaviours))
    for setting in known:
        if not deciding.settings.reads(setting.env):
            text = f"{setting.env[0]} is read, and nothing in the draft needs it"
            findings.approximate(setting.line, text)
    return draft


class _Deciding:
    def __init__(self, app: App, unmatched: Behaviour, findings: Findings) -> None:
        self.app = app
        self.unmatched = unmatched
        self.findings = findings
        self.settings = Settings(findings)
        self.upstreams = Upstreams(self.settings, findings)
        self.checks = Checks(self.settings, findings)
        self.rules: dict[object, tuple[str, RuleSet]] = {}
        self.mappings = mappings.Mappings(self.settings, findings, unmatched)

    def draft(self, behaviours: list[Behaviour]) -> Block:
        """Put the parts of the file together."""
        endpoints = [self._endpoint(item) for item in behaviours]
        for item in sorted(endpoints, key=lambda item: item.target is None):
            item.errors = self.mappings.name(
                item.behaviour, calls=item.target is not None
            )
        errors = self.mappings.block()
        for item in endpoints:
            item.errors = self.mappings.final(item.errors)
        usual = self._usual(endpoints)
        rows = Rows([self._row(item, usual) for item in endpoints])
        draft = Block()
        draft.put("version", 1)
        parts: tuple[tuple[str, Block], ...] = (
            ("settings", self.settings.block()),
            ("server", self._server()),
            ("upstreams", self.upstreams.block()),
            ("auth", self.checks.block()),
            ("headers", self._headers()),
            ("errors", errors),
            ("defaults", self._defaults(usual)),
        )
        for name, part in parts:
            if part.items or part.todos:
                draft.put(name, part)
        draft.put("endpoints", rows)
        return draft

    def _server(self) -> Block:
        block = Block()
        for key, found in (("host", self.app.host), ("port", self.app.port)):
            if found is not None:
                block.put(key, *found)
                self.findings.exact(found[1], f"{key} {found[0]}")
        return block

    def _headers(self) -> Block:
        block = Block()
        for name, rules in self.rules.values():
            block.put(name, rules.block())
        return block

    def _endpoint(self, behaviour: Behaviour) -> Endpoint:
        auth, todos = self.checks.name(behaviour)
        todos = [*behaviour.todos, *todos]
        found = Endpoint(behaviour, auth, todos)
        call = call_of(behaviour)
        if call is not None:
            found.target = self.upstreams.target(call, behaviour.case)
        if call is None or found.target is None:
            self._own(found, call)
            return found
        templates = Templates(self.settings, behaviour.case)
        found.body = body_of(call, templates, self.findings)
        found.todos += found.body.todos
        self._no_json(behaviour, found.body)
        todo = found.target.own.pop("todo", None)
        if todo is not None:
            found.todos.append((call.line, str(todo)))
        found.sent = of_call(call, templates, self.findings)
        reply = behaviour.reply
        assert reply is not None
        found.answered = of_answer(reply, templates, self.findings)
        self._status(behaviour)
        self._limit(found)
        self._streaming(call, reply)
        return found

    def _no_json(self, behaviour: Behaviour, body: Body) -> None:
        """Say what becomes of bodies that cannot be renamed in."""
        kinds = {"invalid_json": "no JSON", "not_an_object": "JSON, but no object"}
        for kind, words in kinds.items():
            if body.rename and kind not in behaviour.errors:
                text = f"a body that is {words} is 400 here; there nothing said so"
                self.findings.approximate(body.line, text)

    def _streaming(self, call: Call, reply: Answer) -> None:
        parts = [x for x in leaves(reply.body) if isinstance(x, Part)]
        whole = call.content is not None and Incoming("body") in leaves(call.content)
        if whole or any(part.name != "stream" for part in parts):
            text = "read whole and then passed on; the gateway streams both ways"
            self.findings.approximate(call.line, text)
        else:
            self.findings.exact(call.line, "streams both ways")

    def _status(self, behaviour: Behaviour) -> None:
        reply = behaviour.reply
        assert reply is not None
        status = reply.status
        if isinstance(status, Known) and not (
            isinstance(reply.body, Part) and reply.body.name == "json"
        ):
            text = (
                f"answers {status.value} whatever the upstream's status; here it passes"
            )
            self.findings.manual(reply.line, text)
            behaviour.todos.append((reply.line, text))

    def _own(self, found: Endpoint, call: Call | None) -> None:
        """Draft an endpoint that the gateway answers by itself."""
        behaviour = found.behaviour
        templates = Templates(self.settings, behaviour.case)
        if call is not None:
            text = "the upstream of this call is not understood"
            self.findings.manual(call.line, text)
            found.todos.append((call.line, text))
        if call is None and behaviour.respond is not None:
            found.respond = answer_of(behaviour.respond, templates, self.findings)
            text = f"{behaviour.case.path} is answered by the gateway itself"
            if "json" in found.respond and found.respond["json"] is None:
                found.respond, found.auth = _UNKNOWN, self._closed(found)
                found.todos.append(
                    (behaviour.line, "what this answers is not understood")
                )
            else:
                self.findings.exact(behaviour.respond.line, text)
            return
        if call is None:
            text = f"what {behaviour.case.path} answers is not understood"
            self.findings.manual(behaviour.line, text)
            found.todos.append((behaviour.line, text))
        found.respond = _UNKNOWN
        found.auth = self._closed(found)

    def _closed(self, found: Endpoint) -> str:
        return (
            self.checks.closed(found.behaviour.line)
            if found.auth == OPEN
            else found.auth
        )

    def _limit(self, found: Endpoint) -> None:
        limit = found.behaviour.limit
        needs = bool(found.body.rename) or found.body.reads
        if limit is None:
            if needs:
                found.max_body, found.limit_line = _NO_LIMIT, found.body.line
                text = f"a body that is read needs a limit; there was none: {_NO_LIMIT}"
                self.findings.approximate(found.body.line, text)
            return
        value, found.limit_line = limit
        if isinstance(value, Setting):
            found.max_body = f"{{{{ settings.{self.settings.as_size(value)} }}}}"
        elif isinstance(value, Known) and isinstance(value.value, int):
            size = value.value
            found.max_body = (
                units.written_size(size) if 0 < size < 1 << 49 else _NO_LIMIT
            )
        self.findings.exact(found.limit_line, f"bodies up to {found.max_body}")

    def _named(self, rules: RuleSet | None, wish: str) -> str:
        """Return the name of a rule set; the same rules have the same name."""
        if rules is None or rules.is_empty:
            return "none"
        key = (wish, rules.meaning)
        if key not in self.rules:
            taken = {name for name, _ in self.rules.values()}
            number = sum(name.startswith(wish) for name in taken) + 1
            self.rules[key] = (wish if number == 1 else f"{wish}_{number}"), rules
        return self.rules[key][0]

    def _sent(self, item: Endpoint) -> str:
        target = item.target
        return self._named(item.sent, f"to_{target.name}") if target is not None else ""

    def _answered(self, item: Endpoint) -> str:
        return (
            self._named(item.answered, "to_client") if item.target is not None else ""
        )

    def _usual(self, endpoints: list[Endpoint]) -> dict[str, str]:
        """Return what most endpoints have; in a draw, the first."""
        calls = [item for item in endpoints if item.target is not None]
        columns = {
            "auth": [item.auth for item in endpoints if item.auth != OPEN],
            "errors": [item.errors for item in calls or endpoints],
            "sent": [self._sent(item) for item in calls],
            "answered": [self._answered(item) for item in calls],
            "max_body": [item.max_body or "none" for item in calls],
        }
        return {key: commonest(values) for key, values in columns.items()}

    def _row(self, item: Endpoint, usual: dict[str, str]) -> Item:
        """Write an endpoint, without what is usual."""
        behaviour, block = item.behaviour, Block()
        block.put("path", behaviour.case.path, behaviour.line)
        if behaviour.case.methods:
            block.put("methods", list(behaviour.case.methods))
        if item.auth != usual["auth"]:
            block.put("auth", item.auth)
        if item.errors != usual["errors"]:
            block.put("errors", item.errors)
        if item.target is None:
            line = behaviour.respond.line if behaviour.respond is not None else 0
            block.put("respond", item.respond, line)
        else:
            self._call(item, item.target, block, usual)
        return Item(block, 0, once(item.todos))

    def _call(
        self, item: Endpoint, target: Target, block: Block, usual: dict[str, str]
    ) -> None:
        request = Block()
        if self._sent(item) != usual["sent"]:
            request.put("headers", self._sent(item))
        if (item.max_body or "none") != usual["max_body"]:
            request.put("max_body", item.max_body or "none", item.limit_line)
        if item.body.rename:
            request.put("json", {"rename": item.body.rename}, item.body.line)
        if request.items:
            block.put("request", request)
        if self._answered(item) != usual["answered"]:
            block.put("response", {"headers": self._answered(item)})
        own = {**target.own, **item.body.own}
        if not own:
            block.put("upstream", target.name, target.line)
            return
        inner = Block()
        inner.put("name", target.name, target.line)
        for key, value in own.items():
            inner.put(key, value)
        block.put("upstream", inner)

    def _defaults(self, usual: dict[str, str]) -> Block:
        block = Block()
        for key in ("auth", "errors"):
            if usual[key] not in ("", OPEN):
                block.put(key, usual[key])
        request = {"headers": usual["sent"], "max_body": usual["max_body"]}
        request = {k: v for k, v in request.items() if v not in ("", "none")}
        if request:
            block.put("request", request)
        if usual["answered"] not in ("", "none"):
            block.put("response", {"headers": usual["answered"]})
        return block
