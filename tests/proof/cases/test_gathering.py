"""The three sources as one: what is in it, and names that are there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hxroute.errors import StartError
from hxroute.proof.cases.casefile import CaseFile, read
from hxroute.proof.cases.gathering import gather
from hxroute.proof.cases.generate import generate
from hxroute.proof.cases.openapi import read as read_document
from tests.proof.cases.places import HX, gateway_of, hx_places
from tests.proof.cases.test_openapi import DATA

DOCUMENT = read_document((DATA / "openai.yaml").read_bytes(), "openai.yaml")
HX_GATEWAY = gateway_of(HX.read_bytes())


def own(path: Path, *names: str, environments: str = "{}") -> CaseFile:
    cases = "".join(
        f"  - {{name: {name}, request: {{method: GET, target: /}}}}\n" for name in names
    )
    path.write_text(f"version: 1\nenvironments: {environments}\ncases:\n{cases}")
    return read(path)


def test_sources_are_united_with_the_user_s_own_first(tmp_path: Path) -> None:
    file = own(tmp_path / "cases.yaml", "mine", "other")

    found = gather(gateway=HX_GATEWAY, openapi=DOCUMENT, own=[file], size="small")

    names = [case.name for case in found.cases]
    assert names[:2] == ["mine", "other"]
    assert "any-healthz.base" in names
    assert "post-v1-chat-completions.auth-wrong" in names
    assert "post-v1-embeddings.up-500" in names
    assert len(set(names)) == len(names)


def test_gateway_alone_gives_what_is_generated_of_it() -> None:
    found = gather(gateway=HX_GATEWAY, environ={"HX_MASTER_KEY": "sk-m"}, size="normal")

    assert found.cases == generate(hx_places(HX_MASTER_KEY="sk-m"))
    assert found.environments == {"default": {"HX_MASTER_KEY": "sk-m"}}


def test_document_alone_gives_what_is_generated_of_it() -> None:
    found = gather(openapi=DOCUMENT, key="sk-1", size="small")

    assert {case.name.partition(".")[0] for case in found.cases} == {
        "post-v1-chat-completions",
        "post-v1-embeddings",
        "get-v1-models",
        "get-v1-models-model",
        "delete-v1-models-model",
        "post-v1-files",
    }


def test_nothing_gives_nothing() -> None:
    assert gather().cases == ()


def test_environments_of_files_are_united(tmp_path: Path) -> None:
    first = own(
        tmp_path / "a.yaml", "a", environments="{default: {HX_MASTER_KEY: sk-a}}"
    )
    second = own(tmp_path / "b.yaml", "b", environments="{trusted: {X: y}}")

    found = gather(gateway=HX_GATEWAY, own=[first, second], environ={"Z": "z"})

    assert found.environments == {
        "default": {"Z": "z", "HX_MASTER_KEY": "sk-a"},
        "trusted": {"X": "y"},
    }
    base = next(c for c in found.cases if c.name == "any-v1-rest.base")
    assert base.request.values("authorization") == ["Bearer sk-a"]


def test_name_that_two_files_have_is_refused(tmp_path: Path) -> None:
    files = [own(tmp_path / "a.yaml", "x", "mine"), own(tmp_path / "b.yaml", "mine")]

    with pytest.raises(StartError) as found:
        gather(own=files)

    assert str(found.value) == (
        f"a case `mine` is in {tmp_path}/a.yaml:5 and in {tmp_path}/b.yaml:4; "
        "rename one of them"
    )


def test_name_of_a_generated_case_is_refused(tmp_path: Path) -> None:
    file = own(tmp_path / "cases.yaml", "mine", "any-healthz.base")

    with pytest.raises(StartError) as found:
        gather(gateway=HX_GATEWAY, own=[file])

    assert str(found.value) == (
        f"{tmp_path}/cases.yaml:5: case `any-healthz.base` is called as one that is "
        "generated for endpoint ANY /healthz (line 97); rename it"
    )


def test_environment_that_two_files_define_is_refused(tmp_path: Path) -> None:
    names = ("a", "b")
    files = [own(tmp_path / f"{n}.yaml", n, environments="{k: {}}") for n in names]

    with pytest.raises(
        StartError, match=r"environment `k` is defined in .*a\.yaml and in"
    ):
        gather(own=files)


def test_notes_of_the_document_are_handed_on() -> None:
    document = {"openapi": "3.1.0", "paths": {"x": {}}}

    found = gather(openapi=document)

    assert found.notes == ("path x is passed over: it describes nothing",)
