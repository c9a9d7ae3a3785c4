"""Upstreams for the demo, the benchmarks, the recorder and the tests."""

from __future__ import annotations
