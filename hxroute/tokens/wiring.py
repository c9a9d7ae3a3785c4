"""Wiring: a verifier of what a file says, with its keys at hand or on their way."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from hxroute import templates
from hxroute.errors import StartError
from hxroute.http import Start
from hxroute.keys import Jwt
from hxroute.tokens.claims import Wanted
from hxroute.tokens.keyset import KeySet
from hxroute.tokens.source import Known, Source
from hxroute.tokens.verifier import Verifier

__all__ = ["verifier"]


def verifier(auth: str, jwt: Jwt, start: Start) -> Verifier:
    """Return what checks the tokens of an auth; the keys of a URL come in a job.

    Raises:
        StartError: where a setting is not set, or a file of keys holds none.
    """

    def shown(source: str) -> str:
        text = templates.text(source, start.settings)
        if not isinstance(text, str) or not text.strip():
            raise StartError(
                f"line {jwt.at}: `jwt` of auth `{auth}`: {source} is empty"
            )
        return text.strip()

    wanted = Wanted(
        shown(jwt.issuer),
        frozenset(map(shown, jwt.audience)),
        jwt.leeway,
        jwt.claims,
        jwt.key,
    )
    if jwt.jwks is None:
        known, source = _of_file(auth, jwt, shown(jwt.jwks_file or "")), None
    else:
        url = shown(jwt.jwks)
        known = start.kept.once((Known, url), Known)
        path = b"" if urlsplit(url).path.rstrip("/") else b"/"
        fetch = start.connect(jwt.upstream, None, None)
        source = Source(known, jwt.upstream, fetch, path, start.now)
        start.jobs.append(source.run)
    return Verifier(wanted, jwt.algorithms, known, source, start.now)


def _of_file(auth: str, jwt: Jwt, path: str) -> Known:
    known = Known()
    where = f"line {jwt.at}: `jwks_file` of auth `{auth}`: {path}"
    try:
        known.keys = KeySet(Path(path).read_bytes())
    except OSError as exc:
        raise StartError(f"{where} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise StartError(f"{where} holds {exc}") from exc
    return known
