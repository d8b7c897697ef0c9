"""Tests, bench and demo share builders and drivers through `infra/testkit`, never through one another."""

import ast
import subprocess

import pytest

from infra.package import ROOT, source_files

MAY_NOT_IMPORT = {
    "app.py": ("infra", "bench", "tests"),
    "chalicelib": ("infra", "bench", "tests"),
    "infra/testkit": ("infra.demo", "bench", "tests"),
    "infra": ("bench", "tests"),
    "bench": ("infra.demo", "tests"),
    "tests": ("bench",),
}
"""Folder -> what its modules leave alone. For a folder within another one both lines hold."""

TRIES_THE_BENCH = "tests/house/test_bench_shape.py"


def modules(folder: str) -> list[str]:
    """Paths from the root of the project's Python files in the folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted(path for path in listed if path.endswith(".py") and (ROOT / path).exists())


def imported(source: str) -> set[str]:
    """Full names of the modules, and of the names in them, that a source imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def forbidden(source: str, rooms: tuple[str, ...]) -> list[str]:
    """What a source imports of those rooms."""
    dotted = tuple(f"{room}." for room in rooms)
    return sorted(name for name in imported(source) if f"{name}.".startswith(dotted))


@pytest.mark.parametrize("folder", MAY_NOT_IMPORT)
def test_what_is_shared_is_imported_from_the_kit(folder: str) -> None:
    found = modules(folder)
    assert found
    wrong = {path: forbidden((ROOT / path).read_text(), MAY_NOT_IMPORT[folder]) for path in found}
    assert {path: names for path, names in wrong.items() if names and path != TRIES_THE_BENCH} == {}


def test_an_import_from_tests_or_from_a_part_of_a_room_is_found() -> None:
    source = "from tests.conftest import SHARDS\nfrom infra import demo\nimport testsuite\n"
    assert forbidden(source, ("infra.demo", "tests")) == ["infra.demo", "tests.conftest.SHARDS"]


def test_nothing_of_the_kit_is_packaged() -> None:
    assert [str(file) for file in source_files() if "testkit" in file.parts] == []
