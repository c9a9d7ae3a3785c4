"""The reports of a proof: each renders a `Proof` as a text of its own format."""
