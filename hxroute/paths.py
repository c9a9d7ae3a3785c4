"""Paths: what is refused, what counts as equal, and the patterns of endpoints.

Everything works on the raw bytes of the request line. A path is compared with its
percent-encoded unreserved characters decoded (RFC 3986 §6.2.2.2), segment by segment;
what is forwarded is the raw path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from hxroute.errors import BadPath

__all__ = [
    "Pattern",
    "Policy",
    "check",
    "checked",
    "comparable",
    "parse_pattern",
    "printable",
]

Policy = Literal["strict", "as_sent"]

_SEPARATOR: Final = rb"(?:/|\\|%2[fF]|%5[cC])"
_DOT_SEGMENT: Final = re.compile(
    _SEPARATOR + rb"(?:\.|%2[eE]){1,2}(?=" + _SEPARATOR + rb"|$)"
)
_NUL: Final = re.compile(rb"\x00|%00")
_STRICT: Final = (
    (re.compile(rb"^//"), "two slashes at its beginning are not allowed"),
    (re.compile(rb"\\|%5[cC]"), "a backslash is not allowed"),
    (re.compile(rb"%2[fF]"), "an encoded slash is not allowed"),
    (re.compile(rb"%(?![0-9a-fA-F]{2})"), "a bad percent escape is not allowed"),
    (
        re.compile(rb"[\x01-\x20\x7f]|%[01][0-9a-fA-F]|%7[fF]"),
        "a control is not allowed",
    ),
)
_HARMLESS: Final = re.compile(rb"/(?!/)[/A-Za-z0-9_~!$&'()*+,;=:@.-]*")
"""Most paths: where no segment starts with a dot, nothing in them needs a second look."""

_DOT: Final = ord(".")
_ESCAPE: Final = re.compile(rb"%[0-9a-fA-F]{2}")
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)
_UNPRINTABLE: Final = re.compile(rb"[^\x21-\x7e]")


def checked(path: bytes, policy: Policy) -> bytes:
    """Check a path and return its comparable form.

    Raises:
        BadPath: as `check` does.
    """
    if _HARMLESS.fullmatch(path) and (_DOT not in path or b"/." not in path):
        return path
    _look(path, policy)
    return comparable(path)


def check(path: bytes, policy: Policy) -> None:
    """Refuse a path that other servers may read differently.

    Raises:
        BadPath: for dot segments, plain or encoded, and NUL; under `strict` also for
            two slashes at the beginning, backslashes, encoded slashes, bad percent escapes and controls.
    """
    checked(path, policy)


def _look(path: bytes, policy: Policy) -> None:
    if not path.startswith(b"/"):
        raise BadPath("the path must start with a slash")
    if _DOT_SEGMENT.search(path):
        raise BadPath("dot segments are not allowed")
    if _NUL.search(path):
        raise BadPath("NUL is not allowed")
    if policy == "strict":
        for refused, detail in _STRICT:
            if refused.search(path):
                raise BadPath(detail)


def comparable(path: bytes) -> bytes:
    """Return the form of a path in which equal paths are equal bytes."""
    return _ESCAPE.sub(_unescape, path) if b"%" in path else path


def _unescape(match: re.Match[bytes]) -> bytes:
    code = int(match[0][1:], 16)
    return bytes((code,)) if code in _UNRESERVED else match[0].upper()


def printable(target: bytes) -> bytes:
    """Percent-encode what no request line may hold (RFC 9112 §3.2): blanks, 8-bit."""
    return _UNPRINTABLE.sub(lambda match: b"%%%02X" % match[0][0], target)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An endpoint's path, split: literal segments, and parameters in their places.

    A parameter is a pair of its name and its place; `rest` is the name of a last
    parameter that takes all that is left.
    """

    segments: tuple[bytes | None, ...]
    parameters: tuple[tuple[str, int], ...] = ()
    rest: str | None = None

    @property
    def literal(self) -> bytes | None:
        """The one path that matches, where there is only one."""
        if self.parameters or self.rest is not None:
            return None
        return b"/".join(segment or b"" for segment in self.segments)

    @property
    def sample(self) -> bytes:
        """One path that matches."""
        path = b"/".join(
            b"x" if segment is None else segment for segment in self.segments
        )
        return path if self.rest is None else path + b"/x"

    @property
    def prefix(self) -> bytes:
        """What every matching path starts with."""
        head = []
        for segment in self.segments:
            if segment is None:
                break
            head.append(segment)
        whole = len(head) == len(self.segments) and self.rest is None
        return b"/".join(head) + (b"" if whole else b"/")

    def matches(self, segments: list[bytes]) -> bool:
        """Tell whether a path in comparable form, split at slashes, matches."""
        own = len(self.segments)
        fits = len(segments) == own if self.rest is None else len(segments) > own
        if not fits:
            return False
        for segment, wanted in zip(segments, self.segments, strict=False):
            if segment != wanted and (wanted is not None or not segment):
                return False
        return True

    def extract(self, path: bytes) -> dict[str, bytes]:
        """Return the raw bytes of each parameter of a raw path that matches."""
        segments = path.split(b"/", len(self.segments))
        found = {name: segments[place] for name, place in self.parameters}
        if self.rest is not None:
            found[self.rest] = segments[-1]
        return found


def parse_pattern(path: str) -> Pattern:
    """Parse `/v1/{name}/{rest:path}`.

    Raises:
        ValueError: with what is wrong, in the words of the file.
    """
    if not path.startswith("/"):
        raise ValueError("a path starts with `/`")
    segments: list[bytes | None] = []
    parameters: list[tuple[str, int]] = []
    rest: str | None = None
    parts = path.split("/")
    for place, part in enumerate(parts):
        if "{" not in part and "}" not in part:
            segments.append(_literal(part))
            continue
        match = re.fullmatch(r"\{([a-z_][a-z0-9_]*)(:path)?\}", part)
        if match is None:
            raise ValueError(
                f"`{part}` is no parameter; write a whole segment `{{name}}`, "
                "or `{name:path}` at the end"
            )
        if match[1] in {name for name, _ in parameters}:
            raise ValueError(f"parameter `{match[1]}` appears twice")
        if match[2] is None:
            segments.append(None)
            parameters.append((match[1], place))
        elif place == len(parts) - 1:
            rest = match[1]
        else:
            raise ValueError(f"`{part}` must be the last segment")
    return Pattern(tuple(segments), tuple(parameters), rest)


def _literal(segment: str) -> bytes:
    if "?" in segment or "#" in segment:
        raise ValueError("a path holds no `?` and no `#`")
    return comparable(printable(segment.encode()))
