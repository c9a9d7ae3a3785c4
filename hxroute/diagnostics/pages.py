"""The page of each code: what it means, why it matters, a file with it and without."""

from __future__ import annotations

from importlib import resources

from hxroute.diagnostics.catalog import CATALOG

__all__ = ["page"]


def page(code: str) -> str:
    """Return the page of a code, in Markdown.

    Raises:
        KeyError: where there is no such code.
    """
    if code not in CATALOG:
        raise KeyError(code)
    folder = resources.files("hxroute.diagnostics") / "codes"
    return (folder / f"{code}.md").read_text(encoding="utf-8")
