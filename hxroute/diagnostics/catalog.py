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
    "HX006": "a tab where YAML wants blanks",
    "HX007": "aliases that expand to too much",
    "HX008": "an unknown alias",
    # shape
    "HX101": "an unknown key",
    "HX102": "a missing key",
    "HX103": "a value of the wrong type",
    "HX104": "a value that is not one of those allowed",
    "HX105": "a malformed value",
    "HX106": "a value outside its bounds",
    "HX107": "keys that exclude each other, or of which one is needed",
    "HX108": "a boolean that is not spelt true or false",
    "HX109": "a malformed duration",
    "HX110": "a malformed size",
    "HX111": "a number that is no status",
    "HX112": "a text that is no header name",
    "HX113": "a text that is no URL of an upstream",
    "HX114": "a text that is no origin",
    "HX115": "a text that is no URL of a store",
    "HX116": "a target that is listed again",
    # names
    "HX201": "an unknown upstream",
    "HX202": "an unknown auth",
    "HX203": "an unknown header rule set",
    "HX204": "an unknown error mapping",
    "HX205": "a name that is taken or reserved",
    "HX206": "an unknown setting",
    "HX207": "a definition that nothing uses",
    "HX209": "an unknown store",
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
    "HX313": "an unknown filter or test in a template",
    "HX314": "a template that can give no value",
    "HX315": "endpoints that overlap without either being the narrower",
    "HX316": "a method that an earlier endpoint takes",
    "HX317": "error kinds without an answer of their mapping",
    "HX318": "a client's credentials that would reach an upstream",
    "HX319": "a key that stands in the file",
    "HX320": "a key from a setting that is not secret",
    "HX321": "an upstream call whose place a request could choose",
    "HX322": "a status rule that can never apply",
    "HX323": "a key that is stated twice",
    "HX324": "a key that has expired",
    "HX325": "the SHA-256 of a key that anyone would try",
    "HX330": "credentials for scripts of any origin",
    "HX340": "a bucket that is two limits",
    "HX341": "a limit by key where nobody shows one",
}

WARNINGS: Final = frozenset({"HX207", "HX312", "HX315", "HX316", "HX317", "HX324"})
"""The codes that stop nothing."""
