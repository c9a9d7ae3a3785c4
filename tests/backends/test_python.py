from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from hxroute import compiler, nodes
from hxroute.backends.python import emit
from hxroute.files import digest_of
from hxroute.ir import (
    FORMAT,
    BearerAuth,
    Endpoint,
    ErrorTable,
    Gateway,
    HeaderRules,
    Server,
    Setting,
    Timeout,
    Upstream,
)
from hxroute.limiting import Limit, Store
from hxroute.resilience import Concurrency

ROOT = Path(__file__).parent.parent.parent


def executed(module: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(module, names)
    return names


def with_nodes(*pipeline: Any) -> Gateway:
    return Gateway((Endpoint("/x", pipeline, name="x"),))


def test_module_carries_format_digest_and_app() -> None:
    names = executed(emit(Gateway(()), digest="sha256:00"))

    assert (names["FORMAT"], names["SOURCE"]) == (FORMAT, "sha256:00")
    assert names["gateway"] == Gateway(())
    assert isinstance(names["app"], Starlette)


def test_smallest_module_imports_no_node() -> None:
    module = emit(Gateway(()))

    assert "hxroute.nodes" not in module
    assert "from hxroute import Gateway\n" in module
    assert "gateway = Gateway(endpoints=())\n" in module


def test_defaults_are_omitted() -> None:
    gateway = Gateway(
        (),
        upstreams=(Upstream("a", "http://a", timeout=Timeout(read=60.0)),),
        settings=(Setting("s", env=("S",), type="string", default=None),),
        server=Server(port=8000),
    )

    module = emit(gateway)

    assert 'Upstream(name="a", url="http://a")' in module
    assert 'Setting(name="s", env=("S",))' in module
    assert "Server" not in module


@pytest.mark.parametrize(
    ("default", "text"),
    [(0, "default=0"), (False, "default=False"), ("", 'default=""'), (1, "default=1")],
)
def test_value_that_only_equals_a_default_is_stated(default: Any, text: str) -> None:
    assert text in emit(Gateway((), settings=(Setting("s", default=default),)))


def test_lines_are_data_that_takes_no_part_in_comparison() -> None:
    gateway = Gateway((Endpoint("/x", (nodes.LimitBody("1", at=7),), at=5),))

    again = executed(emit(gateway))["gateway"]

    assert again == Gateway((Endpoint("/x", (nodes.LimitBody("1"),)),))
    assert (again.endpoints[0].at, again.endpoints[0].pipeline[0].at) == (5, 7)


def test_named_thing_stands_once_and_is_shared() -> None:
    rules = HeaderRules("to_api", drop=("cookie",))
    execute = nodes.Execute("api", request_headers=(rules,), response_headers=(rules,))

    names = executed(module := emit(with_nodes(execute, execute)))

    assert module.count("HeaderRules(") == 1
    assert module.count("TO_API_HEADERS") == 5
    assert names["TO_API_HEADERS"] == rules


def test_named_things_of_each_kind_have_names_of_their_own() -> None:
    pipeline = (
        nodes.MapErrors(ErrorTable("a")),
        nodes.Authenticate(BearerAuth("a", ("k",))),
        nodes.Execute("a", request_headers=(HeaderRules("a"),)),
    )

    names = executed(emit(with_nodes(*pipeline)))

    assert {"A_ERRORS", "A_AUTH", "A_HEADERS"} <= set(names)
    assert names["gateway"] == with_nodes(*pipeline)


def test_two_things_of_one_name_are_not_confused() -> None:
    one, other = HeaderRules("a", drop=("x",)), HeaderRules("a", drop=("y",))
    gateway = with_nodes(nodes.Execute("u", request_headers=(one, other, one)))

    module = emit(gateway)

    assert executed(module)["gateway"] == gateway
    assert 'HeaderRules(name="a", drop=("y",))' in module


@pytest.mark.parametrize("name", ["", "Upper", "1a", "a-b", "a\nb", "ä", "class", "_a"])
def test_name_that_is_no_word_gets_no_name_of_its_own(name: str) -> None:
    gateway = with_nodes(nodes.Authenticate(BearerAuth(name, ("k",))))

    names = executed(emit(gateway))

    assert names["gateway"] == gateway
    assert [key for key in names if key.endswith("_AUTH")] == (
        ["CLASS_AUTH"] if name == "class" else []
    )


@pytest.mark.parametrize("name", ["app", "gateway", "format", "source", "application"])
def test_name_of_a_thing_hides_nothing_of_the_module(name: str) -> None:
    gateway = with_nodes(
        nodes.MapErrors(ErrorTable(name)),
        nodes.Authenticate(BearerAuth(name, ("k",))),
        nodes.Execute(name, request_headers=(HeaderRules(name),)),
    )

    assert executed(emit(gateway))["gateway"] == gateway


def test_hostile_text_becomes_no_code() -> None:
    hostile = "\"\"\"\n'''); raise SystemExit(1)  # \\"
    gateway = Gateway(
        (Endpoint(hostile, (nodes.Respond(text=hostile),), (hostile,), hostile),),
        upstreams=(Upstream(hostile, hostile),),
        settings=(Setting(hostile, (hostile,), hostile, default=hostile),),
    )

    assert executed(emit(gateway, digest=hostile))["gateway"] == gateway


def test_every_node_can_be_printed() -> None:
    pipeline = (
        nodes.Observe(access_log=False),
        nodes.Cors(("https://app.example",), max_age=5),
        nodes.MapErrors(ErrorTable("e")),
        nodes.LimitMemory(1 << 30),
        nodes.Authenticate(BearerAuth("k", ("a",))),
        nodes.RateLimit(
            (Limit("c", 1, 1.0, "client", store=Store("s", "valkey://h")),)
        ),
        nodes.LimitConcurrency("e", Concurrency(1)),
        nodes.LimitBody("1MiB"),
        nodes.RenameJson((("a", "b"),)),
        nodes.Health("ready"),
        nodes.Respond(status=204),
        nodes.StreamError("{}", "error"),
        nodes.Fallback((nodes.Execute("v"),), when=("503",)),
        nodes.Execute("u", query=(), timeout=Timeout(read=1.0)),
    )
    assert [type(node) for node in pipeline] == list(nodes.NODES)

    module = emit(with_nodes(*pipeline))

    assert executed(module)["gateway"] == with_nodes(*pipeline)
    assert "from hxroute.nodes import (\n    Authenticate,\n" in module


def test_unset_and_empty_are_told_apart() -> None:
    for node in (
        nodes.Execute("u", query=None),
        nodes.Execute("u", query=()),
        nodes.Execute("u", request_headers=(HeaderRules(keep=None),)),
        nodes.Execute("u", request_headers=(HeaderRules(keep=()),)),
        nodes.Respond(json=None, text=None),
        nodes.Respond(json="null", text=""),
    ):
        again = executed(emit(with_nodes(node)))["gateway"]
        assert repr(again.endpoints[0].pipeline[0]) == repr(node)


def test_text_is_the_same_in_every_process() -> None:
    code = (
        "import pathlib, sys; from hxroute import compiler;"
        "from hxroute.backends.python import emit;"
        "data = pathlib.Path('routes.yaml').read_bytes();"
        "gateway = compiler.compile(data, 'routes.yaml').gateway;"
        "sys.stdout.write(emit(gateway))"
    )

    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }

    assert len(texts) == 1


