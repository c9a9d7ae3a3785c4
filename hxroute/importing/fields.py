"""Fields: what a program does with header fields, as rule sets of the language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from hxroute.compiler.keys import KEY_FIELD
from hxroute.importing.bags import bag_of
from hxroute.importing.draft import Block, Item, Rows
from hxroute.importing.findings import Findings
from hxroute.importing.inside import leaves
from hxroute.importing.templating import Templates
from hxroute.importing.values import (
    Answer,
    Bag,
    Call,
    Incoming,
    Known,
    Op,
    Part,
    Put,
    Setting,
    Value,
    joined,
)
from hxroute.passing import HOP_BY_HOP

__all__ = ["RuleSet", "of_answer", "of_call", "tests_in"]

_HOPS: Final = frozenset(name.decode() for name in HOP_BY_HOP)
_MADE_ANEW: Final = _HOPS | {"host", "content-length", "expect"}
_CREDENTIALS: Final = ("authorization", "cookie")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE_REFUSED: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(slots=True)
class RuleSet:
    """The rules for one way of the fields."""

    drop: dict[str, int] = field(default_factory=dict)
    keep: dict[str, int] | None = None
    forward: dict[str, int] = field(default_factory=dict)
    set: dict[str, tuple[str, int]] = field(default_factory=dict)
    todos: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether every field goes on as it came."""
        stated = self.drop or self.forward or self.set or self.todos
        return not stated and self.keep is None

    @property
    def meaning(self) -> object:
        """What it does, whatever lines say it."""
        keep = None if self.keep is None else tuple(sorted(self.keep))
        sets = tuple(sorted((k, v[0]) for k, v in self.set.items()))
        todos = tuple(self.todos)
        return tuple(sorted(self.drop)), keep, tuple(self.forward), sets, todos

    def block(self) -> Block:
        """Return it as a part of the draft."""
        block = Block(todos=self.todos)
        if self.keep is not None:
            block.put("keep", _names(self.keep))
        elif self.drop:
            block.put("drop", _names(self.drop))
        if self.forward:
            line = next(iter(self.forward.values()))
            block.put("forward", list(self.forward), line)
        if self.set:
            inner = Block()
            for name, (value, line) in self.set.items():
                inner.put(name, value, line)
            block.put("set", inner)
        if not block.items:
            block.put("drop", [])
        return block


def _names(names: dict[str, int]) -> Rows | list[str]:
    if not names:
        return []
    return Rows([Item(name, line) for name, line in names.items()])


def of_call(call: Call, templates: Templates, findings: Findings) -> RuleSet:
    """Return the rules for the fields that a call sends."""
    rules = RuleSet()
    bag = _sent(call)
    if bag is None:
        text = "the headers of this call are not understood; credentials are dropped"
        findings.manual(call.line, text)
        rules.todos.append((call.line, text))
        rules.drop = dict.fromkeys(_CREDENTIALS, call.line)
        return rules
    passes = bag.origin == Incoming("headers")
    _removed(bag, rules, call.line, findings, all_pass=passes)
    is_json = isinstance(call.content, Op) and call.content.name == "dumps"
    if is_json and (not passes or "content-type" in rules.drop):
        rules.set["content-type"] = "application/json", call.line
    for name, put in bag.put.items():
        _put(name.lower(), put, rules, templates, findings, all_pass=passes)
    if passes and rules.keep is None:
        for name in _CREDENTIALS:
            if name not in rules.drop and name not in rules.set:
                rules.forward[name] = call.line
                text = f"the client's {name} goes on to the upstream, as it did"
                findings.exact(call.line, text)
    _left_over(bag, rules, findings)
    return rules


def _sent(call: Call) -> Bag | None:
    """Return all fields that a call sends: its client's, then its own."""
    own = bag_of(call.headers)
    first = bag_of(call.client.headers)
    if own is None or first is None:
        return None
    if not first.put:
        return own
    both = own.copy()
    both.put = {**first.put, **own.put}
    return both


