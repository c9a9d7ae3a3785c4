"""The corpus: sections A to D of the catalogue, as the bytes of requests.

What is generated is in `desync`; what peers are asked too is told in docs/requests.md.
"""

from __future__ import annotations

from tests.front.cases import Case
from tests.front.corpus_bodies import BODIES
from tests.front.corpus_fields import FIELDS
from tests.front.corpus_forms import FORMS
from tests.front.corpus_framing import FRAMING
from tests.front.corpus_head import HEAD
from tests.front.corpus_hops import HOPS
from tests.front.corpus_identity import IDENTITY
from tests.front.corpus_paths import PATHS
from tests.front.corpus_pipelines import PIPELINES

__all__ = ["CORPUS"]


def _place(case: Case) -> tuple[str, int]:
    return case.row[:1], int(case.row[1:] or 0)


CORPUS: list[Case] = sorted(
    [
        *FRAMING,
        *BODIES,
        *PIPELINES,
        *HEAD,
        *FORMS,
        *FIELDS,
        *PATHS,
        *HOPS,
        *IDENTITY,
    ],
    key=_place,
)
"""Every case, in the order of the catalogue."""
