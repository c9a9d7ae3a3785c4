from __future__ import annotations

import hashlib
import re

import pytest

from hxroute.keyring import digest_of, minting, new_key

KEY = new_key(lambda digits: digits[7])


def test_key_has_a_prefix_and_a_checksum() -> None:
    assert re.fullmatch(r"hxk_7{40}[0-9A-Za-z]{6}", KEY)
    assert minting.is_whole(KEY)


def test_keys_differ_and_each_is_whole() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(map(minting.is_whole, keys))


def test_keys_use_every_digit() -> None:
    assert len(set("".join(new_key()[4:44] for _ in range(100)))) == 62


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hxk_",
        KEY[:-1],
        KEY + "7",
        KEY.replace("hxk_", "hxq_"),
        KEY.replace("7", "8", 1),
    ],
)
def test_text_that_is_no_key(text: str) -> None:
    assert not minting.is_whole(text)


def test_digest_is_the_sha256_in_hex() -> None:
    assert digest_of("a") == hashlib.sha256(b"a").hexdigest()
