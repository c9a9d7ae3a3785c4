from __future__ import annotations

from pathlib import Path

import pytest

from hxroute.errors import StartError
from hxroute.ir import Setting, SettingType
from hxroute.runtime.settings import public_secrets, resolve


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", " as is ", " as is "),
        ("boolean", "TRUE", True),
        ("boolean", "yes", True),
        ("boolean", "1", True),
        ("boolean", "No", False),
        ("boolean", "0", False),
        ("boolean", " false ", False),
        ("integer", "-12", -12),
        ("size", "1024", 1024),
        ("size", "64KiB", 65536),
        ("duration", "250ms", 0.25),
        ("duration", "2m", 120.0),
    ],
)
def test_resolve_reads_a_value(
    kind: SettingType, text: str, value: str | float
) -> None:
    assert resolve([Setting("s", ("S",), type=kind)], {"S": text}) == {"s": value}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("string", "two\nlines"),
        ("boolean", "maybe"),
        ("integer", "lots"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", "9" * 5000),
        ("size", "-1"),
        ("size", "1MB"),
        ("duration", "77"),
    ],
)
def test_resolve_names_the_variable_of_a_bad_value_and_not_the_value(
    kind: SettingType, text: str
) -> None:
    setting = Setting("s", ("FIRST", "SECOND"), type=kind, secret=True, at=9)
    with pytest.raises(StartError, match="line 9: setting `s`: SECOND") as caught:
        resolve([setting], {"SECOND": text})
    assert text not in str(caught.value)


def test_resolve_takes_the_first_variable_that_is_set_and_not_empty() -> None:
    setting = Setting("s", ("A", "B", "C"))
    assert resolve([setting], {"A": "", "B": "b", "C": "c"}) == {"s": "b"}


def test_resolve_falls_back_to_the_default() -> None:
    settings = [
        Setting("text", ("A",), default="d"),
        Setting("size", ("A",), type="size", default="1KiB"),
        Setting("bytes", ("A",), type="size", default=5),
        Setting("flag", ("A",), type="boolean", default=False),
        Setting("wait", ("A",), type="duration", default="1s"),
    ]
    values = resolve(settings, {"A": ""})
    assert values == {"text": "d", "size": 1024, "bytes": 5, "flag": False, "wait": 1.0}


def test_resolve_leaves_what_is_optional_none() -> None:
    assert resolve([Setting("s", ("A",), optional=True)], {}) == {"s": None}


def test_resolve_reads_a_file_where_no_variable_is_set(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("\ufefffrom file\n", encoding="utf-8")
    setting = Setting("s", ("A",), file=str(file))
    assert resolve([setting], {}) == {"s": "from file"}
    assert resolve([setting], {"A": "from variable"}) == {"s": "from variable"}


def test_resolve_reads_a_file_among_the_credentials(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from systemd\n")
    setting = Setting("s", file="${CREDENTIALS_DIRECTORY}/key")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve([setting], environ) == {"s": "from systemd"}


@pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": ""}])
def test_resolve_without_credentials_names_where_one_belongs(
    environ: dict[str, str],
) -> None:
    setting = Setting("s", ("A",), file="${CREDENTIALS_DIRECTORY}/key", at=3)
    with pytest.raises(StartError, match=r"set A or the file \$\{CREDENTIALS_DIR"):
        resolve([setting], environ)


@pytest.mark.parametrize("file", ["${HOME}/key", "a/${CREDENTIALS_DIRECTORY}/key"])
def test_resolve_reads_no_other_variable_in_a_file(file: str, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "CREDENTIALS_DIRECTORY": str(tmp_path)}
    (tmp_path / "key").write_text("a")
    assert resolve([Setting("s", file=file, default="d")], environ) == {"s": "d"}


def test_resolve_of_a_file_that_is_not_there_says_what_to_set(tmp_path: Path) -> None:
    setting = Setting("s", ("A", "B"), file=str(tmp_path / "key"), at=3)
    with pytest.raises(StartError, match="line 3: setting `s`: not set; set A or B or"):
        resolve([setting], {})


def test_resolve_of_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read"):
        resolve([Setting("s", file=str(tmp_path))], {})
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(StartError, match="cannot be read"):
        resolve([Setting("s", file=str(tmp_path / "bytes"))], {})


def test_resolve_reports_every_setting_at_once() -> None:
    settings = [Setting("a", ("A",), at=1), Setting("b", ("B",), type="integer", at=2)]
    with pytest.raises(StartError) as caught:
        resolve(settings, {"B": "x"})
    assert len(str(caught.value).splitlines()) == 2


def test_public_secrets_are_those_with_their_default() -> None:
    public = Setting("key", ("KEY",), default="dev", secret=True)
    settings = [
        public,
        Setting("open", default="x"),
        Setting("must", ("M",), secret=True),
    ]
    assert public_secrets(settings, {}) == (public,)
    assert public_secrets(settings, {"KEY": "own"}) == ()
