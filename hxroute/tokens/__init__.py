"""Tokens: JSON Web Tokens as keys (RFC 7519), checked with the keys of who issues them.

    reading    a token taken apart, strictly; nothing in it is believed yet
    keyset     the issuer's public keys, and whether one of them signed a token
    claims     what a signed token must say of itself
    source     where the keys come from, and when they are fetched again
    verifier   all of it, and what it found a moment ago

Imported only where a file asks for tokens: `keyset` needs joserfc, the extra `jwt`.
"""
