"""Parts and alphabets of SMS against an implementation that knows nothing of counting: it encodes a text to
the very octets that go over the air, cuts them into short messages with the header that joins them, and reads
those back."""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.domain.shared.sms import alphabet, parts

# 3GPP TS 23.038, 6.2.1 and 6.2.1.1: the characters at 0x00 to 0x7F, in rows; 0x1B escapes to the other table.
GSM_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
ESCAPED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
    "|": 0x40, "€": 0x65,
}  # fmt: skip
ESCAPE = 0x1B
OCTETS = 140
HEADER = bytes([5, 0, 3, 42, 2, 1])
"""23.040, 9.2.3.24.1: length, element 0, its length, reference, how many parts, which."""


def septets_of(char: str) -> list[int]:
    if char in ESCAPED:
        return [ESCAPE, ESCAPED[char]]
    code = GSM_TABLE.index(char)
    if code == ESCAPE:
        raise ValueError("the escape itself is no character")
    return [code]


def packed(septets: list[int], header: bytes) -> bytes:
    """Seven bits each, the least first; after a header they begin at the next whole septet."""
    first = -(-len(header) * 8 // 7)
    bits = int.from_bytes(header, "little")
    for place, septet in enumerate(septets, first):
        bits |= septet << (7 * place)
    return bits.to_bytes(-(-7 * (first + len(septets)) // 8), "little")


def unpacked(octets: bytes, count: int, header: bytes) -> str:
    first = -(-len(header) * 8 // 7)
    bits = int.from_bytes(octets, "little")
    codes = iter((bits >> (7 * place)) & 0x7F for place in range(first, first + count))
    back = {code: char for char, code in ESCAPED.items()}
    return "".join(back[next(codes)] if code == ESCAPE else GSM_TABLE[code] for code in codes)


class Gsm7:
    def __init__(self, text: str) -> None:
        self.text, self.codes = text, [septets_of(char) for char in text]

    def octets(self, start: int, end: int, header: bytes) -> bytes:
        return packed([code for char in self.codes[start:end] for code in char], header)

    def read(self, octets: bytes, start: int, end: int, header: bytes) -> str:
        return unpacked(octets, sum(map(len, self.codes[start:end])), header)


class Ucs2:
    def __init__(self, text: str) -> None:
        self.text = text

    def octets(self, start: int, end: int, header: bytes) -> bytes:
        return header + self.text[start:end].encode("utf-16-be")

    def read(self, octets: bytes, start: int, end: int, header: bytes) -> str:
        return octets[len(header) :].decode("utf-16-be")


def cut(encoding: Gsm7 | Ucs2) -> Iterator[str]:
    """The text in as many short messages as it takes, each read back from its octets."""
    length = len(encoding.text)
    if len(encoding.octets(0, length, b"")) <= OCTETS:
        yield encoding.read(encoding.octets(0, length, b""), 0, length, b"")
        return
    start = 0
    while start < length:
        ends = range(start, min(start + 160, length) + 1)
        fits = bisect_right(ends, OCTETS, key=lambda end: len(encoding.octets(start, end, HEADER)))
        end = ends[fits - 1]
        octets = encoding.octets(start, end, HEADER)
        assert len(octets) <= OCTETS
        yield encoding.read(octets, start, end, HEADER)
        start = end


def sent(text: str) -> tuple[str, list[str]]:
    try:
        return "gsm7", list(cut(Gsm7(text)))
    except ValueError:
        return "ucs2", list(cut(Ucs2(text)))


# --- texts

BASIC = [char for char in GSM_TABLE if char != "\x1b"]
LATIN = list("abcdefghijklmnopqrstuvwxyz ABC 0123456789.,!?")
CYRILLIC = list("абвгдежзийклмнопрстуфхцчшщъыьэюяёАБВ ,.")
ROMANIAN = list("aăâbcdefghiîjklmnoprsștțuvxz ȘȚĂ")
EMOJI = ["😀", "💅", "✂️", "❤️", "🎂", "☎"]
JOINED = ["👩‍👩‍👧‍👦", "👩🏽‍🦰", "🏳️‍🌈", "🇲🇩", "🇷🇴", "1️⃣", "e\u0301", "и\u0306", "क्षि", "👍🏿"]
MIXTURES = {
    "basic": [BASIC],
    "basic and extension": [BASIC, [*ESCAPED]],
    "mostly extension": [[*ESCAPED], [*ESCAPED], LATIN],
    "Latin": [LATIN],
    "Cyrillic": [CYRILLIC],
    "Cyrillic and Latin": [CYRILLIC, LATIN, [*ESCAPED]],
    "Romanian": [ROMANIAN],
    "Romanian without diacritics": [LATIN, LATIN, ["ș"]],
    "emoji": [CYRILLIC, EMOJI],
    "joined": [LATIN, JOINED],
    "all": [BASIC, [*ESCAPED], CYRILLIC, ROMANIAN, EMOJI, JOINED, ["\x1b", "\t", "\x00", "\ufeff", "\uffff"]],
}
LIMITS = (0, 1, 67, 70, 134, 153, 160, 201, 306, 459, 612)
TEXTS = 10_000


def texts() -> Iterator[str]:
    randomness = random.Random(20261122)
    for number in range(TEXTS):
        pools = MIXTURES[[*MIXTURES][number % len(MIXTURES)]]
        units = max(randomness.choice(LIMITS) + randomness.randint(-3, 3), 0)
        text = ""
        while len(text.encode("utf-16-be")) // 2 + sum(map(text.count, ESCAPED)) < units:
            text += randomness.choice(randomness.choice(pools))
        yield text


def test_ten_thousand_texts_are_counted_as_they_are_sent():
    seen: Counter[tuple[str, int]] = Counter()
    for text in texts():
        spelt, messages = sent(text)
        assert "".join(messages) == text, ascii(text)
        expected = len(messages) if text else 0
        assert (alphabet(text), parts(text)) == (spelt, expected), ascii(text)
        seen[spelt, expected] += 1
    assert sum(seen.values()) == TEXTS
    assert all(seen["gsm7", count] > 100 for count in (1, 2, 3, 4)), seen
    assert all(seen["ucs2", count] > 100 for count in (1, 2, 3, 4, 5)), seen


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("a" * 160, ["a" * 160]),
        ("a" * 152 + "€" + "a" * 10, ["a" * 152, "€" + "a" * 10]),
        ("ж" * 66 + "😀" + "ж" * 10, ["ж" * 66, "😀" + "ж" * 10]),
    ],
)
def test_the_other_implementation_cuts_between_characters(text, messages):
    assert sent(text)[1] == messages
