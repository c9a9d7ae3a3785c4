"""The user's own cases: what they become, and what is said of mistakes."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.errors import StartError
from hxroute.proof.cases.casefile import CaseFile, read
from hxroute.proof.exchange import DEFAULT, REFUSED, Case
from hxroute.proof.messages import Request
from hxroute.sandbox.scripted import OK

HEAD = "version: 1\ncases:\n"
CASE = "  - {name: a, request: {method: GET, target: /}"


def written(tmp_path: Path, text: str) -> CaseFile:
    path = tmp_path / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def case_of(tmp_path: Path, text: str) -> Case:
    """Return the one case of a file that has no mistake."""
    file = written(tmp_path, HEAD + textwrap.indent(textwrap.dedent(text), "  "))
    assert not file.report.diagnostics
    (case,) = file.cases
    return case


def told(file: CaseFile) -> list[tuple[str, int, str]]:
    return [(d.code, d.span.line, d.message) for d in file.report.diagnostics]


def test_case_is_read_whole(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """\
version: 1
environments:
  keyed: {KEY: sk-1}
cases:
  - name: chat
    environment: keyed
    request:
      method: POST
      target: /v1/chat?a=é
      headers: {Authorization: Bearer sk-1, X-Name: é}
      json: {text: é, n: [1, 2.5, null, true]}
    upstream:
      status: 429
      headers: [[Retry-After, "7"], [X-Twice, one], [X-Twice, two]]
      json: {error: slow}
      delay: 0.5
      close: true
