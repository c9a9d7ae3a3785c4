"""Diagnostics: what the compiler says about a file."""

from hxroute.diagnostics.catalog import CATALOG
from hxroute.diagnostics.report import Diagnostic, Report, did_you_mean, nearest

__all__ = ["CATALOG", "Diagnostic", "Report", "did_you_mean", "nearest"]
