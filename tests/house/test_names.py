"""No class name stands twice, no banned word is an identifier, and each subfolder of the services has its
README."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.house.subfolders import ROOT, SUBFOLDERS
from tests.house.test_layout import files

BANNED = {
    "told": "reported (by a site), values (of a text), notified, summary",
    "said": "request (of a caller), changes or fields (of a use case)",
    "stands": "existing, current",
    "gone": "removed, ended, missing",
    "way": "route, path, merge_chain",
    "theirs": "source or target, by role",
    "anew": "again",
    "meanwhile": "InterleavedStore in tests; in code, what changed",
    "rested": "on_cooldown",
    "brought_up": "settled",
    "entered": "apply_changes",
    "came_back": "unmerge_source",
    "left_again": "unmerge_target",
    "joined": "attached, transferred_in",
    "parted": "detached, transferred_out",
    "purse": "simulated_balance, full_account",
    "life": "driver, history, run",
    "ground": "environment",
    "chances": "seeded randomness",
    "take_back_visit": "reverse_visit",
    "bury_address": "suppress_address",
}  # fmt: skip
"""Identifier that is not used -> the field's word."""

HEADLESS = re.compile(r"(Of|By|With|In|From|Those|Whom|Again)\b")
"""How a docstring does not begin: a sentence begins with its subject."""

PLACES = ("chalicelib/*.py", "bench/*.py", "infra/*.py")


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What a module defines: functions, classes, parameters, variables and names of imports. Fields of values
    are left out: many are stored or sent under their names."""
    fields = {
        id(each.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for each in node.body
        if isinstance(each, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            yield node.id, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, 0


def banned(name: str) -> str | None:
    """The banned word that an identifier is."""
    plain = name.strip("_").lower()
    return plain if plain in BANNED else None


@pytest.mark.parametrize("path", files(*PLACES))
def test_no_banned_word_is_an_identifier(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    bad = ((name, line, word) for name, line in identifiers(tree) if (word := banned(name)))
    found = {f"line {line}: {name}": BANNED[word] for name, line, word in bad}
    assert found == {}


@pytest.mark.parametrize("path", files("chalicelib/*.py"))
def test_docstrings_begin_with_their_subject(path: str) -> None:
    """Docstrings of modules, classes and functions, and the strings below fields and constants."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    texts = [node for node in alone if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    found = [node.lineno for node in texts if HEADLESS.match(node.value.strip())]
    assert found == []


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in files("chalicelib/*.py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


OF_SERVICES = [each for each in SUBFOLDERS if (ROOT / "chalicelib/services" / each).exists()]


@pytest.mark.parametrize("subfolder", OF_SERVICES)
def test_each_subfolder_of_services_has_a_short_readme(subfolder: str) -> None:
    """It says what the subfolder is for, its words, its tests, its page in docs."""
    text = (ROOT / "chalicelib/services" / subfolder / "README.md").read_text(encoding="utf-8")
    assert 5 <= len(text.splitlines()) <= 25
    wanted = ("words.md", "tests", "docs/")
    assert [each for each in wanted if each not in text.casefold()] == []
