"""Every code, with what it means. A code is never given to anything else."""

from __future__ import annotations

from typing import Final

__all__ = ["CATALOG", "WARNINGS"]

CATALOG: Final = {
    # YAML
    "HX001": "the text is not YAML",
    "HX002": "a key appears twice",
    "HX003": "a YAML tag",
    "HX004": "too deep or too large",
    "HX005": "no single UTF-8 document",
    "HX008": "an unknown alias",
    # shape
    "HX101": "an unknown key",
    "HX102": "a missing key",
    "HX103": "a value of the wrong type",
    "HX104": "a value that is not one of those allowed",
    "HX105": "a malformed value",
    "HX106": "a value outside its bounds",
    "HX107": "keys that exclude each other, or of which one is needed",
    # names
    "HX201": "an unknown upstream",
    "HX202": "an unknown auth",
    "HX203": "an unknown header rule set",
    "HX204": "an unknown error mapping",
    "HX205": "a name that is taken or reserved",
    # meaning
    "HX301": "an endpoint without auth",
    "HX302": "a path that is no pattern",
    "HX303": "a mistake in a template",
    "HX304": "an unknown variable in a template",
    "HX305": "a body that is needed but not read",
    "HX306": "a header value that no field may hold",
    "HX307": "a default that does not fit its setting's type",
    "HX308": "a setting of the wrong type for its place",
    "HX309": "a secret where it would be shown",
    "HX310": "an endpoint that can never match",
    "HX311": "a header that each hop makes anew",
    "HX312": "a secret with a default",
}

WARNINGS: Final = frozenset({"HX312"})
"""The codes that stop nothing."""
