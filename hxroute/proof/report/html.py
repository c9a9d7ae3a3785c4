"""A proof as one HTML file that a reviewer opens: no network, no other file.

The page is `page.html` with its style and its script; it reads without the latter.
Every text is escaped by Jinja2, and holds nothing that a reader could not see. Nothing
but the two of ours is ever run: the page's policy names them by their digests (CSP
level 3, section 2.3.1).
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from hxroute.diagnostics.shown import printable
from hxroute.proof.report import cases
from hxroute.proof.verdict import Outcome, Proof

__all__ = ["render"]

_HERE: Final = Path(__file__).parent
_BAR: Final = 1000
"""Units across the bar of outcomes."""

_SLIVER: Final = 8
"""Units of one that is hardly there."""


def render(proof: Proof) -> str:
    """Render a proof."""
    shown = [cases.case(item, proof.routes) for item in proof.verdicts]
    groups = {
        outcome: [item for item in shown if item.outcome == outcome]
        for outcome in reversed(get_args(Outcome))
    }
    style, script = _part("page.css"), _part("page.js")
    return _template().render(
        proof=proof,
        groups=groups,
        bar=_bar(proof),
        reasons=_reasons(proof),
        style=Markup(style),  # noqa: S704  a file of this package
        script=Markup(script),  # noqa: S704  the same
        policy=_policy(style, script),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _visible(value: object) -> object:
    """Let no invisible character through, wherever it is from; line feeds stay."""
    if isinstance(value, Markup):
        return value
    text = str(value)
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


@cache
def _part(name: str) -> str:
    return _HERE.joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _bar(proof: Proof) -> list[tuple[str, int, int]]:
    """Return the outcomes there are, from where each fills the bar, and how far."""
    outcomes = [item for item in reversed(get_args(Outcome)) if proof.count(item)]
    counts = [proof.count(item) for item in outcomes]
    sizes = [max(_SLIVER, _BAR * count // len(proof.verdicts)) for count in counts]
    if sizes:  # what is left over, or is too much, is the largest's
        sizes[counts.index(max(counts))] += _BAR - sum(sizes)
    return list(zip(outcomes, accumulate([0, *sizes]), sizes, strict=False))


def _reasons(proof: Proof) -> dict[str, list[str]]:
    """Return the reasons of the ledger, each with the cases that rest on it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for verdict in proof.verdicts:
        for reason in verdict.reasons:
            found[reason].append(verdict.name)
    return dict(found)
