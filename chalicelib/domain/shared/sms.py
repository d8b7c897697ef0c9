"""How many parts an SMS costs, by 3GPP TS 23.038 (alphabets) and 23.040 (parts), and how to keep it cheap."""

import unicodedata
from collections.abc import Iterable
from typing import Literal

Alphabet = Literal["gsm7", "ucs2"]

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM7 = GSM7_BASIC | GSM7_EXTENSION

# Whole message, part of a longer one (the rest of the 140 octets is the header that joins the parts).
_SEPTETS = (160, 153)
_UCS2_UNITS = (70, 67)


def alphabet(text: str) -> Alphabet:
    """`gsm7` if every character is in the GSM 7-bit tables; a single other character makes the text
    `ucs2`."""
    return "gsm7" if _GSM7.issuperset(text) else "ucs2"


def parts(text: str) -> int:
    """The number of parts that are sent and charged for a text; 0 for an empty one."""
    if alphabet(text) == "gsm7":
        return _count((2 if char in GSM7_EXTENSION else 1 for char in text), *_SEPTETS)
    return _count((2 if ord(char) > 0xFFFF else 1 for char in text), *_UCS2_UNITS)


def plain(text: str) -> str:
    """The text in GSM-7 as far as that is readable: no accents, Cyrillic transliterated, emoji left out.

    Letters of other scripts stay: an unreadable name is worse than a dearer message.
    """
    if _GSM7.issuperset(text):
        return text
    return "".join(map(_plain_char, unicodedata.normalize("NFC", text)))


def _count(sizes: Iterable[int], whole: int, part: int) -> int:
    """The number of parts for characters of these sizes. No character is split: one that does not fit begins
    the next part."""
    total, filled, count = 0, part, 0
    for size in sizes:
        total += size
        if filled + size > part:
            count, filled = count + 1, 0
        filled += size
    return min(count, 1) if total <= whole else count


_TYPOGRAPHY = {
    "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "‐": "-", "‑": "-",
    "–": "-", "—": "-", "−": "-", "…": "...", "•": "-", "·": "-", "№": "No.", "×": "x", "₽": "RUB",
}  # fmt: skip
# As in passports, which is how clients write their own names in Latin letters.
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "",
    "э": "e", "ю": "yu", "я": "ya", "і": "i", "ї": "i", "є": "ie", "ґ": "g",
}  # fmt: skip


def _plain_char(char: str) -> str:
    if char in _GSM7:
        return char
    if char in _TYPOGRAPHY:
        return _TYPOGRAPHY[char]
    if char.lower() in _CYRILLIC:
        latin = _CYRILLIC[char.lower()]
        return latin if char.islower() else latin.capitalize()
    if char.isspace():
        return " "
    base = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    if base and _GSM7.issuperset(base):
        return base
    return char if char.isalnum() else ""
