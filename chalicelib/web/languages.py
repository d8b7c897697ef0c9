"""The languages that clients are spoken to in, and their gettext catalogues.

The catalogues are read from the .po files themselves at first use, so that there is no compiled copy to go
stale, and that Babel (33 MB, 40 ms to import, 25 ms a catalogue) stays a tool of the workshop: reading one
here takes about a millisecond.
"""

import gettext
import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from chalicelib.domain.languages import LANGUAGES

LAST_RESORT = "en"
# Moldovan's withdrawn codes, and the three-letter ones that some booking sites send.
_ALSO_KNOWN_AS = {"mo": "ro", "mol": "ro", "rum": "ro", "ron": "ro", "rus": "ru", "eng": "en"}

_TRANSLATIONS = Path(__file__).parent / "translations"
_QUOTED = re.compile(r'^(?:(msgid|msgid_plural|msgstr(?:\[(\d)\])?)\s+)?(".*")$')


class Catalogue(Struct, frozen=True):
    """One language's texts; placeholders are `{name}`. A missing text appears in English, as in the code."""

    language: str
    texts: dict[str, tuple[str, ...]]
    plural_form: Callable[[int], int]

    def gettext(self, message: str) -> str:
        return self.texts.get(message, (message,))[0]

    def ngettext(self, one: str, many: str, number: int) -> str:
        forms = self.texts.get(one)
        if forms is None:
            return one if number == 1 else many
        return forms[self.plural_form(number)]


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
    path = _TRANSLATIONS / language / "LC_MESSAGES" / "perennial.po"
    texts = read_po(path.read_text(encoding="utf-8"))
    header = texts.pop("")[0]
    plural = re.search(r"plural=([^;\n]+)", header)
    if plural is None:
        raise ValueError(f"no plural rule in {path.name} of {language}")
    return Catalogue(language, texts, gettext.c2py(plural[1]))


def read_po(source: str) -> dict[str, tuple[str, ...]]:
    """msgid -> its forms, of a .po file without contexts; the header is under the empty msgid."""
    texts: dict[str, tuple[str, ...]] = {}
    entry: dict[str, str] = {}
    field = ""
    for line in [*source.splitlines(), 'msgid ""']:
        quoted = _QUOTED.match(line)
        if quoted is None:
            continue
        keyword, _form, text = quoted.groups()
        if keyword == "msgid":
            if entry:
                forms = (form for name, form in entry.items() if name.startswith("msgstr"))
                texts[entry["msgid"]] = tuple(forms)
            entry = {}
        field = keyword or field
        entry[field] = entry.get(field, "") + json.loads(text)
    return texts
