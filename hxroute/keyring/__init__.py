"""The keyring: clients' keys made, put into a routes file, replaced and ended.

    minting    new keys
    entries    the keys that a file states, and until when they are good
    editing    the file with a key more, or one that ends; else as it was, to the byte

Only the SHA-256 of a key that is made here gets into a file.
"""

from hxroute.keyring.editing import Change, changed
from hxroute.keyring.entries import Entry, entries
from hxroute.keyring.minting import digest_of, new_key

__all__ = ["Change", "Entry", "changed", "digest_of", "entries", "new_key"]
