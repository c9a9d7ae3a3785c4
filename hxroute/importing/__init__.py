"""Importing: a routes file drafted from an old gateway's source."""
