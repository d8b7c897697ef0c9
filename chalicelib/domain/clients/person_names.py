"""Names of people as sites and salons write them: whether two names may be one person's. Pure.

A phone alone does not say who somebody is: a mother books for her child. A name decides only where it is
clearly another. Spellings, other alphabets, short forms and a changed surname are no other person.
"""

import unicodedata
from itertools import product

_LATIN = {
    **dict(zip("абвгдеёзийклмнопрстуфхыэіїєґ", "abvgdeeziiklmnoprstufhieiieg", strict=True)),
    **{"ж": "j", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "iu", "я": "ia"},
}
_SHORT_FORMS = {
    "sasha": "aleksandr",
    "sania": "aleksandr",
    "shura": "aleksandr",
    "dima": "dmitri",
    "vova": "vladimir",
    "volodia": "vladimir",
    "lesha": "aleksei",
    "bill": "william",
    "bob": "robert",
}
"""Short forms that share too few letters with the whole name."""
_LEAST = 3
"""So many letters make a word of a name: an initial tells nothing."""
_ALIKE = 3
"""So many letters in a row make two words alike: Lena and Elena, Katia and Ekaterina."""


def is_clearly_another(one: str | None, other: str | None) -> bool:
    """Whether the two names are of two people beyond doubt: no word of one is like a word of the other, or
    both end with one surname and begin with two given names. An unknown name tells nothing."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    if not any(_alike(*pair) for pair in product(first, second)):
        return True
    if len(first) < 2 or len(second) < 2:
        return False
    given = [any(_alike(first[0], word) for word in second), any(_alike(second[0], word) for word in first)]
    return not any(given)


def is_other_name(name: str | None, known: str | None) -> bool:
    """Whether the name says something else than the known one: a word of the shorter is like no word of the
    longer."""
    shorter, longer = sorted((_words(name), _words(known)), key=len)
    return bool(shorter) and not all(any(_alike(word, each) for each in longer) for word in shorter)


def _words(name: str | None) -> list[str]:
    """The words of a name in plain Latin letters, without initials, phones and e-mails."""
    words = [word for word in (name or "").casefold().split() if "@" not in word]
    plain = ["".join(_LATIN.get(sign, sign) for sign in word) for word in words]
    decomposed = [unicodedata.normalize("NFKD", word) for word in plain]
    letters = ["".join(sign for sign in word if sign.isalpha()) for word in decomposed]
    return [_SHORT_FORMS.get(word, word).replace("y", "i") for word in letters if len(word) >= _LEAST]


def _alike(one: str, other: str) -> bool:
    if one[:2] == other[:2]:
        return True
    pieces = {one[at : at + _ALIKE] for at in range(len(one) - _ALIKE + 1)}
    return any(piece in other for piece in pieces)
