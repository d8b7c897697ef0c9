"""The languages of messages and pages, and their gettext catalogues.

People edit the .po files. `make translations` compiles each to the .mo file beside it, which the standard
library reads at first use. Babel (33 MB, 40 ms to import) is needed for compiling only.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path

from msgspec import Struct

from chalicelib.domain.shared.languages import LANGUAGES

LAST_RESORT = "en"
# Moldovan's withdrawn codes, and the three-letter ones that some booking sites send.
_ALSO_KNOWN_AS = {"mo": "ro", "mol": "ro", "rum": "ro", "ron": "ro", "rus": "ru", "eng": "en"}

_TRANSLATIONS = Path(__file__).parent / "translations"
_SOME_OF_EACH_FORM = 101
"""The numbers below take every plural form of each language."""


class Catalogue(Struct, frozen=True):
    """One language's texts; placeholders are `{name}`. A missing text appears in English, as in the code."""

    language: str
    texts: GNUTranslations

    def gettext(self, message: str) -> str:
        return self.texts.gettext(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.texts.ngettext(one, many, number)

    def forms(self, one: str, many: str) -> tuple[str, ...]:
        """The text in each plural form of the language, in the order of the forms."""
        numbers = {self.plural_form(number): number for number in range(_SOME_OF_EACH_FORM)}
        return tuple(self.ngettext(one, many, number) for _, number in sorted(numbers.items()))

    @property
    def plural_form(self) -> Callable[[int], int]:
        """Number -> the plural form that goes with the number, counted from 0."""
        rule: Callable[[int], int] = self.texts.plural  # type: ignore[attr-defined]  # typeshed lacks it
        return rule


def choose_language(wanted: str | None, network_default: str | None) -> str:
    """The first language of ours that `wanted` names, else the network's, else English.

    `wanted` is a tag in any usual form (`ro`, `RU`, `ro-MD`, `en_US`, `rus`) or an Accept-Language header.
    """
    for choice in (wanted, network_default):
        for tag in (choice or "").lower().split(","):
            code = re.split(r"[-_;]", tag.strip(), maxsplit=1)[0]
            code = _ALSO_KNOWN_AS.get(code, code)
            if code in LANGUAGES:
                return code
    return LAST_RESORT


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalogue:
    """The catalogue of one of LANGUAGES. Raises ValueError for any other."""
    if language not in LANGUAGES:
        raise ValueError(f"no texts in {language!r}")
    with (_TRANSLATIONS / language / "LC_MESSAGES" / "perennial.mo").open("rb") as file:
        return Catalogue(language, GNUTranslations(file))
