"""Each module lies in the subfolder whose word it is about, no folder is too full, and pages name files that
exist."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from infra.package import ROOT
from tests.house.subfolders import FLOOR, SUBFOLDERS

HOME = ROOT / "chalicelib"
LAYERS = ("domain", "services")
MODULES_OF_A_FOLDER = 20
OWN = {
    "chalicelib/domain": SUBFOLDERS,
    "chalicelib/services": SUBFOLDERS,
    "chalicelib/api": (*SUBFOLDERS, "http", "pages"),
    "tests/unit/domain": SUBFOLDERS,
    "tests/unit/services": SUBFOLDERS,
    "tests/services": SUBFOLDERS,
    "tests/api": (*SUBFOLDERS, "http", "pages"),
    "tests/crash": SUBFOLDERS,
}
"""Folder -> the subfolders that it may have."""

ROOMS = {
    "analytics", "api", "booking_sites", "channels", "domain", "events", "functions.py", "jobs", "logs.py",
    "objects.py", "pages", "passes", "queues.py", "report_wiring.py", "services", "settings.py", "store",
    "texts", "wallet_wiring.py", "wallets", "wiring.py",
}  # fmt: skip
BESIDE = {"chalicelib/api": {"routes.py"}}
"""Folder -> modules that lie beside its subfolders, being of all of them. Tests may have helpers there."""

FOUND = re.compile(r"`((?:[\w.@-]+/)*[\w.@-]+\.(?:py|md|yaml|json|jsonl|svg|toml|txt|html|css|po|mo))`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
MADE = {".local/demo.json"}
"""Files that a command makes."""


def files(*patterns: str) -> list[str]:
    """Paths from the root of the project's files, whether committed or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted(path for path in set(listed) if (ROOT / path).exists())


def subfolders_imported(source: str, layer: str) -> set[str]:
    """The subfolders of its own layer that a module imports from."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[2] for name in names if name.startswith(f"chalicelib.{layer}.")}
    return found & set(SUBFOLDERS)


def misplaced(path: str, source: str = "") -> str | None:
    """What is wrong with the place of a module, in a sentence that says where it belongs. None: nothing."""
    folder, _, name = path.rpartition("/")
    if folder == "chalicelib" and name not in ROOMS | {"__init__.py"}:
        return f"{path}: chalicelib has rooms, no loose modules. Choose one of {', '.join(sorted(ROOMS))}."
    parts = path.split("/")
    if len(parts) > 2 and parts[0] == "chalicelib" and parts[1] not in ROOMS:
        return f"{path}: there is no room chalicelib/{parts[1]}. Choose one of {', '.join(sorted(ROOMS))}."
    for home, allowed in OWN.items():
        if path.startswith(f"{home}/"):
            return _misplaced_below(home, allowed, path, source)
    return None


def _misplaced_below(home: str, allowed: tuple[str, ...], path: str, source: str) -> str | None:
    within = path.removeprefix(f"{home}/").split("/")
    choice = f"Choose the subfolder whose words it uses (docs/words.md): {', '.join(allowed)}."
    if len(within) == 1:
        is_test_helper = home.startswith("tests/") and not within[0].startswith("test_")
        if within[0] == "__init__.py" or is_test_helper or within[0] in BESIDE.get(home, ()):
            return None
        return f"{path} lies beside the subfolders. {choice}"
    if within[0] not in allowed:
        return f"{path}: {home} has no subfolder {within[0]}. {choice}"
    layer = home.removeprefix("chalicelib/")
    if layer not in LAYERS:
        return None
    above = {each for each in subfolders_imported(source, layer) if FLOOR[each] > FLOOR[within[0]]}
    if not above:
        return None
    highest = max(above, key=lambda each: FLOOR[each])
    return (
        f"{path} imports from {highest}, which stands above {within[0]}. It belongs in {home}/{highest} or "
        f"higher, or what it needs of {highest} belongs lower."
    )


@pytest.mark.parametrize("path", files("chalicelib/*.py", "tests/*.py"))
def test_a_module_lies_where_it_belongs(path: str) -> None:
    assert misplaced(path, (ROOT / path).read_text(encoding="utf-8")) is None


@pytest.mark.parametrize(
    ("path", "source", "sentence"),
    [
        ("chalicelib/helpers.py", "", "chalicelib has rooms, no loose modules. Choose one of analytics, "),
        ("chalicelib/utils/dates.py", "", "there is no room chalicelib/utils. Choose one of analytics, "),
        ("chalicelib/services/greet.py", "", "lies beside the subfolders. Choose the subfolder"),
        ("chalicelib/domain/taxes/sums.py", "", "chalicelib/domain has no subfolder taxes."),
        ("tests/services/test_greeting.py", "", "lies beside the subfolders. Choose the subfolder"),
        (
            "chalicelib/services/clients/greet.py",
            "from chalicelib.services.loyalty.coupons import open_coupons",
            "It belongs in chalicelib/services/loyalty or higher, or what it needs of loyalty belongs",
        ),
        (
            "chalicelib/domain/clients/greet.py",
            "import chalicelib.domain.waking.walks",
            "It belongs in chalicelib/domain/waking or higher",
        ),
    ],
)
def test_a_module_in_the_wrong_place_is_told_where_it_belongs(path: str, source: str, sentence: str) -> None:
    assert sentence in (misplaced(path, source) or "")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("chalicelib/services/loyalty/greet.py", "from chalicelib.services.clients.tasks import finish_task"),
        ("chalicelib/services/clients/greet.py", "from chalicelib.domain.loyalty.account import Account"),
        ("tests/services/conftest.py", ""),
        ("infra/anything.py", ""),
    ],
)
def test_a_module_in_the_right_place_is_left_alone(path: str, source: str) -> None:
    assert misplaced(path, source) is None


def test_no_folder_has_more_modules_than_one_sees_at_once() -> None:
    everywhere = files("*.py")
    modules = Counter(path.rpartition("/")[0] for path in everywhere if not path.endswith("__init__.py"))
    assert {folder: count for folder, count in modules.items() if count > MODULES_OF_A_FOLDER} == {}


# --- pages


NAMES = {path.rpartition("/")[2] for path in files("*")}


def named_files(page: str) -> Iterator[tuple[str, bool]]:
    """Each file that a page names, and whether it exists: from the root, below chalicelib or docs, or beside
    the page. A name without a folder may lie anywhere."""
    text = (ROOT / page).read_text(encoding="utf-8")
    bases = (ROOT, HOME, ROOT / "docs", (ROOT / page).parent)
    for name in {*FOUND.findall(text), *LINK.findall(text)}:
        if name not in MADE:
            yield name, name in NAMES or any((base / name).exists() for base in bases)


@pytest.mark.parametrize("page", files("*.md"))
def test_a_page_names_files_that_exist(page: str) -> None:
    assert sorted(name for name, exists in named_files(page) if not exists) == []
