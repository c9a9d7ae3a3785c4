"""Programs that are none, or hostile: a text for each, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from hxroute.errors import StartError
from hxroute.importing.importer import import_fastapi
from tests.importing.drafts import draft_of, with_head

NONE = {
    "empty": (b"", "holds no program"),
    "comments": (b"# nothing\n\n", "holds no program"),
    "docstring": (b'"""Nothing."""\n', "holds no program"),
    "syntax": (b"def broken(:\n", "main.py:1 is no Python source"),
    "indent": (b"x = 1\n  y = 2\n", "main.py:2 is no Python source"),
    "binary": (bytes(range(256)), "is no Python source: it holds NUL bytes"),
    "latin": (b"x = '\xff\xfe'\n", "is no Python source"),
    "coding": (b"# -*- coding: no-such -*-\nx = 1\n", "is no Python source"),
    "no app": (b"import os\nx = os.getenv('A')\n", "makes no FastAPI"),
    "no routes": (b"from fastapi import FastAPI\napp = FastAPI()\n", "no route"),
    "huge": (b"x = 1\n" * 300_000, "is larger than"),
    "brackets": (b"x = " + b"[" * 5000 + b"]" * 5000, "main.py"),
    "sum": (b"x = " + b"1+" * 100_000 + b"1", "nested too deeply"),
    "attributes": (b"x = a" + b".b" * 100_000, "nested too deeply"),
    "calls": (b"x = a" + b"()" * 100_000, "nested too deeply"),
    "nots": (b"x = " + b"not " * 100_000 + b"1", "nested too deeply"),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_program_is_said_in_a_line(name: str) -> None:
    source, words = NONE[name]

    with pytest.raises(StartError) as caught:
        import_fastapi(source, "main.py")

    assert words in str(caught.value)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_deep_but_parsable_nesting_still_gives_a_draft() -> None:
    deep = "(" * 80 + "1" + ")" * 80
    sums = "+".join(["KEY"] * 300)
    ifs = "".join(
        f"{'    ' * n}if request.headers.get('a{n}'):\n" for n in range(1, 60)
    )
    body = f"@app.get('/a')\ndef a(request: Request):\n{ifs}{'    ' * 60}return {{}}\n"

    draft = with_head(f"x = {deep}\ny = {sums}\n{body}    return {{'ok': True}}\n")

    assert draft.endpoint("/a")


TEXTS = [
    "quote ' and \" both",
    "{{ settings.key }}",
    "{% raw %}",
    "{# comment",
    "line\nfeed\r\ttab",
    "colon: and # hash",
    "- dash",
    "yes",
    "null",
    "017",
    "1e3",
    "é – ☃",
    "\u2028\u0085\ufeff",
    "\x00\x1b",
    "\ud800",
    "",
    " ",
    "%41",
    "*alias &anchor !tag",
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_through_the_draft_as_itself(text: str) -> None:
    draft = with_head(f"""
    @app.get("/a")
    def a():
        return {{"say": {text!r}}}
    """)

    from hxroute.templates import literals

    said = draft.endpoint("/a")["respond"]["json"]["say"]
    if "{" in text:
        assert text.replace("\\", "") in said
        assert literals(said) == ()
    else:
        assert said == text.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_as_a_name_a_header_and_a_path_compiles(text: str) -> None:
    draft = with_head(f"""
    NAMES = ({text!r}, "cookie", "authorization")
    @app.get("/p/" + {text!r})
    async def a(request: Request):
        checked(request)
        headers = {{k: v for k, v in request.headers.items() if k not in NAMES}}
        headers[{text!r}] = {text!r}
        r = await client.get("http://127.0.0.1:9/" + {text!r}, headers=headers)
        return Response(r.content, r.status_code, {{{text!r}: {text!r}}})
    @app.get("/ok")
    def ok():
        return {{{text!r}: 1}}
    """)

    assert draft.endpoint("/ok")


def test_names_that_are_no_names_of_the_language_are_made_such() -> None:
    draft = draft_of("""
    import os, httpx
    from fastapi import FastAPI, Request, Response
    app = FastAPI()
    ÜBER_URL = os.environ.get("_9", "http://127.0.0.1:1")
    @app.get("/{Größe}/{Name}")
    async def a(request: Request, Name: str):
        r = await httpx.AsyncClient().get(f"{ÜBER_URL}/{Name}")
        return Response(r.content, r.status_code)
    """)

    assert draft.data["endpoints"]
    assert all(name.isascii() for name in draft.data.get("settings", {}))


def test_functions_that_call_each_other_end() -> None:
    draft = with_head("""
    def one(x): return two(x) + two(x)
    def two(x): return one(x) + one(x)
    @app.get("/a")
    def a(request: Request):
        return one(request)
    """)

    assert draft.said("manual", "calls itself")
    assert draft.endpoint("/a").get("auth") != "none"


def test_calls_that_multiply_end() -> None:
    functions = "\n".join(
        f"def f{n}(x):\n    f{n + 1}(x)\n    f{n + 1}(x)\n    f{n + 1}(x)"
        for n in range(14)
    )
    draft = with_head(
        f"{functions}\ndef f14(x):\n    pass\n@app.get('/a')\ndef a():\n    f0(1)\n    return 1\n"
    )

    assert draft.endpoint("/a")


def test_keys_in_a_program_are_nowhere_in_what_is_made() -> None:
    key, other = "sk-live0123456789abcdef", "xoxb-1234567890-abcdef"
    draft = with_head(f"""
    TOKEN = "{key}"
    @app.api_route("/v1/{{path:path}}", methods=["GET"])
    async def a(path: str, request: Request):
        if request.headers.get("authorization") != "Bearer " + TOKEN:
            raise HTTPException(401, "no")
        headers = {{"Authorization": "Bearer {other}", "x-api-key": TOKEN}}
        notify("{key}")
        r = await client.get("http://user:{key}@127.0.0.1/" + path, headers=headers)
        return Response(r.content, r.status_code)
    """)
    shown = draft.text + "".join(item.text for item in draft.findings)

    assert key not in shown
    assert other not in shown


@pytest.mark.parametrize("secret", ["hunter2", "s3cr3t", "a-long-pass-phrase-of-words"])
def test_texts_that_may_be_secrets_are_in_no_finding(secret: str) -> None:
    draft = with_head(f"""
    @app.get("/a")
    def a(request: Request):
        login("admin", {secret!r}, b={secret.encode()!r})
        value = login({secret!r})
        with session({secret!r}):
            pass
        raise Odd({secret!r})
    """)
    shown = draft.text + "".join(item.text for item in draft.findings)

    assert draft.said("manual", "login(")
    assert secret not in shown


def test_program_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with_head(f"""
    import pathlib
    pathlib.Path({str(mark)!r}).touch()
    os.system("touch {mark}")
    @app.get("/a")
    def a():
        return 1
    """)

    assert not mark.exists()
