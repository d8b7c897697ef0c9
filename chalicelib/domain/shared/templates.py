"""A network's own text: with {placeholders}, checked when it is saved and filled when a message is sent.

`{points}` is the number, and `{points|point|points}` the word beside it, with as many forms as the language
has. Filled-in values are never parsed, so that a name may have braces.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from msgspec import Struct

from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.touches import ESSENTIAL, MARKETING, TouchKind

FORMS = {"ru": 3, "ro": 3, "en": 2}
"""How many forms a word has beside a number: 1 балл, 2 балла, 5 баллов; 1 punct, 2 puncte, 20 de puncte."""

LONGEST = {"sms": 1000, "whatsapp": 1000, "push": 300, "email": 10_000}
"""The most characters of a text, by channel. WhatsApp takes 1,024, and a phone shows little of a push."""
LONGEST_SUBJECT = 150

NUMBERS = frozenset({"points", "balance", "expiring", "gift"})
_ANY = ("client", "salon", "address", "map", "link")
_TIME = ("date", "weekday", "on_weekday", "time", "when")
_VISIT = ("services", "staff", *_TIME)
_OF_KIND = {
    TouchKind.NOTICE: _VISIT,
    TouchKind.CONFIRM_REQUEST: _VISIT,
    TouchKind.CONTROL_REMINDER: _VISIT,
    TouchKind.REVIEW_REQUEST: _VISIT,
    TouchKind.BONUS_NOTICE: (*_VISIT, "points", "balance", "until"),
    TouchKind.BONUS_EXPIRY: ("expiring", "balance", "until"),
    TouchKind.REPEAT_INVITATION: ("services",),
    TouchKind.NO_SHOW_INVITATION: _VISIT,
    TouchKind.BIRTHDAY: ("gift", "until"),
    TouchKind.AT_RISK: (),
    TouchKind.WIN_BACK: (),
    TouchKind.CAMPAIGN: (),
}
NEEDED = NUMBERS | {"until", *_TIME}
"""Placeholders that a sentence needs. Any other unknown value is left out of its sentence."""

SOMETIMES = {
    TouchKind.BONUS_NOTICE: frozenset({"until"}),
    TouchKind.BIRTHDAY: frozenset({"gift", "until"}),
}
"""Needed placeholders that some messages of a kind do not know: some points never expire, and some birthdays
bring no gift."""

CARRIES_STOP = MARKETING | {TouchKind.BONUS_NOTICE, TouchKind.BONUS_EXPIRY}
"""Kinds whose SMS or WhatsApp message always has a way to stop them; the others link to a page with one."""

_BRACES = re.compile(r"[{}]")
_KEPT_IN_TEXT = "\n"
_UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""Categories of invisible characters. Some of them turn the direction of a text, so that an address may look
like another; some make an SMS dearer for no visible reason."""
_IN_EMOJI = frozenset(["\u200d", *map(chr, range(0xE0020, 0xE0080))])
"""Invisible characters that are allowed, since they join emoji or make flags of them."""


class Placeholder(Struct, frozen=True):
    """A name in braces. forms: the words for one, for few, ..., which replace the number itself."""

    name: str
    forms: tuple[str, ...] = ()


Piece = str | Placeholder


def placeholders_of(kind: TouchKind) -> tuple[str, ...]:
    """The names that a text of a kind may use."""
    stop = () if kind in ESSENTIAL else ("stop",)  # an essential kind links to a page with it
    return (*_ANY, *stop, *_OF_KIND[kind])


def checked(kind: TouchKind, channel: str, language: str, text: str) -> str:
    """The text as it is stored: stripped, and with one kind of line break. Raises EMPTY_TEXT,
    TEXT_TOO_LONG, CONTROL_CHARACTERS, UNCLOSED_PLACEHOLDER, UNKNOWN_PLACEHOLDER, WRONG_FORMS."""
    text = text.replace("\r\n", "\n").strip()
    _check_characters(text, LONGEST[channel], _KEPT_IN_TEXT)
    _check_placeholders(kind, language, text)
    return text


