"""The many ways in which a proxy says the same thing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importing.drafts import Draft, draft_of, with_head

CALL = 'r = await client.request(request.method, f"http://127.0.0.1:9/{path}", headers=headers)'
REPLY = "return Response(r.content, r.status_code, dict(r.headers))"


def proxied(
    before: str = "", *, headers: str = "clean(request)", reply: str = REPLY
) -> Draft:
    """Draft a catch-all with some statements before its call."""
    lines = [
        "checked(request)",
        *before.strip("\n").split("\n"),
        f"headers = {headers}",
        CALL,
        *reply.strip("\n").split("\n"),
    ]
    body = "".join(f"    {line}\n" for line in lines)
    return with_head(
        f"@app.api_route('/{{path:path}}', methods=['GET', 'POST'])\nasync def a(path: str, request: Request):\n{body}"
    )


def rules(draft: Draft, name: str = "to_upstream") -> dict[str, Any]:
    found: dict[str, Any] = draft.data["headers"][name]
    return found


SETTINGS = {
    'os.environ["A"]': {"env": "A"},
    'os.environ.get("A", "http://127.0.0.1:1")': {
        "env": "A",
        "default": "http://127.0.0.1:1",
    },
    'os.getenv("A", "http://127.0.0.1:1")': {
        "env": "A",
        "default": "http://127.0.0.1:1",
    },
    'os.getenv("A") or "http://127.0.0.1:1"': {
        "env": "A",
        "default": "http://127.0.0.1:1",
    },
    'os.getenv("A") or os.getenv("B") or "http://127.0.0.1:1"': {
        "env": ["A", "B"],
        "default": "http://127.0.0.1:1",
    },
    'os.getenv("A", os.getenv("B", "http://127.0.0.1:1"))': {
        "env": ["A", "B"],
        "default": "http://127.0.0.1:1",
    },
    'os.environ.get("A", "http://127.0.0.1:1/").rstrip("/")': {
        "env": "A",
        "default": "http://127.0.0.1:1",
    },
    'str(os.environ.get("A", "http://127.0.0.1:1"))': {
        "env": "A",
        "default": "http://127.0.0.1:1",
    },
}


@pytest.mark.parametrize("written", SETTINGS)
def test_setting_is_read(written: str) -> None:
    draft = with_head(f"""
    UP = {written}
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        r = await client.get(UP + "/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.data["settings"]["up"] == SETTINGS[written]
    (upstream,) = draft.data["upstreams"].values()
    assert upstream["url"] == "{{ settings.up }}"


MODELS = {
    "prefix in a dict": 'model_config = {"env_prefix": "P_"}',
    "prefix in a call": 'model_config = SettingsConfigDict(env_prefix="P_")',
    "prefix in a class": 'class Config:\n        env_prefix = "p_"',
}


@pytest.mark.parametrize("written", MODELS)
def test_settings_class_is_read(written: str) -> None:
    draft = draft_of(f"""
import httpx
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
class Settings(BaseSettings):
    url: str = "http://127.0.0.1:1"
    client_key: SecretStr
    other: str = Field("x", validation_alias="OTHER")
    {MODELS[written]}
settings = Settings()
app = FastAPI()
@app.get("/a")
async def a(request: Request):
    if request.headers.get("authorization") != f"Bearer {{settings.client_key.get_secret_value()}}":
        raise HTTPException(401)
    async with httpx.AsyncClient(base_url=settings.url) as client:
        r = await client.get("/a", headers={{"x-other": settings.other}})
    return Response(r.content, r.status_code)
""")

    assert draft.data["settings"] == {
        "client_key": {"env": "P_CLIENT_KEY", "secret": True},
        "url": {"env": "P_URL", "default": "http://127.0.0.1:1"},
        "other": {"env": "OTHER", "default": "x"},
    }


DENIED = {
    "comprehension": '{k: v for k, v in request.headers.items() if k.lower() not in {"x-a", "authorization", "cookie"}}',
    "both": '{k: v for k, v in request.headers.items() if k != "x-a" and k not in ("authorization", "cookie")}',
    "dict of a generator": 'dict((k, v) for k, v in request.headers.items() if k not in ["x-a", "authorization", "cookie"])',
    "list of pairs": '[(k, v) for k, v in request.headers.raw if k.lower() not in (b"x-a", b"authorization", b"cookie")]',
    "not or": '{k: v for k, v in request.headers.items() if not (k == "x-a" or k in ("authorization", "cookie"))}',
}


@pytest.mark.parametrize("written", DENIED)
def test_deny_list_is_read(written: str) -> None:
    assert sorted(rules(proxied(headers=DENIED[written]))["drop"]) == [
        "authorization",
        "cookie",
        "x-a",
    ]


STATEMENTS = {
    "pop": 'h = dict(request.headers)\nh.pop("x-a", None)\nh.pop("Authorization", None)\nh.pop("cookie")',
    "loop of pops": 'h = dict(request.headers)\nfor n in ("x-a", "authorization", "cookie"):\n    h.pop(n, None)',
    "del": 'h = request.headers.mutablecopy()\nfor n in ["x-a", "authorization", "cookie"]:\n    if n in h:\n        del h[n]',
    "loop with continue": 'h = {}\nfor k, v in request.headers.items():\n    if k in ("x-a", "cookie", "authorization"):\n        continue\n    h[k] = v',
    "loop with if": 'h = {}\nfor k, v in request.headers.items():\n    if k not in ("x-a", "cookie", "authorization"):\n        h[k] = v',
}


@pytest.mark.parametrize("written", STATEMENTS)
def test_deny_list_by_statements_is_read(written: str) -> None:
    draft = proxied(STATEMENTS[written], headers="h")

    assert sorted(rules(draft)["drop"]) == ["authorization", "cookie", "x-a"]


KEPT = {
    "comprehension": '{k: v for k, v in request.headers.items() if k in ("x-a", "accept")}',
    "by name": '{k: request.headers[k] for k in ("x-a", "accept") if k in request.headers}',
    "one by one": '{"x-a": request.headers.get("x-a"), "accept": request.headers.get("accept")}',
}


@pytest.mark.parametrize("written", [name for name in KEPT if name != "one by one"])
def test_allow_list_is_read(written: str) -> None:
    assert sorted(rules(proxied(headers=KEPT[written]))["keep"]) == ["accept", "x-a"]


def test_fields_taken_one_by_one_are_set() -> None:
    found = rules(proxied(headers=KEPT["one by one"]))

    assert found["keep"] == []
    assert found["set"]["x-a"] == "{{ headers['x-a'] }}"


def test_prefix_of_names_is_left_to_the_reader() -> None:
    written = '{k: v for k, v in request.headers.items() if not k.startswith("x-")}'
    draft = proxied(headers=written)

    assert draft.said("manual", "names that start with x-")


def test_no_headers_at_all_keep_nothing() -> None:
    assert rules(proxied(headers="None"))["keep"] == []


def test_credentials_that_went_on_go_on() -> None:
    found = rules(proxied(headers="dict(request.headers)"))

    assert found["forward"] == ["authorization", "cookie"]


def test_headers_of_another_file_are_not_let_through() -> None:
    draft = with_head("""
    from headers import cleaned
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        r = await client.get("http://127.0.0.1:9/a", headers=cleaned(request))
        return Response(r.content, r.status_code)
    """)

    assert rules(draft)["drop"] == ["authorization", "cookie"]
    assert draft.said("manual", "headers of this call")


KEYS = {
    "equal": 'if request.headers.get("authorization") != f"Bearer {KEY}":',
    "concatenated": 'if request.headers.get("Authorization", "") != "Bearer " + KEY:',
    "removeprefix": 'if request.headers.get("authorization", "").removeprefix("Bearer ") != KEY:',
    "slice": 'if request.headers.get("authorization", "")[7:] != KEY:',
    "split": 'if request.headers.get("authorization", "x x").split(" ")[1] != KEY:',
    "compare_digest": 'if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {KEY}"):',
    "or": 'if "authorization" not in request.headers or request.headers["authorization"] != f"Bearer {KEY}":',
}
REFUSALS = [
    'raise HTTPException(status_code=401, detail="no")',
    'return JSONResponse({"detail": "no"}, status_code=401)',
    'return JSONResponse(status_code=401, content={"detail": "no"})',
    'return Response(json.dumps({"detail": "no"}), 401, media_type="application/json")',
]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("check", KEYS)
def test_check_of_a_bearer_key_is_read(check: str, refusal: str) -> None:
    draft = with_head(f"""
    import hmac
    @app.get("/a")
    async def a(request: Request):
        {KEYS[check]}
            {refusal}
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.data["auth"] == {"clients": {"bearer": ["{{ settings.key }}"]}}
    assert draft.data["errors"]["old"]["unauthorized"]["json"] == {"detail": "no"}
    assert draft.data["defaults"]["auth"] == "clients"


def test_key_of_another_header_is_closed_and_left_to_the_reader() -> None:
    draft = with_head("""
    def key(x_api_key: str = Header(...)):
        if x_api_key != KEY:
            raise HTTPException(403, "no")
    @app.get("/a", dependencies=[Depends(key)])
    async def a(request: Request):
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.said("manual", "the key was taken from x-api-key")
    assert draft.data["defaults"]["auth"] == "clients"
    assert draft.data["errors"]["old"]["unauthorized"]["status"] == 403


def test_check_that_is_not_understood_is_closed() -> None:
    draft = with_head("""
    import jwt
    def user(request: Request):
        return jwt.decode(request.headers["authorization"])
    @app.get("/a")
    async def a(request: Request, who = Depends(user)):
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    @app.get("/b")
    async def b(request: Request, who = Depends(user)):
        return {"ok": True}
    """)

    assert draft.data["defaults"]["auth"] == "closed"
    assert "auth" not in draft.endpoint("/b")


def test_upstream_without_a_check_is_closed() -> None:
    draft = with_head("""
    @app.get("/a")
    async def a(request: Request):
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.data["defaults"]["auth"] == "closed"
    assert draft.said("manual", "no check of a key was found")


def test_check_the_other_way_round_is_read() -> None:
    draft = with_head("""
    @app.get("/a")
    async def a(request: Request):
        if request.headers.get("authorization") == f"Bearer {KEY}":
            r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
            return Response(r.content, r.status_code)
        raise HTTPException(401, "no")
    """)

    assert draft.data["defaults"]["auth"] == "clients"


PATHS = {
    'path == "x/y"': "/x/y",
    '"x/y" == path': "/x/y",
    'request.url.path == "/x/y"': "/x/y",
    'path in ("x/y",)': "/x/y",
    'f"/{path}" == "/x/y"': "/x/y",
    'path.startswith("x/")': "/x/{path:path}",
    'request.url.path.startswith("/x/")': "/x/{path:path}",
}


@pytest.mark.parametrize("test", PATHS)
def test_path_test_makes_an_endpoint(test: str) -> None:
    draft = proxied(f'if {test}:\n    return {{"own": True}}')

    first, last = draft.data["endpoints"]
    assert first["path"] == PATHS[test]
    assert first["respond"]["json"] == {"own": True}
    assert last["path"] == "/{path:path}"


def test_method_test_makes_an_endpoint_and_leaves_the_rest() -> None:
    draft = proxied('if request.method == "POST":\n    return {"own": True}')
    first, last = draft.data["endpoints"]

    assert first["methods"] == ["POST"]
    assert last["methods"] == ["GET"]


ROUTES = {
    "get": ('@app.get("/a/{x}")', ["GET"]),
    "api_route": (
        '@app.api_route("/a/{x}", methods=["PUT", "DELETE"])',
        ["PUT", "DELETE"],
    ),
    "api_route alone": ('@app.api_route("/a/{x}")', ["GET"]),
    "starlette": ('@app.route("/a/{x}")', ["GET", "HEAD"]),
    "converter": ('@app.post("/a/{x:int}")', ["POST"]),
}


@pytest.mark.parametrize("written", ROUTES)
def test_route_is_read(written: str) -> None:
    decorator, methods = ROUTES[written]
    draft = with_head(f'{decorator}\ndef a(x):\n    return {{"ok": True}}\n')

    assert draft.endpoint("/a/{x}")["methods"] == methods


def test_route_added_by_a_call_is_read() -> None:
    draft = with_head("""
    async def a(request):
        return JSONResponse({"ok": True})
    app.add_route("/a", a, methods=["GET"])
    app.add_api_route("/b", a, methods=["POST"])
    """)

    assert draft.endpoint("/a")["methods"] == ["GET", "HEAD"]
    assert draft.endpoint("/b")["methods"] == ["POST"]


def test_app_that_a_function_makes_is_read() -> None:
    draft = draft_of("""
    from fastapi import FastAPI
    def create():
        app = FastAPI()
        @app.get("/a")
        def a():
            return {"ok": True}
        return app
    app = create()
    """)

    assert draft.endpoint("/a")["auth"] == "none"


CAUGHT = {
    "httpx.ConnectError": {"connect_failed"},
    "httpx.TimeoutException": {"timeout"},
    "httpx.ReadTimeout": {"read_timeout"},
    "httpx.RequestError": {"unreachable", "timeout"},
    "httpx.HTTPError": {"unreachable", "timeout"},
    "(httpx.ConnectError, httpx.ConnectTimeout)": {"connect_failed", "connect_timeout"},
    "Exception": {"unreachable", "timeout"},
}


@pytest.mark.parametrize("kinds", CAUGHT)
def test_failures_are_answered_by_kind(kinds: str) -> None:
    draft = with_head(f"""
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        try:
            r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        except {kinds} as exc:
            return JSONResponse({{"error": "down"}}, status_code=599)
        return Response(r.content, r.status_code)
    """)
    errors = draft.data["errors"]["old"]

    assert {k for k, v in errors.items() if v.get("status") == 599} == CAUGHT[kinds]


def test_first_except_that_catches_counts() -> None:
    draft = with_head("""
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        try:
            r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        except httpx.ConnectTimeout:
            raise HTTPException(598)
        except httpx.TimeoutException:
            raise HTTPException(597)
        except httpx.TransportError:
            raise HTTPException(596)
        return Response(r.content, r.status_code)
    """)
    errors = draft.data["errors"]["old"]

    assert errors["connect_timeout"]["status"] == 598
    assert errors["read_timeout"]["status"] == 597
    assert errors["unreachable"]["status"] == 596


def test_handlers_of_exceptions_shape_the_answers() -> None:
    draft = with_head("""
    @app.exception_handler(HTTPException)
    async def shaped(request, exc):
        return JSONResponse({"error": {"message": exc.detail}}, status_code=exc.status_code)
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.data["errors"]["old"]["unauthorized"]["json"] == {
        "error": {"message": "no"}
    }


TIMEOUTS = {
    "timeout=7": {"connect": "7s", "read": "7s"},
    "timeout=httpx.Timeout(7)": {"connect": "7s", "read": "7s"},
    "timeout=httpx.Timeout(7, connect=1.5)": {"connect": "1500ms", "read": "7s"},
    "timeout=httpx.Timeout(connect=1, read=2, write=3, pool=4)": {
        "write": "3s",
        "pool": "4s",
    },
    "timeout=None": {"read": "24h"},
    "": {"connect": "5s", "read": "5s"},
    "timeout=float(os.getenv('T', '9'))": {"read": "9s"},
}


@pytest.mark.parametrize("written", TIMEOUTS)
def test_timeout_is_read(written: str) -> None:
    draft = with_head(f"""
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        async with httpx.AsyncClient({written}) as own:
            r = await own.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)
    (upstream,) = draft.data["upstreams"].values()

    assert TIMEOUTS[written].items() <= upstream["timeout"].items()


LIMITS = {
    "if len(body) > 1000:": "1000B",
    "if len(body) > 2 * 1024 * 1024:": "2MiB",
    "if len(body) > LIMIT:": "{{ settings.limit }}",
    'if int(request.headers.get("content-length", 0)) > 1024:': "1KiB",
}


@pytest.mark.parametrize("test", LIMITS)
def test_limit_of_the_body_is_read(test: str) -> None:
    draft = with_head(f"""
    LIMIT = int(os.getenv("LIMIT", "4096"))
    @app.post("/a")
    async def a(request: Request):
        checked(request)
        body = await request.body()
        {test}
            raise HTTPException(413, "large")
        r = await client.post("http://127.0.0.1:9/a", headers=clean(request), content=body)
        return Response(r.content, r.status_code)
    """)

    assert draft.data["defaults"]["request"]["max_body"] == LIMITS[test]
    assert draft.data["errors"]["old"]["payload_too_large"]["json"] == {
        "detail": "large"
    }


RENAMES = [
    'data["input"] = data.pop("prompt")',
    'if "prompt" in data:\n            data["input"] = data.pop("prompt")',
    'if "prompt" in data and "input" not in data:\n            data["input"] = data.pop("prompt")',
    'data["input"] = data["prompt"]\n        del data["prompt"]',
]


@pytest.mark.parametrize("written", RENAMES)
@pytest.mark.parametrize("sent", ["json=data", "content=json.dumps(data)"])
def test_rename_is_read(written: str, sent: str) -> None:
    draft = with_head(f"""
    @app.post("/a")
    async def a(request: Request):
        checked(request)
        data = await request.json()
        {written}
        r = await client.post("http://127.0.0.1:9/a", headers=clean(request), {sent})
        return Response(r.content, r.status_code)
    """)

    assert draft.endpoint("/a")["request"]["json"] == {"rename": {"prompt": "input"}}


def test_member_that_is_set_is_left_to_the_reader() -> None:
    draft = with_head("""
    @app.post("/a")
    async def a(request: Request):
        checked(request)
        data = await request.json()
        data["model"] = "fixed"
        r = await client.post("http://127.0.0.1:9/a", headers=clean(request), json=data)
        return Response(r.content, r.status_code)
    """)

    assert draft.said("manual", "`model` of the body is set")


def test_body_of_its_own_is_a_template() -> None:
    draft = with_head("""
    @app.post("/a/{lang}")
    async def a(lang: str, request: Request):
        checked(request)
        data = await request.json()
        made = {"model": "m", "messages": [{"role": "user", "content": data["text"]}], "lang": lang}
        r = await client.post("http://127.0.0.1:9/chat", headers=clean(request), json=made)
        return Response(r.content, r.status_code)
    """)
    call = draft.endpoint("/a/{lang}")["upstream"]

    assert call["path"] == "/chat"
    assert call["body"]["messages"][0]["content"] == "{{ body.text }}"
    assert call["body"]["lang"] == "{{ path.lang }}"


QUERIES = {
    "params=request.query_params": None,
    "params=dict(request.query_params)": None,
    "": {},
    'params={"a": request.query_params.get("a"), "b": "1"}': {
        "a": "{{ query.a }}",
        "b": "1",
    },
}


@pytest.mark.parametrize("written", QUERIES)
def test_query_is_read(written: str) -> None:
    draft = with_head(f"""
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request), {written})
        return Response(r.content, r.status_code)
    """)
    call = draft.endpoint("/a")["upstream"]

    assert (call.get("query") if isinstance(call, dict) else None) == QUERIES[written]


def test_redirects_that_were_followed_are_left_to_the_reader() -> None:
    draft = proxied(reply=REPLY)
    followed = with_head("""
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request), follow_redirects=True)
        return Response(r.content, r.status_code)
    """)

    assert not draft.said("manual", "redirects")
    assert followed.said("manual", "redirects were followed")


def test_status_that_is_lost_is_left_to_the_reader() -> None:
    draft = proxied(reply="return r.json()")

    assert draft.said("manual", "status is lost")


STATUSES = {
    "if r.status_code >= 500:": ["5xx"],
    "if r.status_code >= 400:": ["4xx", "5xx"],
    "if r.status_code == 429:": [429],
    "if r.status_code in (502, 503):": [502, 503],
    "if r.is_error:": ["4xx", "5xx"],
    "if not r.is_success:": ["4xx", "5xx"],
}


@pytest.mark.parametrize("test", STATUSES)
def test_upstream_status_is_replaced(test: str) -> None:
    draft = proxied(reply=f'{test}\n    raise HTTPException(503, "later")\n{REPLY}')
    (rule,) = draft.data["errors"]["old"]["upstream_status"]

    assert rule == {"match": STATUSES[test], "status": 503, "json": {"detail": "later"}}


NOT_UNDERSTOOD = [
    "await database.log(path)",
    "user = await database.find(path)",
    "await audit(request)",
    "while True:\n    pass",
    "request.state.user = find(path)",
    "cache[path] = 1",
    "match path:\n    case _:\n        pass",
    "assert path",
    "del cache[path]",
    "async with lock:\n    pass",
    "x += database.count",
]


@pytest.mark.parametrize("statement", NOT_UNDERSTOOD)
def test_statement_that_is_not_understood_is_left_to_the_reader(statement: str) -> None:
    draft = proxied(statement)

    # the head has 11 lines, then come the route's three
    assert 15 in {item.line for item in draft.findings if item.grade == "manual"}
    assert "# TODO(main.py:15)" in draft.text


def test_condition_of_an_answer_that_is_not_understood_is_left_to_the_reader() -> None:
    draft = proxied('if path.count("/") >  3:\n    raise HTTPException(400, "deep")')

    assert draft.said("manual", "answers 400 under a test")


def test_streamed_answer_is_exact() -> None:
    draft = with_head("""
    @app.post("/a")
    async def a(request: Request):
        checked(request)
        sent = client.build_request("POST", "http://127.0.0.1:9/a", headers=clean(request), content=request.stream())
        r = await client.send(sent, stream=True)
        return StreamingResponse(r.aiter_raw(), status_code=r.status_code, headers=r.headers)
    """)

    assert draft.said("exact", "streams both ways")


def test_setting_that_nothing_needs_is_said() -> None:
    draft = with_head("""
    LEVEL = os.getenv("LOG_LEVEL", "info")
    @app.get("/a")
    def a():
        return {"ok": True}
    """)

    assert draft.said("approximate", "LOG_LEVEL is read")
    assert "level" not in draft.data.get("settings", {})


def test_client_that_a_dependency_yields_is_read() -> None:
    draft = with_head("""
    async def opened():
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9", timeout=3) as one:
            yield one
    @app.get("/a")
    async def a(request: Request, one: httpx.AsyncClient = Depends(opened)):
        checked(request)
        r = await one.get("/b", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.endpoint("/a")["upstream"]["path"] == "/b"
    assert draft.data["upstreams"]["upstream"]["timeout"]["read"] == "3s"


@pytest.mark.parametrize("kept", ["app.state.http", "request.app.state.http", "shared"])
def test_client_that_start_up_makes_is_read(kept: str) -> None:
    draft = with_head(f"""
    shared = None
    @app.on_event("startup")
    async def start():
        global shared
        shared = httpx.AsyncClient(timeout=4)
        app.state.http = httpx.AsyncClient(timeout=4)
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        r = await {kept}.get("http://127.0.0.1:9/b", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.data["upstreams"]["upstream"]["timeout"]["read"] == "4s"


def test_error_statuses_that_are_raised_and_not_caught_are_500() -> None:
    draft = proxied(reply=f"r.raise_for_status()\n{REPLY}")
    (rule,) = draft.data["errors"]["old"]["upstream_status"]

    assert rule["match"] == ["4xx", "5xx"]
    assert (rule["status"], rule["text"]) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    "kind", ["httpx.HTTPStatusError", "httpx.HTTPError", "Exception"]
)
def test_error_statuses_that_are_raised_and_caught_have_that_answer(kind: str) -> None:
    draft = with_head(f"""
    @app.get("/a")
    async def a(request: Request):
        checked(request)
        try:
            r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
            r.raise_for_status()
        except {kind}:
            raise HTTPException(502, "bad")
        return Response(r.content, r.status_code)
    """)
    (rule,) = draft.data["errors"]["old"]["upstream_status"]

    assert rule == {"match": ["4xx", "5xx"], "status": 502, "json": {"detail": "bad"}}


def test_streamed_and_whole_answer_to_one_call_are_one() -> None:
    draft = with_head("""
    @app.post("/a")
    async def a(request: Request):
        checked(request)
        payload = await request.json()
        headers = clean(request)
        if payload.get("stream"):
            async def chunks():
                async with httpx.AsyncClient(timeout=None) as one:
                    async with one.stream("POST", "http://127.0.0.1:9/a", json=payload, headers=headers) as r:
                        async for chunk in r.aiter_bytes():
                            yield chunk
            return StreamingResponse(chunks(), media_type="text/event-stream")
        r = await client.post("http://127.0.0.1:9/a", json=payload, headers=headers)
        return JSONResponse(r.json(), status_code=r.status_code)
    """)

    assert draft.said("approximate", "the same answer in another form")
    assert draft.endpoint("/a")["upstream"] == {"name": "upstream", "query": {}}
    assert rules(draft, "to_client")["keep"] == ["content-type", "content-encoding"]
    assert draft.data["upstreams"]["upstream"]["timeout"]["read"] == "24h"


def test_list_of_keys_is_left_to_the_reader() -> None:
    draft = with_head("""
    TOKENS = set(os.environ["TOKENS"].split(","))
    @app.get("/a")
    async def a(request: Request):
        if request.headers.get("authorization", "")[7:] not in TOKENS:
            raise HTTPException(401)
        r = await client.get("http://127.0.0.1:9/a", headers=clean(request))
        return Response(r.content, r.status_code)
    """)

    assert draft.said("manual", "a list of keys in one variable")
    assert draft.data["settings"]["tokens"]["secret"] is True


PURE = ["str(time.time())", "str(uuid.uuid4())", "f'{round(time.time(), 3)}'"]


@pytest.mark.parametrize("made", PURE)
def test_header_that_is_made_anew_opens_and_closes_nothing(made: str) -> None:
    draft = with_head(f"""
    import time, uuid
    @app.middleware("http")
    async def stamped(request: Request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = {made}
        return response
    @app.get("/a")
    def a():
        return {{"ok": True}}
    """)

    assert draft.endpoint("/a")["auth"] == "none"
    assert draft.said("manual", "x-stamp")


def test_paths_that_a_middleware_lets_through_are_endpoints() -> None:
    draft = with_head("""
    PUBLIC = {"/login", "/docs/start"}
    @app.middleware("http")
    async def guard(request: Request, call_next):
        if request.url.path not in PUBLIC and not request.url.path.startswith("/public/"):
            if request.headers.get("authorization") != f"Bearer {KEY}":
                return JSONResponse({"detail": "no"}, status_code=401)
        return await call_next(request)
    @app.api_route("/{path:path}", methods=["GET"])
    async def a(path: str, request: Request):
        r = await client.get(f"http://127.0.0.1:9/{path}", headers=clean(request))
        return Response(r.content, r.status_code)
    """)
    auths = {item["path"]: item.get("auth") for item in draft.data["endpoints"]}

    assert set(auths) == {
        "/login",
        "/docs/start",
        "/public/{path:path}",
        "/{path:path}",
    }
    assert draft.data["auth"]["clients"]["bearer"] == ["{{ settings.key }}"]
    names = {
        path: auth or draft.data["defaults"]["auth"] for path, auth in auths.items()
    }
    assert names["/{path:path}"] == "clients"
    assert names["/login"] == "closed", "no check was found, so somebody has to say so"


def test_starlette_app_with_requests_is_read() -> None:
    draft = draft_of("""
    import os
    import requests
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route
    BASE = os.environ["BASE"]
    KEY = os.environ["API_KEY"]
    session = requests.Session()
    def items(request):
        if request.headers.get("Authorization") != "Bearer " + KEY:
            return Response("no", status_code=401)
        try:
            r = session.get(BASE + "/items/" + request.path_params["id"], headers={"x-a": "1"}, timeout=3, allow_redirects=False)
        except requests.Timeout:
            return Response("slow", status_code=504)
        except requests.RequestException:
            return Response("down", status_code=502)
        return Response(r.content, status_code=r.status_code, media_type=r.headers.get("content-type"))
    app = Starlette(routes=[Route("/items/{id}", items)])
    """)
    errors = draft.data["errors"]["old"]

    assert draft.endpoint("/items/{id}")["methods"] == ["GET", "HEAD"]
    assert rules(draft) == {"keep": [], "set": {"x-a": "1"}}
    assert errors["timeout"] == {"text": "slow"}
    assert errors["unreachable"] == {"text": "down"}
    assert not draft.said("manual", "")
