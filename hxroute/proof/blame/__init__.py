"""Blame: the line of the routes file that decides a fact in which two gateways differ.

    asked      the recorded request, explained
    reply      what the upstream's script amounts to
    scene      both, with the lines of the file
    patterns   what the file's own answers look like
    endings    how the request ended at the old gateway and at the new one
    causes     two endings: what ends a request there, or lets it go on
    client     one ending: the parts of an answer
    upstream   the parts of the upstream request
    headers    the fields of a call, both ways

It is the new gateway's file, so a rule that the file lacks is blamed on the nearest
thing that could have had it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Final

from hxroute.compiler import Compiled
from hxroute.proof.blame.causes import cause, passage
from hxroute.proof.blame.client import got
from hxroute.proof.blame.endings import UNSTARTED, Ending, ending, rank
from hxroute.proof.blame.scene import Blame, Scene
from hxroute.proof.blame.upstream import called
from hxroute.proof.exchange import Facts
from hxroute.proof.verdict import Difference, Verdict, apply

__all__ = ["blamed"]

_LINE: Final = re.compile(r"\bline ([0-9]{1,7})\b")


def blamed(compiled: Compiled, verdict: Verdict, environ: Mapping[str, str]) -> Verdict:
    """Return a verdict whose differences name the line that decides each.

    It runs an event loop of its own, so it is not to be called within one.

    Args:
        compiled: the new gateway's routes file, without errors.
        verdict: what a case showed.
        environ: the environment that the gateway was given.
    """
    if not verdict.differences or compiled.gateway is None:
        return verdict
    scene = Scene(compiled, verdict.recorded.case, environ)
    judge = _Judge(scene, verdict)
    found = ((item, judge.blame(item)) for item in verdict.differences)
    differences = tuple(
        dataclasses.replace(item, line=blame.line, rule=blame.rule)
        for item, blame in found
    )
    return dataclasses.replace(verdict, differences=differences)


class _Judge:
    """Blames one difference after the other of a case."""

    def __init__(self, scene: Scene, verdict: Verdict) -> None:
        self._scene = scene
        expected = _expected(verdict)
        self._new: Ending = ending(scene, verdict.got)
        self._old: Ending = ending(scene, expected, new=self._new)
        self._stopped = "".join(verdict.got.get("start.error", ()))

    def blame(self, difference: Difference) -> Blame:
        """Blame the way where it is another, else what decides the one fact."""
        old, new, scene = self._old, self._new, self._scene
        if UNSTARTED in (old.kind, new.kind):
            return self._start()
        if old.kind != new.kind or bool(old.calls) != bool(new.calls):
            ends_earlier = rank(new.kind) <= rank(old.kind)
            return cause(scene, new.kind) if ends_earlier else passage(scene, old.kind)
        if difference.fact.startswith("upstream."):
            return called(scene, difference)
        return got(scene, difference, old, new)

    def _start(self) -> Blame:
        """Blame the setting for which a gateway does not start."""
        gateway = self._scene.gateway
        for item in gateway.settings:
            words = (f"`{item.name}`", *item.env)
            if any(word in self._stopped for word in words):
                return Blame(item.at, f"setting `{item.name}` stops the start")
        named = _LINE.search(self._stopped)
        if named is not None and 0 < int(named[1]) <= self._scene.length:
            return Blame(int(named[1]), "the gateway does not start")
        return cause(self._scene, UNSTARTED)


def _expected(verdict: Verdict) -> Facts:
    """Return what the new gateway should have done: what is recorded, unless pinned."""
    if verdict.outcome == "sanctioned":
        return verdict.recorded.facts
    pins = {d.fact: d.pinned for d in verdict.differences if d.pinned is not None}
    return apply(verdict.recorded.facts, pins)
