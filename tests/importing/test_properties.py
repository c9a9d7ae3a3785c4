"""Whatever a program is composed of, its draft compiles, and says the same each time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hxroute.compiler import compile
from hxroute.errors import StartError
from hxroute.importing.importer import Imported, import_fastapi
from tests.importing.drafts import HEAD

TEXTS = st.text(max_size=12)
NAMES = st.sampled_from(
    [
        "x-a",
        "X-B",
        "authorization",
        "cookie",
        "host",
        "content-type",
        "date",
        "é",
        "a b",
        "",
    ]
)
PATHS = st.sampled_from(
    [
        "/a",
        "/a/{x}",
        "/{rest:path}",
        "/v1/{rest:path}",
        "/a/{x:int}/b",
        "/{a}{b}",
        "a",
        "/a//b",
        "/é",
        "/{p:path}/x",
    ]
)
METHODS = st.lists(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PATCH", "get", "BREW"]),
    min_size=1,
    max_size=3,
)
STATUSES = st.sampled_from(
    [100, 200, 204, 301, 304, 400, 401, 404, 413, 418, 500, 503, 600]
)
EXCEPTIONS = st.sampled_from(
    [
        "httpx.ConnectError",
        "httpx.TimeoutException",
        "httpx.HTTPError",
        "Exception",
        "ValueError",
        "OwnError",
        "",
    ]
)

EXPRESSIONS = st.one_of(
    TEXTS.map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        [
            "None",
            "True",
            "KEY",
            "os.getenv('A')",
            "os.environ.get('B', 'b')",
            "int(os.getenv('N', '3'))",
            "request.headers.get('x-a')",
            "request.query_params.get('q', 'd')",
            "request.method",
            "request.url.path",
            "request.client.host",
            "f'Bearer {KEY}'",
            "uuid4()",
            "data",
            "r.text",
        ]
    ),
)
TESTS = st.one_of(
    EXPRESSIONS,
    st.sampled_from(
        [
            "request.method == 'POST'",
            "request.url.path == '/v1/x'",
            "request.url.path.startswith('/v1/')",
            "len(await request.body()) > 100",
            "not KEY",
            "request.headers.get('authorization') != KEY",
            "isinstance(data, dict)",
            "r.status_code >= 500",
            "'prompt' in data",
        ]
    ),
)


def answers() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(
            "return JSONResponse({{{!r}: {}}}, status_code={})".format,
            TEXTS,
            EXPRESSIONS,
            STATUSES,
        ),
        st.builds("raise HTTPException({}, {})".format, STATUSES, EXPRESSIONS),
        st.builds(
            "return Response({}, {}, {{{!r}: {}}})".format,
            EXPRESSIONS,
            STATUSES,
            NAMES,
            EXPRESSIONS,
        ),
        st.builds("return {{{!r}: {}}}".format, TEXTS, EXPRESSIONS),
    )


def block(statements: list[str], depth: int = 1) -> str:
    return "".join(
        f"{'    ' * depth}{line}\n" for text in statements for line in text.splitlines()
    )


STATEMENTS = st.recursive(
    st.one_of(
        answers(),
        st.builds("headers[{!r}] = {}".format, NAMES, EXPRESSIONS),
        st.builds("headers.pop({!r}, None)".format, NAMES),
        st.builds(
            "headers = {{k: v for k, v in request.headers.items() if k not in ({!r}, {!r})}}".format,
            NAMES,
            NAMES,
        ),
        st.builds(
            "headers = {{k: v for k, v in request.headers.items() if k in ({!r},)}}".format,
            NAMES,
        ),
        st.sampled_from(
            [
                "checked(request)",
                "headers = clean(request)",
                "data = await request.json()",
                "data['input'] = data.pop('prompt')",
                "own(request)",
                "x = await own(request)",
                "logger.info('x')",
                "headers.update({'x-a': '1'})",
            ]
        ),
        st.builds(
            "r = await client.request(request.method, {} + {}, headers=headers, json=data, timeout={})".format,
            EXPRESSIONS,
            EXPRESSIONS,
            EXPRESSIONS,
        ),
        st.just(
            "r = await client.get('http://127.0.0.1:1/' + request.url.path, headers=headers)"
        ),
        st.just("return Response(r.content, r.status_code, r.headers)"),
    ),
    lambda inner: st.one_of(
        st.builds(
            lambda test, body: f"if {test}:\n{block(body)}",
            TESTS,
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(
            lambda kind, body, other: (
                f"try:\n{block(body)}except {kind}:\n{block(other)}"
            ),
            EXCEPTIONS,
            st.lists(inner, min_size=1, max_size=2),
            st.lists(inner, min_size=1, max_size=2),
        ),
        st.builds(
            lambda body: f"for k, v in request.headers.items():\n{block(body)}",
            st.lists(inner, min_size=1, max_size=2),
        ),
    ),
    max_leaves=6,
)
ROUTES = st.builds(
    lambda path, methods, body: (
        f"@app.api_route({path!r}, methods={methods!r})\n"
        f"async def a(request: Request):\n    headers = {{}}\n{block(body)}"
    ),
    PATHS,
    METHODS,
    st.lists(STATEMENTS, min_size=1, max_size=6),
)
MIDDLEWARES = st.builds(
    lambda before, after: (
        "@app.middleware('http')\nasync def m(request, call_next):\n    headers = {}\n"
        f"{block(before)}    response = await call_next(request)\n    headers = response.headers\n"
        f"{block(after)}    return response\n"
    ),
    st.lists(STATEMENTS, max_size=2),
    st.lists(STATEMENTS, max_size=2),
)
PROGRAMS = st.lists(st.one_of(ROUTES, ROUTES, MIDDLEWARES), min_size=1, max_size=4).map(
    lambda parts: HEAD + "".join(parts)
)


def imported(data: bytes) -> Imported | str:
    """Return a draft, or why there is none."""
    try:
        return import_fastapi(data, "main.py")
    except StartError as exc:
        return str(exc)


@settings(max_examples=150, deadline=None)
@given(PROGRAMS)
def test_draft_of_any_program_compiles(program: str) -> None:
    data = program.encode("utf-8", "replace")
    found = imported(data)

    assert found == imported(data)
    if isinstance(found, str):
        assert "no route that could be drafted" in found or "no Python" in found
        return
    report = compile(found.text.encode(), "routes.yaml").report
    assert not [item for item in report.diagnostics if item.severity == "error"]


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    )
)
def test_any_bytes_give_a_text_and_no_traceback(data: bytes) -> None:
    found = imported(data)

    assert not isinstance(found, str) or found.startswith("main.py")