def _removed(
    bag: Bag, rules: RuleSet, line: int, findings: Findings, *, all_pass: bool
) -> None:
    """Note what does not go on."""
    if not all_pass and bag.origin is None:
        rules.keep = {}
    elif bag.keep is not None:
        kept = {k: v for k, v in bag.keep.items() if k not in bag.drop}
        rules.keep = {k: v for k, v in kept.items() if k not in _MADE_ANEW and _fits(k)}
        lines = sorted(set(kept.values())) or [line]
        findings.exact(lines[0], f"keeps {_listed(kept)}")
    dropped = {k: v for k, v in bag.drop.items() if k not in _MADE_ANEW and _fits(k)}
    if rules.keep is None:
        rules.drop = dropped
        by_line: dict[int, list[str]] = {}
        for name, at in bag.drop.items():
            by_line.setdefault(at, []).append(name)
        for at, names in by_line.items():
            findings.exact(at, f"drops {_listed(names)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _fits(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _left_over(bag: Bag, rules: RuleSet, findings: Findings) -> None:
    for line, text in bag.odd:
        said = f"headers: {text}: not drafted"
        findings.manual(line, said)
        rules.todos.append((line, said))


def _put(
    name: str,
    put: Put,
    rules: RuleSet,
    templates: Templates,
    findings: Findings,
    *,
    all_pass: bool,
) -> None:
    if name in _MADE_ANEW or not _fits(name):
        text = f"{name} is not set: the gateway makes it anew, or no field is called so"
        findings.approximate(put.line, text)
        return
    value = put.value
    if put.when:
        came = all_pass and name not in rules.drop and (
            rules.keep is None or name in rules.keep
        )  # fmt: skip
        before: Value = Incoming("header", name) if came else Known(None)
        value = Op("either", (joined(put.when), value, before))
    for setting in tests_in(value):
        templates.settings.tested(setting)
    if KEY_FIELD.fullmatch(name):
        value = _guarded_key(name, value, put, templates, findings)
    source = templates.text(value)
    if source is None or _VALUE_REFUSED.search(source):
        text = f"{name} is set to what the language cannot say"
        findings.manual(put.line, text)
        rules.todos.append((put.line, text))
        return
    rules.set[name] = source, put.line
    findings.exact(put.line, f"sets {name}")


def _guarded_key(
    name: str, value: Value, put: Put, templates: Templates, findings: Findings
) -> Value:
    """Take a key out of the text that it stands in, and into a setting."""
    for item in leaves(value):
        if isinstance(item, Setting) and item.type == "string":
            templates.settings.as_secret(item)
    if (
        isinstance(value, Known)
        and isinstance(value.value, str)
        and value.value.strip()
    ):
        env = f"UPSTREAM_{name.upper().replace('-', '_')}"
        text = f"a key stands in the program; it is not copied: set {env}"
        findings.approximate(put.line, text)
        setting = Setting((env,), name=env, line=put.line, required=True)
        templates.settings.as_key(setting)
        return setting
    return value


def tests_in(value: Value) -> Iterable[Setting]:
    """Yield the settings that a value asks for before it reads them."""
    for item in leaves(value):
        if isinstance(item, Op) and item.name in ("either", "or", "and"):
            tests = item.args[:1] if item.name == "either" else item.args
            for test in tests:
                yield from (x for x in leaves(test) if isinstance(x, Setting))


def of_answer(answer: Answer, templates: Templates, findings: Findings) -> RuleSet:
    """Return the rules for the fields of the upstream's answer."""
    rules = RuleSet()
    bag = answer.headers
    passes = isinstance(bag.origin, Part)
    for name in ("content-encoding", "content-type"):
        if name in bag.drop and name == "content-encoding":
            text = "content-encoding stays: the body passes as the upstream coded it"
            findings.approximate(bag.drop[name], text)
            del bag.drop[name]
    _removed(bag, rules, answer.line, findings, all_pass=passes)
    if not passes and bag.origin is None:
        media = answer.media
        if isinstance(media, Part) and media.name in ("header", "media"):
            rules.keep = {"content-type": answer.line}
            findings.exact(answer.line, "keeps content-type")
    if rules.keep is not None and "content-encoding" not in rules.keep:
        rules.keep["content-encoding"] = 0
    if isinstance(answer.body, Part) and answer.body.name == "json":
        rules.set["content-type"] = "application/json", answer.line
        text = "JSON was written anew there; here the upstream's bytes pass"
        findings.approximate(answer.line, text)
    elif isinstance(answer.media, Known) and isinstance(answer.media.value, str):
        rules.set["content-type"] = answer.media.value, answer.line
    for name, put in bag.put.items():
        if any(
            isinstance(x, Incoming) and x.name == "content-type"
            for x in leaves(put.value)
        ):
            continue
        _put(name.lower(), put, rules, templates, findings, all_pass=False)
    _left_over(bag, rules, findings)
    return rules
