"""The scene of a difference: a case in front of a routes file, with all lines at hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from hxroute import templates
from hxroute.compiler import Compiled, tree
from hxroute.compiler.resolve import Unit
from hxroute.errors import UPSTREAM_STATUS
from hxroute.explain import Explanation
from hxroute.explain.data import Candidate
from hxroute.ir import ErrorTable, Node, StatusRule, Upstream
from hxroute.nodes import Authenticate, Execute, MapErrors
from hxroute.proof.blame.asked import explained
from hxroute.proof.blame.reply import Reply, read
from hxroute.proof.exchange import Case

__all__ = ["Blame", "Scene", "line_of"]


class Blame(NamedTuple):
    """A line of the routes file, 0 for none, and what stands there."""

    line: int
    rule: str


class Scene:
    """What the file, of `length` lines, says of one case.

    `unit` is the endpoint that takes the request, as it stands in the file, or the
    defaults; `pipeline` what it runs.
    """

    def __init__(
        self, compiled: Compiled, case: Case, environ: Mapping[str, str]
    ) -> None:
        gateway, program = compiled.gateway, compiled.program
        assert gateway is not None
        assert program is not None
        self.request = case.request
        self.reply: Reply = read(case.script)
        self.gateway, self.program = gateway, program
        self.length = len(compiled.report.lines)
        self.explanation: Explanation = explained(compiled, case.request, environ)
        outcomes = [item.outcome for item in self.explanation.candidates]
        self.is_matched = bool(self.explanation.endpoint) and "taken" in outcomes
        self.unit: Unit = program.defaults
        self.pipeline: tuple[Node, ...] = gateway.unmatched
        if self.is_matched:
            place = outcomes.index("taken")
            self.unit = program.endpoints[place]
            self.pipeline = gateway.endpoints[place].pipeline

    @cached_property
    def endpoint(self) -> str:
        """How the endpoint is called, in a rule."""
        return f"endpoint `{self.explanation.endpoint}`"

    @cached_property
    def call(self) -> Execute | None:
        """The upstream call."""
        return next((n for n in self.pipeline if isinstance(n, Execute)), None)

    @cached_property
    def asks(self) -> Authenticate | None:
        """The check of keys."""
        return next((n for n in self.pipeline if isinstance(n, Authenticate)), None)

    @cached_property
    def table(self) -> ErrorTable:
        """The error mapping."""
        found = (n.table for n in self.pipeline if isinstance(n, MapErrors))
        return next(found, ErrorTable())

    @cached_property
    def table_node(self) -> tree.Mapping | None:
        """The error mapping, as it stands in the file."""
        entry = self.program.tables["errors"].get(self.table.name)
        return None if entry is None else entry.node

    @cached_property
    def upstream(self) -> Upstream | None:
        """The upstream that is called."""
        named = "" if self.call is None else self.call.upstream
        return next((u for u in self.gateway.upstreams if u.name == named), None)

    @cached_property
    def upstream_node(self) -> tree.Node | None:
        """The upstream, as it stands in the file."""
        named = "" if self.upstream is None else self.upstream.name
        entry = self.program.tables["upstreams"].get(named)
        return None if entry is None else entry.node

    @cached_property
    def rule(self) -> StatusRule | None:
        """The rule for the status that the upstream answers with, applied or not."""
        status = str(self.reply.status)
        rules = () if self.call is None else self.call.errors.upstream_status
        wanted = {status, f"{status[0]}xx"}
        return next((rule for rule in rules if wanted & set(rule.match)), None)

    @cached_property
    def rule_node(self) -> tree.Node | None:
        """The same rule, as it stands in the file."""
        listed = (
            None if self.table_node is None else self.table_node.get(UPSTREAM_STATUS)
        )
        items = listed.items if isinstance(listed, tree.Sequence) else ()
        at = 0 if self.rule is None else self.rule.at
        return next((item for item in items if item.span.line == at), None)

    @cached_property
    def errors_line(self) -> int:
        """The line that names the error mapping, or says that there is none."""
        return self.effective("errors") or self.explanation.line

    @cached_property
    def own(self) -> tree.Node | None:
        """What stands under `upstream:` of the endpoint."""
        return self.unit.node.get("upstream")

    def effective(self, *path: str) -> int:
        """Return the line of what is in effect under a key of an endpoint, `none` too."""
        node = self.unit.effective.get(path)
        return 0 if node is None else node.span.line

    def taken(self) -> Blame:
        """Blame the endpoint that took the request, or one that its method kept from it."""
        before = next((c for c in self.passed_over() if c.outcome == "method"), None)
        if before is not None:
            return Blame(self.methods_of(before), f"{_called(before)} {before.reason}")
        later = next((c for c in self.passed_over() if c.outcome == "later"), None)
        also = "" if later is None else f", before line {later.line} would"
        return Blame(self.explanation.line, f"{self.endpoint} takes it{also}")

    def passed_over(self) -> Iterator[Candidate]:
        """Yield the endpoints whose paths fit as well."""
        found = self.explanation.candidates
        yield from (item for item in found if item.outcome in ("method", "later"))

    def methods_of(self, candidate: Candidate) -> int:
        """Return the line of an endpoint's methods, or its own."""
        place = self.explanation.candidates.index(candidate)
        return line_of(self.program.endpoints[place].node, "methods") or candidate.line

    def nearest(self) -> Blame:
        """Blame the endpoint whose path comes nearest to one that none takes."""
        found = self.explanation.candidates
        if not found:
            return Blame(0, "no endpoint takes it")
        path = self.explanation.target.partition("?")[0]
        best = max(found, key=lambda item: _alike(item.path, path))
        place = found.index(best)
        line = line_of(self.program.endpoints[place].node, "path") or best.line
        return Blame(line, f"no endpoint takes it: {_called(best)} {best.reason}")

    def settings(self, source: str | None) -> str:
        """Name the settings that a template reads, with their lines; never a value."""
        names = {
            name for root, name in templates.names(source or "") if root == "settings"
        }
        read = [item for item in self.gateway.settings if item.name in names]
        listed = ", ".join(f"`{item.name}` (line {item.at})" for item in read)
        return f", from setting{'s' * (len(read) > 1)} {listed}" if read else ""


def line_of(node: tree.Node | None, *path: str) -> int:
    """Return the line of a key, by its path below a node; 0 where it is not there."""
    line = 0
    for name in path:
        key = node.key(name) if isinstance(node, tree.Mapping) else None
        if key is None:
            return 0
        assert isinstance(node, tree.Mapping)
        line, node = key.span.line, node.get(name)
    return line


def _called(candidate: Candidate) -> str:
    return f"endpoint `{candidate.name}`"


def _alike(pattern: str, path: str) -> tuple[int, bool]:
    """Tell how far a path begins as a pattern does; of equals, one that takes many."""
    pairs = zip(pattern, path, strict=False)
    equal = itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)
    return len(list(equal)), "{" in pattern
