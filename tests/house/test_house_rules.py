"""The rules of the house beside the order of imports (pyproject.toml): how long things are, what nobody
calls, what must be used."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package import ROOT

HOME = ROOT / "chalicelib"
MODULES = sorted(HOME.rglob("*.py"))
LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 400, 60

PURE = (
    "analytics", "domain", "services", "store", "booking_sites", "channels", "events", "wallets", "queues",
)  # fmt: skip
"""Where time, ids and chance are passed in."""

BANNED = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"),
    ("time", "time_ns"), ("uuid", "uuid4"), ("uuid", "uuid1"), ("os", "urandom"), ("os", "getenv"),
    ("os", "environ"),
}  # fmt: skip
BANNED_MODULES = {"random", "secrets", "uuid"}
STANDARD = sys.stdlib_module_names
VALUES = {"msgspec.Struct", "msgspec.field", "msgspec.structs.replace", "msgspec.structs.fields"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def room(path: Path) -> str:
    return path.relative_to(HOME).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def in_rooms(*rooms: str) -> list[Path]:
    return [path for path in MODULES if room(path) in rooms]


@pytest.mark.parametrize("path", in_rooms("domain"), ids=named)
def test_the_domain_knows_the_standard_library_and_what_values_are_made_of(path: Path) -> None:
    known = {name if name in VALUES else name.split(".")[0] for name in imports(path)}
    assert known <= STANDARD | {"chalicelib"} | VALUES


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_values_are_structs(path: Path) -> None:
    """A dataclass is compiled anew at each cold start: 0.3 ms each, and there are two hundred."""
    assert not any(name.startswith("dataclasses") for name in imports(path))


@pytest.mark.parametrize("path", in_rooms("services"), ids=named)
def test_services_never_know_aws(path: Path) -> None:
    assert not {"boto3", "botocore", "pynamodb", "chalice"} & {name.split(".")[0] for name in imports(path)}


def test_only_the_store_knows_pynamodb_and_only_api_and_jobs_know_chalice() -> None:
    for path in MODULES:
        known = {name.split(".")[0] for name in imports(path)}
        assert "pynamodb" not in known or room(path) == "store", named(path)
        assert "chalice" not in known or room(path) in ("api", "jobs"), named(path)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_OF_A_FILE


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_can_be_seen_at_once(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            within = [each for each in node.body if isinstance(each, ast.ClassDef)]
            assert lines_of(node) - sum(map(lines_of, within)) <= LINES_OF_A_FUNCTION, node.name


@pytest.mark.parametrize("path", in_rooms(*PURE), ids=named)
def test_time_ids_and_chance_are_passed_in(path: Path) -> None:
    assert not BANNED_MODULES & {name.split(".")[0] for name in imports(path)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).split(".")[-1]
            assert (owner, node.attr) not in BANNED, f"line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_is_scanned(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("scan", "parallel_scan"), f"line {node.lineno}"


def test_nothing_is_printed_but_the_line_of_metrics() -> None:
    printing = [
        f"{named(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert {where.split(":")[0] for where in printing} <= {"chalicelib/jobs/job.py"}


def test_every_module_imports_with_an_empty_environment() -> None:
    """In one fresh process, with no AWS to be found: nothing happens at import."""
    names = [named(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in MODULES]
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)) or path.name == "__init__.py"


def test_every_page_template_is_used() -> None:
    templates = sorted(HOME.rglob("*.html"))
    sources = "\n".join(path.read_text() for path in [*MODULES, *templates])
    dead = [path.name for path in templates if not re.search(rf"[\"'/]{re.escape(path.name)}[\"']", sources)]
    assert templates
    assert dead == []


def test_tests_patch_none_of_our_own_code() -> None:
    patching = [named(path) for path in (ROOT / "tests").rglob("*.py")
                if re.search(r"mock\.patch|monkeypatch\.setattr|from unittest", path.read_text())
                and path != Path(__file__)]  # fmt: skip
    assert patching == []


def test_what_is_replaced_in_a_value_is_a_field_of_some_value() -> None:
    """mypy does not look into msgspec's `replace`: a misspelt field would be found at run time only."""
    trees = {path: tree(path) for path in MODULES}
    fields = {
        line.target.id
        for module in trees.values()
        for made in ast.walk(module)
        if isinstance(made, ast.ClassDef)
        for line in made.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    replaced = {
        keyword.arg: named(path)
        for path, module in trees.items()
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "replace"
        for keyword in call.keywords
        if keyword.arg is not None
    }
    assert {name: where for name, where in replaced.items() if name not in fields} == {}
