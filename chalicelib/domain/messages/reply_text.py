"""The text of a reply in a plain form: the client's own words, in clauses of plain words. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from msgspec import Struct

LONGEST_TEXT = 1000
"""Characters that are read of a reply. Whoever writes more is read by a person."""


class Clause(Struct, frozen=True):
    """words: in lower case, with a blank between two, in the form of `plain_words`. is_question: ends with a
    question mark. is_name: looks like the name below a letter."""

    words: str
    is_question: bool
    is_name: bool


def bare(text: str) -> str:
    """The text in lower case, without diacritics, apostrophes and invisible characters."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        char for char in parts if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
    ).translate(_APOSTROPHES)


def plain_words(text: str) -> str:
    """The words of a text: bare, each letter once where it is doubled, look-alikes in the word's own script,
    spaced letters as one word, a blank between two words."""
    words = re.findall(r"[^\W_]+", bare(text))
    spelled = re.sub(r"\b\w(?: \w\b){2,}", lambda found: found[0].replace(" ", ""), " ".join(words))
    russian, latin = (len(letters.findall(spelled)) for letters in (_RUSSIAN, _LATIN))
    if russian == latin:
        russian, latin = (len(re.findall(letters, spelled)) for letters in ("[а-я]", "[a-z]"))
    return " ".join(once(_one_script(word, russian > latin)) for word in spelled.split())


def once(text: str) -> str:
    """The text with each letter once where it stands several times in a row."""
    return re.sub(r"([^\W\d_])\1+", r"\1", text)


def clauses(text: str) -> Sequence[Clause]:
    """The clauses of what the client wrote, without quoted text, without a signature."""
    own = _ASIDE.sub(" ", _without_quotations(_own_lines(text[:LONGEST_TEXT])))
    found: list[Clause] = []
    for match in re.finditer(r"([^.!?…;:,()\n]+?)(?: [-–—] |([.!?…;:,()\n]+)|$)", _joined_letters(own)):
        words = plain_words(match[1])
        if words:
            is_name = bool(found) and _NAME.fullmatch(match[1].strip()) is not None
            found.append(Clause(words, "?" in (match[2] or ""), is_name))
    return found


def _own_lines(text: str) -> str:
    """The lines above a signature or a quoted message, without those that quote; all if none is left."""
    kept: list[str] = []
    for line in text.splitlines():
        if kept and (_SIGNATURE.match(bare(line).strip()) or _HEADER.search(bare(line))):
            break
        if line.strip() and not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept) or text


def _without_quotations(text: str) -> str:
    rest = _QUOTATION.sub(" ", text)
    return rest if re.search(r"\w", rest) else text


def _joined_letters(text: str) -> str:
    """The text with `S.T.O.P` as one word: its full stops end no clause."""
    return re.sub(r"\b\w(?:[\s.*_-]+\w\b){2,}", lambda found: re.sub(r"[\W_]", "", found[0]), text)


def _one_script(word: str, russian: bool) -> str:
    """The word with look-alikes of the other script, and a zero for an o, in its own script."""
    if re.search(r"[^\W\d_]", word):
        word = word.replace("0", "o")
    if _RUSSIAN.search(word) and not _LATIN.search(word):
        return word.translate(_TO_RUSSIAN)
    if _LATIN.search(word) and not _RUSSIAN.search(word):
        return word.translate(_TO_LATIN)
    return word.translate(_TO_RUSSIAN if russian else _TO_LATIN)


_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ`´"), "")
_LATIN_LOOKS, _RUSSIAN_LOOKS = "aeopcyxkmtbhi", "аеорсухкмтвні"
"""Letters that look alike, in pairs, some of them as capitals only. All others tell a word's script."""
_TO_RUSSIAN = str.maketrans(_LATIN_LOOKS, _RUSSIAN_LOOKS)
_TO_LATIN = str.maketrans(_RUSSIAN_LOOKS + "ѕј", _LATIN_LOOKS + "sj")
_RUSSIAN = re.compile(r"[бгджзилпфцчшщъыьэюя]")
_LATIN = re.compile(r"[dfgjlnqrsuvwzѕ]")
_ASIDE = re.compile(r", *(please|пожалуйста|v[aă] rog( frumos)?) *,", re.IGNORECASE)
"""A polite word between commas: it parts no clause."""
_SIGNATURE = re.compile(
    r"(-{2,}|_{2,}|—+)$|(best |kind |warm )?regards\b|best wishes|sincerely|sent from|с уважением"
    r"|отправлено с|cu (respect|stima|drag)\b|trimis (de pe|din)\b"
)
"""A line that begins a signature."""
_HEADER = re.compile(r"\b(wrote|пишет|написала?|a scris): *$|-{3,} ?(original|forwarded)|^(from|от|de la): ")
"""A line above a quoted message."""
_QUOTATION = re.compile(r"«[^»]*»|“[^”]*”|„[^”“]*[”“]|\"[^\"]*\"")
_NAME = re.compile(r"[A-ZА-ЯЁȘȚĂÎÂ][^\W\d_]+( [A-ZА-ЯЁȘȚĂÎÂ][^\W\d_]+){0,2}")
