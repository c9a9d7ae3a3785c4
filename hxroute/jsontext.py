"""JSON bodies: bytes to values and back, with errors that no Python version rewords."""

from __future__ import annotations

import json
from typing import Final

from hxroute.errors import InvalidJson

__all__ = ["decode", "encode"]

_WHITESPACE: Final = " \t\n\r"


def decode(data: bytes) -> object:
    """Parse a JSON body.

    A BOM, UTF-16 and UTF-32 are recognised as Python's json does, the last of
    duplicate keys wins, NaN and lone surrogates pass.

    Raises:
        InvalidJson: with the line and column (in characters, from 1) of the mistake.
    """
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError as exc:
        whole = encoding.removesuffix("-sig")  # that one has cut the BOM off already
        before = exc.object[: exc.start].decode(whole, "surrogatepass")
        name = "-".join(encoding.upper().split("-")[:2])
        raise InvalidJson(f"not {name} text at {_place(before)}") from exc
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        place = _place(text[: _position(text, exc)])
        raise InvalidJson(f"not valid JSON at {place}") from exc
    except RecursionError as exc:
        raise InvalidJson("nested too deeply") from exc
    except ValueError as exc:
        raise InvalidJson("number too long") from exc


def encode(value: object) -> bytes:
    """Write compact UTF-8; a value with lone surrogates is written in escapes.

    Raises:
        InvalidJson: for what is nested too deeply, and for a number too long to write.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
    except RecursionError as exc:
        raise InvalidJson("nested too deeply") from exc
    except ValueError as exc:  # of more digits than Python writes
        raise InvalidJson("number too long") from exc


def _position(text: str, exc: json.JSONDecodeError) -> int:
    """Return where the mistake is, the same on every Python.

    Since 3.13 a trailing comma is reported at the comma; before, at what follows it.
    """
    if not exc.msg.startswith("Illegal trailing comma"):
        return exc.pos
    rest = text[exc.pos + 1 :]
    return exc.pos + 1 + len(rest) - len(rest.lstrip(_WHITESPACE))


def _place(before: str) -> str:
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return f"line {line} column {column}"
