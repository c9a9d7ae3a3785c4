"""Proof: what an old gateway answered, recorded, and that a new one answers the same."""