def checked_subject(kind: TouchKind, channel: str, language: str, subject: str | None) -> str | None:
    """An e-mail's subject: one line, checked like a text. None: the built-in one is used. Raises
    NO_SUBJECT_HERE for other channels."""
    subject = (subject or "").strip()
    if not subject:
        return None
    if channel != "email":
        raise refused("NO_SUBJECT_HERE", "Only an e-mail has a subject.", channel=channel)
    _check_characters(subject, LONGEST_SUBJECT, "")
    _check_placeholders(kind, language, subject)
    return subject


def _check_characters(text: str, longest: int, allowed: str) -> None:
    if not text:
        raise refused("EMPTY_TEXT", "A message says something.")
    if len(text) > longest:
        raise refused("TEXT_TOO_LONG", f"At most {longest} characters.", most=longest, characters=len(text))
    for place, char in enumerate(text):
        if char in allowed or char in _IN_EMOJI:
            continue
        if unicodedata.category(char) in _UNSEEN:
            raise refused(
                "CONTROL_CHARACTERS",
                f"The character U+{ord(char):04X} cannot be seen; leave it out.",
                character=f"U+{ord(char):04X}",
                at=place,
            )


def _check_placeholders(kind: TouchKind, language: str, text: str) -> None:
    known = placeholders_of(kind)
    for each in placeholders(pieces_of(text)):
        if each.name not in known:
            raise refused(
                "UNKNOWN_PLACEHOLDER",
                f"A {kind} has no {{{each.name[:40]}}}; it has {', '.join(sorted(known))}.",
                placeholder=each.name[:40],
                known=sorted(known),
            )
        if each.forms and (each.name not in NUMBERS or len(each.forms) != FORMS[language]):
            raise refused(
                "WRONG_FORMS",
                f"In this language a word beside a number has {FORMS[language]} forms, and only "
                f"{', '.join(sorted(NUMBERS))} are numbers.",
                placeholder=each.name,
                forms=len(each.forms),
                wanted=FORMS[language],
            )


def pieces_of(text: str) -> tuple[Piece, ...]:
    """Texts and placeholders in their order. Raises UNCLOSED_PLACEHOLDER for a brace without its pair."""
    pieces: list[Piece] = []
    place, opened = 0, -1
    for brace in _BRACES.finditer(text):
        if (brace[0] == "{") == (opened >= 0):
            raise _unclosed(opened if opened >= 0 else brace.start())
        if brace[0] == "{":
            pieces.append(text[place : brace.start()])
            opened = brace.end()
        else:
            name, *forms = text[opened : brace.start()].split("|")
            pieces.append(Placeholder(name.strip(), tuple(form.strip() for form in forms)))
            opened = -1
        place = brace.end()
    if opened >= 0:
        raise _unclosed(opened)
    return tuple(piece for piece in (*pieces, text[place:]) if piece)


def _unclosed(place: int) -> Exception:
    return refused(
        "UNCLOSED_PLACEHOLDER", "A placeholder is written {name}; a brace stands alone here.", at=place
    )


def placeholders(pieces: tuple[Piece, ...]) -> tuple[Placeholder, ...]:
    """The placeholders in their order, each as often as the text has it."""
    return tuple(piece for piece in pieces if isinstance(piece, Placeholder))


def value_of(
    placeholder: Placeholder,
    values: Mapping[str, str],
    numbers: Mapping[str, int],
    form_of: Callable[[int], int],
) -> str:
    """The value of a placeholder; "" where it is unknown. form_of: the index of the form for a number."""
    if not placeholder.forms:
        return values.get(placeholder.name, "")
    number = numbers.get(placeholder.name)
    if number is None:
        return ""
    return placeholder.forms[min(form_of(number), len(placeholder.forms) - 1)]


def numbered(text: str) -> str:
    """The text in the form of WhatsApp's templates: {{1}}, {{2}}, ... in place of the names."""
    shown, count = "", 0
    for piece in pieces_of(text):
        if isinstance(piece, Placeholder):
            count += 1
            piece = f"{{{{{count}}}}}"
        shown += piece
    return shown
