"""What is not understood is closed: no way of writing opens an endpoint by mistake."""

from __future__ import annotations

import pytest

from tests.importing.drafts import HEAD, draft_of, with_head

CHECKS = {
    "by address": """
if request.client.host not in TRUSTED:
    return JSONResponse({}, 403)
""",
    "in another file": """
if not allowed(request):
    raise HTTPException(401)
""",
    "other way round": """
if allowed(request):
    return {"ok": True}
raise HTTPException(401)
""",
    "exception": """
try:
    verify(request)
except Exception:
    raise HTTPException(401)
""",
    "only called": """
verify(request)
""",
    "awaited": """
user = await find(request)
""",
    "another status": """
if odd(request):
    return JSONResponse({}, status_code=404)
""",
    "decided by a key of a dict": """
if KEYS.get(request.headers["x-team"]) != request.headers["x-key"]:
    return JSONResponse({}, status_code=401)
""",
    "with": """
with guard(request):
    pass
""",
    "loop": """
for rule in rules:
    rule(request)
""",
}


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.strip().splitlines())


@pytest.mark.parametrize("check", CHECKS)
def test_check_in_a_handler_closes_it(check: str) -> None:
    draft = with_head(
        "from own import *\n@app.get('/a')\nasync def a(request: Request):\n"
        + indented(CHECKS[check])
        + "    return {'ok': True}\n"
    )

    assert draft.endpoint("/a").get("auth") != "none"
    assert draft.said("manual", "") != []


@pytest.mark.parametrize("check", CHECKS)
def test_check_in_a_dependency_closes_every_route(check: str) -> None:
    draft = with_head(
        "from own import *\nasync def dep(request: Request):\n"
        + indented(CHECKS[check])
        + "@app.get('/a', dependencies=[Depends(dep)])\nasync def a():\n"
        + "    return {'ok': True}\n"
    )

    assert draft.endpoint("/a").get("auth") != "none"


@pytest.mark.parametrize("check", CHECKS)
def test_check_in_a_middleware_closes_every_route(check: str) -> None:
    text = CHECKS[check].replace(
        'return {"ok": True}', "return await call_next(request)"
    )
    draft = with_head(
        "from own import *\n@app.middleware('http')\n"
        "async def around(request: Request, call_next):\n"
        + indented(text)
        + "    return await call_next(request)\n"
        + "@app.get('/a')\nasync def a():\n"
        + "    return {'ok': True}\n"
    )

    assert draft.endpoint("/a").get("auth") != "none"


UNKNOWN = [
    "app.add_middleware(Guard)",
    "app.add_middleware(AuthenticationMiddleware, backend=Own())",
]


@pytest.mark.parametrize("line", UNKNOWN)
def test_middleware_of_another_file_closes_every_route(line: str) -> None:
    draft = with_head(
        f"from own import *\n{line}\n@app.get('/a')\ndef a():\n    return {{'ok': True}}\n"
    )

    assert draft.endpoint("/a").get("auth") != "none"


def test_middleware_that_lets_everybody_in_closes_nothing() -> None:
    draft = with_head("""
    from fastapi.middleware.gzip import GZipMiddleware
    app.add_middleware(GZipMiddleware)
    @app.get("/a")
    def a():
        return {"ok": True}
    """)

    assert draft.endpoint("/a")["auth"] == "none"
    assert draft.said("manual", "GZipMiddleware")


DECORATED = ["@guarded\n@app.get('/a')", "@app.get('/a')\n@own.limit('5/minute')"]


@pytest.mark.parametrize("decorators", DECORATED)
def test_decorator_of_another_file_closes(decorators: str) -> None:
    draft = with_head(f"{decorators}\nasync def a():\n    return {{'ok': True}}\n")

    assert draft.endpoint("/a").get("auth") != "none"
    assert draft.said("manual", "the decorator")


def test_dependency_that_is_no_function_closes() -> None:
    draft = with_head("""
    from own import *
    @app.get("/a", dependencies=[Depends(Checker("admin"))])
    def a():
        return {"ok": True}
    """)

    assert draft.endpoint("/a").get("auth") != "none"


def test_dependencies_of_the_app_hold_for_every_route() -> None:
    head = HEAD.replace("FastAPI()", "FastAPI(dependencies=[Depends(checked)])")
    draft = draft_of(f"{head}@app.get('/a')\ndef a():\n    return {{'ok': True}}\n")

    assert draft.endpoint("/a").get("auth") != "none"
