"""What holds for any gateway and for any text."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hxroute.backends.python import emit
from hxroute.diagnostics.report import nearest
from hxroute.ir import Gateway
from tests.fuzz.corpus import files
from tests.fuzz.mutation import mutated
from tests.invariants import compiles_or_says_why, executed
from tests.strategies import LONG, examples, gateways, mistaken

FILES = [data.decode("utf-8", "replace") for data in files()]

SOME = examples(150)
MANY = examples(300)


@SOME
@given(gateways)
def test_emitted_module_makes_the_gateway_again(gateway: Gateway) -> None:
    module = executed(emit(gateway))

    assert module["gateway"] == gateway


@SOME
@given(gateways)
def test_emit_of_an_emitted_gateway_is_the_same_text(gateway: Gateway) -> None:
    text = emit(gateway)

    again = executed(text)["gateway"]

    assert emit(again) == emit(gateway) == text


@SOME
@given(gateways)
def test_emitted_text_is_one_that_any_editor_keeps(gateway: Gateway) -> None:
    text = emit(gateway)

    assert text.replace("\n", "").isprintable()
    assert text.encode().decode() == text


def test_emitted_modules_are_what_ruff_would_write(tmp_path: Path) -> None:
    for number, gateway in enumerate(sample()):
        (tmp_path / f"gateway_{number}.py").write_text(emit(gateway), encoding="utf-8")

    found = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stdout) == (0, ""), found.stderr


@MANY
@given(st.sampled_from(FILES).flatmap(mistaken))
def test_compile_of_a_mistaken_file_gives_diagnostics(source: str) -> None:
    compiles_or_says_why(source.encode("utf-8", "surrogatepass"))


@MANY
@given(st.sampled_from(FILES), st.randoms(use_true_random=LONG))
def test_compile_of_a_file_of_other_values_gives_diagnostics(
    source: str, random: Random
) -> None:
    compiles_or_says_why(mutated(source, random).encode("utf-8", "replace"))


@MANY
@given(st.text())
@example("a: éééé\0")
@example("\ufeff\ufeffversion: 1")
@example('version: 1\n"\u2028": "{{ x }}"')
def test_compile_of_any_text_gives_diagnostics(source: str) -> None:
    compiles_or_says_why(source.encode())


@MANY
@given(st.binary())
@example("a: éééé".encode() + b"\xff")
@example(b"-")
@example(b"\xef\xbb\xbfa: \xff")
def test_compile_of_any_bytes_gives_diagnostics(data: bytes) -> None:
    compiles_or_says_why(data)


@SOME
@given(st.text("ab{}%#|.()[]'\" 1+-~*/=,:\n", max_size=60))
def test_compile_of_any_template_gives_diagnostics(template: str) -> None:
    quoted = template.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    source = (
        "version: 1\n"
        f'endpoints: [{{path: /x, auth: none, respond: {{text: "{quoted}"}}}}]'
    )

    compiles_or_says_why(source.encode())


@SOME
@given(
    st.sampled_from(["'ab'", "[1, 'a']", "settings.s"]),
    st.lists(
        st.sampled_from(["tojson", "join('ab')", "join", "upper", "string", "first"]),
        min_size=5,
        max_size=30,
    ),
)
def test_compile_of_any_chain_of_filters_gives_diagnostics(
    start: str, filters: list[str]
) -> None:
    source = (
        "version: 1\n"
        "settings: {s: {env: S, default: 'a\"b'}}\n"
        f'endpoints: [{{path: /x, auth: none, respond: {{text: "{{{{ {start} | '
        f'{" | ".join(filters)} }}}}"}}}}]'
    )

    compiles_or_says_why(source.encode())


@SOME
@given(
    st.text("abA_", min_size=1, max_size=9),
    st.frozensets(st.text("abA_", max_size=9), max_size=8),
)
def test_nearest_name_is_the_one_that_difflib_finds(
    name: str, known: frozenset[str]
) -> None:
    folded = {other.casefold() for other in known}
    if name.casefold() not in folded:
        assert nearest(name, known) == difflib.get_close_matches(name, sorted(known), 1)


def sample() -> list[Gateway]:
    """Return twenty gateways, the same at each run."""
    found: list[Gateway] = []

    @settings(derandomize=True, deadline=None, max_examples=20, database=None)
    @given(gateways)
    def collect(gateway: Gateway) -> None:
        found.append(gateway)

    collect()
    return found
