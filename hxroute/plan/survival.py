"""What an upstream survives, as values to compare."""

from __future__ import annotations

from collections.abc import Iterator

from hxroute import written
from hxroute.ir import Upstream
from hxroute.plan.meaning import Meaning
from hxroute.plan.wording import Shown

__all__ = ["survival"]


def survival(meaning: Meaning, upstream: Upstream) -> Iterator[tuple[str, str, str]]:
    """Yield what is declared of targets, tries and calls, with how it is shown."""
    for target in upstream.targets:
        yield (
            f"target {meaning.template(target.url, {})}",
            f"{target.weight}",
            Shown(f"weight {target.weight}"),
        )
    if upstream.targets:
        shown = written.balance(upstream.balance)
        yield "balance", meaning.template(shown, {}), shown
    for name, policy in written.policies(upstream):
        for key, text in written.words(policy):
            yield f"{name}.{key}", text, Shown(text)
