"""The compiled catalogues, which the code reads, say what the .po files say, which people edit."""

from pathlib import Path

import pytest

from infra.package import ROOT
from infra.translations import compiled, sources


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.parts[-3])
def test_the_compiled_catalogue_is_that_of_the_present_texts(source: Path) -> None:
    target = source.with_suffix(".mo")
    is_present = target.exists() and target.read_bytes() == compiled(source)
    assert is_present, f"{target.relative_to(ROOT)} is not what {source.name} says: run `make translations`"


def test_every_language_has_a_catalogue() -> None:
    from chalicelib.domain.shared.languages import LANGUAGES

    assert sorted(source.parts[-3] for source in sources()) == sorted(LANGUAGES)
