"""What a gateway that runs already can be asked: it has one environment."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hxroute.cli.common import fail
from hxroute.proof.corpus import Corpus
from hxroute.proof.exchange import DEFAULT, Exchange
from hxroute.proof.prove import in_default
from hxroute.proof.targets import Target

__all__ = ["counted", "playable"]


def playable(
    corpus: Corpus, exchanges: Sequence[Exchange], target: Target
) -> list[Exchange]:
    """Leave out what it cannot show, and say so; fail where nothing is left."""
    with target.started(corpus.environments.get(DEFAULT, {}), target.ports):
        pass  # else each case would say that nothing listens
    fitting, others = in_default(corpus, exchanges)
    if others:
        names = ", ".join(f"`{name}`" for name in others)
        plural = "s" * (len(others) > 1)
        left_out = f"{counted(others.total())} of the environment{plural} {names}"
        why = f"{target.says} runs already, and cannot be given what they set"
        if not fitting:
            fail(f"nothing is left to prove without {left_out}: {why}")
        click.echo(f"note: left out: {left_out}; {why}", err=True)
    return fitting


def counted(cases: int) -> str:
    """Say how many cases."""
    return f"{cases} case{'s' * (cases != 1)}"
