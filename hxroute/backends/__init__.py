"""Backends: the IR as text."""