def test_hx_gateway_is_printed_as_it_was_compiled() -> None:
    data = (ROOT / "routes.yaml").read_bytes()
    result = compiler.compile(data, "routes.yaml")
    gateway, report = result.gateway, result.report
    assert gateway is not None
    assert not report.failed

    module = emit(gateway, digest=digest_of(data))

    again = executed(module)["gateway"]
    assert again == gateway
    assert repr(again) == repr(gateway), "lines too"


@pytest.mark.parametrize(("width", "lines"), [(88, 1), (89, 4)])
def test_named_thing_fills_its_line_to_the_width(width: int, lines: int) -> None:
    room = width - len('A_HEADERS = HeaderRules(name="a", drop=("",))')
    rules = HeaderRules("a", drop=("x" * room,))

    module = emit(with_nodes(nodes.Execute("u", request_headers=(rules,))))

    start = module.index("A_HEADERS = ")
    assert len(module[start : module.index("\n\ngateway = ")].split("\n")) == lines


@pytest.mark.parametrize(("width", "lines"), [(88, 1), (89, 4)])
def test_gateway_fills_its_line_to_the_width(width: int, lines: int) -> None:
    room = width - len('gateway = Gateway(endpoints=(), server=Server(host=""))')
    gateway = Gateway((), server=Server(host="x" * room))

    module = emit(gateway)

    start = module.index("gateway = ")
    assert len(module[start : module.index("\n\napp: ")].split("\n")) == lines
