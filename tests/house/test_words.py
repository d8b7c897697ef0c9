"""docs/words.md: one row a word, sorted within a group; the groups are the subfolders in their order."""

import re
from collections import Counter

import pytest

from tests.house.subfolders import ROOT, SUBFOLDERS

PAGE = (ROOT / "docs/words.md").read_text(encoding="utf-8")
WORDS_A_SENTENCE = 25


def groups() -> dict[str, list[tuple[str, str]]]:
    """The rows of each group: a word, and what it is."""
    found = {}
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        title, _, table = section.partition("\n")
        lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
        found[title] = [(word.strip(), meaning.strip()) for word, meaning in lines[1:]]
    return found


def test_the_groups_are_the_subfolders_in_their_order() -> None:
    assert list(groups()) == ["everywhere", *SUBFOLDERS]


@pytest.mark.parametrize("layer", ["domain", "services"])
def test_every_subfolder_of_a_layer_has_its_group(layer: str) -> None:
    there = {each.parent.name for each in (ROOT / "chalicelib" / layer).glob("*/__init__.py")}
    assert there
    assert there <= set(SUBFOLDERS)


def test_each_word_has_one_row() -> None:
    rows = Counter(word.casefold() for each in groups().values() for word, _ in each)
    assert [word for word, count in rows.items() if count > 1] == []


@pytest.mark.parametrize("group", ["everywhere", *SUBFOLDERS])
def test_a_group_is_sorted(group: str) -> None:
    words = [word for word, _ in groups()[group]]
    assert words
    assert words == sorted(words, key=str.casefold)


def test_each_word_is_told_in_one_short_sentence() -> None:
    meanings = {word: meaning for each in groups().values() for word, meaning in each}
    assert [word for word, meaning in meanings.items() if not meaning.endswith(".")] == []
    assert [word for word, meaning in meanings.items() if ". " in meaning] == []
    assert [word for word, meaning in meanings.items() if len(meaning.split()) > WORDS_A_SENTENCE] == []
