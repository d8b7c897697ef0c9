"""Text without what nobody can see: control characters, and signs without a width."""

import unicodedata

_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Signs without a width that Unicode counts among letters and marks."""
_LINE_BREAKS = {"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"}
_WITH_JOINERS = ((0x0600, 0x0DFF), (0x2190, 0x2BFF), (0xFE00, 0xFE0F), (0x1F000, 0x1FAFF))
"""Scripts whose words have joiners in them (Arabic to Sinhala), and emoji, which are joined of several."""


def visible_text(text: str) -> str:
    """The text in NFC. Control characters become blanks, line breaks of any kind become `\\n`, tabs stay.
    Signs without a width are left out, except for joiners within a script or an emoji that needs them."""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    signs = (_plain_sign(text, place) for place in range(len(text)))
    return unicodedata.normalize("NFC", "".join(signs))


def is_visible(text: str) -> bool:
    """Whether any sign of the text can be seen."""
    return any(unicodedata.category(sign)[0] not in "CZ" for sign in visible_text(text))


def _plain_sign(text: str, place: int) -> str:
    sign = text[place]
    if sign in _LINE_BREAKS:
        return _LINE_BREAKS[sign]
    if sign in _JOINERS:
        return sign if _is_needed(text, place) else ""
    category = unicodedata.category(sign)
    if category == "Cc":
        return sign if sign in "\n\t" else " "
    return "" if category in ("Cf", "Cs") or sign in _INVISIBLE else sign


def _is_needed(text: str, place: int) -> bool:
    """Whether a joiner stands between two signs of those that are joined."""
    return 0 < place < len(text) - 1 and all(
        any(first <= ord(text[beside]) <= last for first, last in _WITH_JOINERS)
        for beside in (place - 1, place + 1)
    )
