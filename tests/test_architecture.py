"""What holds of the package as a whole."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

import hxroute
from hxroute.nodes import NODES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hxroute"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_FUNCTION_LINES = 50
MAX_MODULE_LINES = 300


def loaded_after(code: str) -> set[str]:
    """Return the names of the modules that a fresh interpreter has after some code."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(shown.split())


def test_imports_keep_their_contracts() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"

    found = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_package_itself_loads_no_server_and_no_compiler() -> None:
    loaded = loaded_after("import hxroute")

    assert not loaded & {"starlette", "uvicorn", "httpx2", "httptools", "click", "rich"}
    assert not loaded & {"yaml", "jsonschema", "referencing", "jinja2", "asyncio"}
    assert not {name for name in loaded if name.startswith("hxroute.compiler")}


def test_running_gateway_loads_no_compiler() -> None:
    module = PACKAGE.parent / "tests" / "cases" / "valid" / "templated_call.py"

    loaded = loaded_after(
        "from pathlib import Path; from hxroute.runtime import application, loader\n"
        f"loader.load(Path({str(module)!r}), Path('/nowhere/routes.yaml'))"
    )

    assert "hxroute.nodes.execute" in loaded
    assert not loaded & {"yaml", "jsonschema", "referencing", "rich"}
    assert not {
        name
        for name in loaded
        if name.startswith(
            ("hxroute.compiler", "hxroute.backends", "hxroute.diagnostics")
        )
    }


def test_compiling_loads_no_server() -> None:
    loaded = loaded_after("import hxroute.compiler, hxroute.backends.python")

    assert not loaded & {"starlette", "uvicorn", "httpx2", "httptools"}


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def exported(tree: ast.Module) -> list[str]:
    """Return the names of `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_module_and_its_functions_are_short(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES
    for function in functions(tree_of(module)):
        assert function.end_lineno is not None
        lines = function.end_lineno - function.lineno + 1
        assert lines <= MAX_FUNCTION_LINES, f"{function.name} has {lines} lines"


def names_anything(tree: ast.Module) -> bool:
    return any(not isinstance(node, ast.Expr | ast.ImportFrom) for node in tree.body)


def is_constant(name: str) -> bool:
    return name.isupper()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_module_names_what_it_exports_in_order(module: Path) -> None:
    tree = tree_of(module)
    if module.name == "__main__.py" or not names_anything(tree):
        return  # a script, and a package that is a text only
    names = exported(tree)

    assert names
    constants = sorted(name for name in names if is_constant(name))
    classes = sorted(n for n in names if n[0].isupper() and not is_constant(n))
    others = sorted(name for name in names if not name[0].isupper())
    assert names == [*constants, *classes, *others], "as ruff's RUF022 sorts"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_module_defines_or_imports_what_it_exports(module: Path) -> None:
    tree = tree_of(module)
    known = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            known.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
        known.update(ast.unparse(target) for target in targets)

    assert set(exported(tree)) <= known


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield public functions, classes and methods without a docstring."""
    if ast.get_docstring(tree) is None:
        yield "the module"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from undocumented_in(node)
        elif is_public_function(node) and ast.get_docstring(node) is None:
            yield node.name


def undocumented_in(node: ast.ClassDef) -> Iterator[str]:
    if ast.get_docstring(node) is None:
        yield node.name
    for member in node.body:
        if is_public_function(member) and ast.get_docstring(member) is None:
            yield f"{node.name}.{member.name}"


def is_public_function(
    node: ast.stmt,
) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef
    ) and not node.name.startswith("_")


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_everything_public_has_a_docstring(module: Path) -> None:
    assert list(undocumented(tree_of(module))) == []


def test_public_names_of_the_package() -> None:
    assert hxroute.__all__ == [
        "Balance",
        "BearerAuth",
        "CircuitBreaker",
        "Concurrency",
        "Endpoint",
        "ErrorAnswer",
        "ErrorTable",
        "Gateway",
        "HeaderRules",
        "HealthCheck",
        "Jwt",
        "Key",
        "Limit",
        "Limits",
        "OutlierDetection",
        "Retry",
        "Server",
        "Setting",
        "StatusRule",
        "Store",
        "Target",
        "Timeout",
        "Upstream",
        "__version__",
    ]
    assert all(hasattr(hxroute, name) for name in hxroute.__all__)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_node_stands_in_a_module_of_its_name(node: type) -> None:
    word = "".join(f"_{c.lower()}" if c.isupper() else c for c in node.__name__)

    assert node.__module__ == f"hxroute.nodes.{word.lstrip('_')}"


def test_every_module_of_nodes_is_in_the_list() -> None:
    modules = {path.stem for path in (PACKAGE / "nodes").glob("*.py")} - {"__init__"}

    assert {node.__module__.rsplit(".", 1)[1] for node in NODES} == modules