""",
    )

    assert file.cases == (
        Case(
            "chat",
            Request(
                "POST",
                "/v1/chat?a=\xc3\xa9",
                (
                    ("Content-Type", "application/json"),
                    ("Authorization", "Bearer sk-1"),
                    ("X-Name", "\xc3\xa9"),
                ),
                '{"text":"\xc3\xa9","n":[1,2.5,null,true]}',
            ),
            (
                {"sleep": 0.5},
                (
                    "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
                    "Retry-After: 7\r\nX-Twice: one\r\nX-Twice: two\r\n"
                    "Content-Length: 16\r\n\r\n"
                ),
                '{"error":"slow"}',
                {"close": True},
            ),
            "keyed",
        ),
    )
    assert file.environments == {"keyed": {"KEY": "sk-1"}}
    assert file.lines == {"chat": 5}
    assert not file.report.diagnostics


def test_case_of_little_is_answered_with_200(tmp_path: Path) -> None:
    case = case_of(tmp_path, "- {name: a, request: {method: GET, target: /}}")

    assert case == Case("a", Request("GET", "/"), OK, DEFAULT)


def test_head_is_answered_without_a_body(tmp_path: Path) -> None:
    text = "- {name: a, request: {method: HEAD, target: /}%s}"

    assert case_of(tmp_path, text % "").script == (OK[0],)
    (head,) = case_of(tmp_path, text % ", upstream: {body: four}").script
    assert "Content-Length: 4\r\n" in str(head)


@pytest.mark.parametrize("status", [204, 304])
def test_answer_that_has_no_body_has_no_length(tmp_path: Path, status: int) -> None:
    text = f"- {{name: a, request: {{method: GET, target: /}}, upstream: {{status: {status}}}}}"

    (head,) = case_of(tmp_path, text).script

    assert "length" not in str(head).lower()


def test_script_goes_step_by_step(tmp_path: Path) -> None:
    case = case_of(
        tmp_path,
        """
        - name: a
          request: {method: GET, target: /}
          script:
            - "HTTP/1.1 200 OK\\r\\n\\r\\n"
            - {sleep: 1}
            - {repeat: [é, 3]}
            - {reset: true}
            - {close: true}
        """,
    )

    assert case.script == (
        "HTTP/1.1 200 OK\r\n\r\n",
        {"sleep": 1},
        {"repeat": ["\xc3\xa9", 3]},
        {"reset": True},
        {"close": True},
    )


def test_upstream_that_does_not_listen(tmp_path: Path) -> None:
    case = case_of(tmp_path, CASE.strip() + ", refused: true}")

    assert case.script == REFUSED


def test_body_is_repeated(tmp_path: Path) -> None:
    case = case_of(
        tmp_path,
        "- {name: a, request: {method: PUT, target: /, body: xy, repeat: 3}, "
        "upstream: {body: z, repeat: 9}}",
    )

    assert case.request.sent == "xyxyxy"
    assert case.script[1] == {"repeat": ["z", 9]}
    assert "Content-Length: 9\r\n" in str(case.script[0])


def test_chunks_are_as_they_stand_in_the_file(tmp_path: Path) -> None:
    case = case_of(
        tmp_path,
        """
        - name: a
          request:
            method: POST
            target: /
            headers: {Transfer-Encoding: chunked}
            body: "2\\r\\nhi\\r\\n0\\r\\n\\r\\n"
        """,
    )

    assert case.request.content == "hi"


def test_default_environment_may_be_stated(tmp_path: Path) -> None:
    text = f"version: 1\nenvironments: {{default: {{KEY: sk-1}}}}\ncases:\n{CASE}}}\n"

    file = written(tmp_path, text)

    assert not file.report.diagnostics
    assert file.environments == {"default": {"KEY": "sk-1"}}


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        (HEAD + f"{CASE}}}\n{CASE}}}\n", "HX205", 4, "a case `a` is there already"),
        (
            HEAD + f"{CASE}, environment: x}}\n",
            "HX104",
            3,
            "there is no environment `x`",
        ),
        (
            HEAD
            + "  - name: a\n    request: {method: GET, target: /, body: x, json: 1}\n",
            "HX107",
            4,
            "`body` and `json` exclude each other",
        ),
        (
            HEAD + f"{CASE}, upstream: {{}}, refused: true}}\n",
            "HX107",
            3,
            "`upstream` and `refused` exclude each other",
        ),
        (
            HEAD + f"{CASE}, script: [{{sleep: 1, close: true}}]}}\n",
            "HX107",
            3,
            "`sleep` and `close` exclude each other",
        ),
        (
            HEAD + f"{CASE}, script: [{{repeat: [3, x]}}]}}\n",
            "HX105",
            3,
            "`repeat` is a text and how often it is written",
        ),
        (
            HEAD + f"{CASE}, script: [{{repeat: [x, 1000000000]}}]}}\n",
            "HX106",
            3,
            "the step would write more than 268435456 bytes",
        ),
        (
            HEAD + f"{CASE}, upstream: {{body: xxxx, repeat: 99999999}}}}\n",
            "HX106",
            3,
            "the body would have more than 268435456 bytes",
        ),
        (
            HEAD
            + '  - name: a\n    request:\n      method: GET\n      target: /\n      headers: {X: "a\\r\\nb"}\n',
            "HX306",
            7,
            "a header value holds no line break and no control character",
        ),
        (
            HEAD
            + '  - {name: a, request: {method: GET, target: /, headers: [["a b", c]]}}\n',
            "HX112",
            3,
            "`a b` is no header name",
        ),
        (
            HEAD
            + "  - {name: a, request: {method: GET, target: /, headers: {Transfer-Encoding: chunked}, body: x}}\n",
            "HX105",
            3,
            "with Transfer-Encoding the body holds the chunks, to the last one",
        ),
        (HEAD + "  - {name: a}\n", "HX102", 3, "`request` is missing"),
        (HEAD + "  - {name: A b, request: {method: GET, target: /}}\n", "HX105", 3, ""),
        (
            HEAD + "  - {name: a, request: {method: GET, target: /a b}}\n",
            "HX105",
            3,
            "",
        ),
        (HEAD + f"{CASE}, upstream: {{status: 99}}}}\n", "HX111", 3, ""),
        (HEAD + f"{CASE}, answer: 3}}\n", "HX101", 3, "unknown key `answer`"),
        (HEAD + f"{CASE}, refused: false}}\n", "HX104", 3, ""),
        ("version: 1\ncases: []\n", "HX106", 2, "`cases` must not be empty"),
        ("version: 1\nenvironments: {a: {K: 5}}\ncases: []\n", "HX103", 2, ""),
        ("version: 2\n", "HX104", 1, ""),
        ("cases: [", "HX001", 1, ""),
    ],
)
def test_mistake_is_told_in_its_place(
    tmp_path: Path, text: str, code: str, line: int, said: str
) -> None:
    file = written(tmp_path, text)

    assert file.cases == ()
    assert [item for item in told(file) if item[:2] == (code, line) and said in item[2]]


def test_mistake_of_a_name_points_at_the_first(tmp_path: Path) -> None:
    (found,) = written(tmp_path, HEAD + f"{CASE}}}\n{CASE}}}\n").report.diagnostics

    assert [(span.line, text) for span, text in found.related] == [
        (3, "first defined here")
    ]


def test_unknown_environment_that_is_nearly_a_known_one_is_guessed(
    tmp_path: Path,
) -> None:
    text = f"version: 1\nenvironments: {{keyed: {{}}}}\ncases:\n{CASE}, environment: keyd}}\n"

    (found,) = written(tmp_path, text).report.diagnostics

    assert found.help == "did you mean `keyed`?"


def test_keys_are_kept_out_of_reports(tmp_path: Path) -> None:
    text = (
        "version: 1\nenvironments: {a: {KEY: sk-1}}\ncases:\n"
        "  - {name: a, request: {method: GET, target: /, headers: {Authorization: Bearer sk-1}}}\n"
    )

    file = written(tmp_path, text)

    lines = text.split("\n")
    shown = {
        lines[s.line - 1][s.column - 1 : s.end_column - 1] for s in file.report.hidden
    }
    assert shown == {"sk-1", "Bearer sk-1"}


def test_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"none\.yaml cannot be read: No such file"):
        read(tmp_path / "none.yaml")


WORDS = st.sampled_from(
    [
        "name", "request", "upstream", "script", "refused", "method", "target", "headers",
        "body", "json", "repeat", "status", "a", "GET", "/", "1", "true", "-1", "1e400",
        "[", "]", "{", "}", ", ", ": ", "\n  - ", "\n    ", '"\\ud800"', "é", "X: y",
        "Transfer-Encoding: chunked", "environment", "environments", "sleep", "close",
    ]
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=300)
@given(text=st.lists(WORDS, max_size=14).map("".join), head=st.booleans())
def test_any_text_gives_cases_or_diagnostics(
    tmp_path_factory: pytest.TempPathFactory, text: str, *, head: bool
) -> None:
    begin = HEAD + "  - name: a\n    request: {method: GET, target: /}\n    "
    file = written(tmp_path_factory.mktemp("x"), (begin if head else "") + text)

    assert bool(file.cases) != file.report.failed
    for case in file.cases:
        case.request.wire("127.0.0.1:1")
        assert case.request.content is not None
