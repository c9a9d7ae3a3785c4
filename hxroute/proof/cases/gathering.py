"""Gathering: the cases of all sources as one, in which no two have one name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hxroute.errors import StartError
from hxroute.ir import Gateway
from hxroute.proof.cases.casefile import CaseFile
from hxroute.proof.cases.generate import Size, generate
from hxroute.proof.cases.merging import merged
from hxroute.proof.cases.openapi import Described, described
from hxroute.proof.cases.places import Place, of_gateway
from hxroute.proof.exchange import DEFAULT, Case

__all__ = ["Gathered", "gather"]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The cases, the user's own first; the environments that they are played in.

    `notes` say what of an OpenAPI document was passed over.
    """

    cases: tuple[Case, ...]
    environments: dict[str, dict[str, str]]
    notes: tuple[str, ...] = ()


def gather(
    *,
    gateway: Gateway | None = None,
    openapi: Mapping[str, Any] | None = None,
    openapi_name: str = "the OpenAPI document",
    own: Iterable[CaseFile] = (),
    environ: Mapping[str, str] | None = None,
    assumed: Mapping[str, str] | None = None,
    key: str = "",
    size: Size = "normal",
    patience: float = 0,
) -> Gathered:
    """Unite the cases of all sources.

    Args:
        gateway: of the routes file, where there is one.
        openapi: the document, as `openapi.read` returns it.
        openapi_name: of its file.
        own: the user's files; none of them has errors.
        environ: variables of the environment `default`, beside those of the files.
        assumed: variables without which the gateway's settings cannot be read, and which
            no case asks for.
        key: what opens the operations of a document that no endpoint takes.
        size: how many cases are generated.
        patience: seconds that a generated case may take.

    Raises:
        StartError: where a name or an environment is there twice, or the gateway could
            not start in the environment `default`.
    """
    files = tuple(own)
    environments = _environments(files, environ or {})
    cases = _named(files)
    documented = Described(())
    if openapi is not None:
        documented = described(openapi, openapi_name, key)
    places = documented.places
    if gateway is not None:
        known = of_gateway(gateway, {**(assumed or {}), **environments[DEFAULT]})
        places = merged(gateway, known, documented.places)
    generated = generate(places, size, patience=patience)
    _tell_apart(generated, places, files)
    return Gathered((*cases, *generated), environments, documented.notes)


def _environments(
    files: Iterable[CaseFile], environ: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {DEFAULT: dict(environ)}
    origin: dict[str, str] = {}
    for file in files:
        for name, variables in file.environments.items():
            if name in origin:
                raise StartError(
                    f"environment `{name}` is defined in {origin[name]} and in "
                    f"{file.file}; rename one of them"
                )
            origin[name] = file.file
            found[name] = {**found.get(name, {}), **variables}
    return found


def _named(files: Iterable[CaseFile]) -> list[Case]:
    """Return the user's cases, each with a name of its own."""
    places: dict[str, str] = {}
    found = []
    for file in files:
        for case in file.cases:
            place = f"{file.file}:{file.lines[case.name]}"
            if case.name in places:
                raise StartError(
                    f"a case `{case.name}` is in {places[case.name]} and in {place}; "
                    "rename one of them"
                )
            places[case.name] = place
            found.append(case)
    return found


def _tell_apart(
    generated: Iterable[Case], places: Iterable[Place], files: Iterable[CaseFile]
) -> None:
    """Refuse a case of the user's that is called as a generated one."""
    origins = {place.label: place.origin for place in places}
    names = {case.name for case in generated}
    for file in files:
        for case in file.cases:
            if case.name in names:
                label = case.name.partition(".")[0]
                raise StartError(
                    f"{file.file}:{file.lines[case.name]}: case `{case.name}` is called "
                    f"as one that is generated for {origins[label]}; rename it"
                )
