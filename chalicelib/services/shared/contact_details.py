"""Phones, e-mails and names as people write them, brought into the one form in which they are kept."""

import re
import unicodedata
from collections.abc import Iterator

from chalicelib.domain.networks.sources import MAX_WORD
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.plain_text import is_visible, visible_text

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
MAX_NAME = 120
MAX_PHONE_TEXT = 200
"""How much of a text is looked at for phones."""
FEWEST_DIGITS, MOST_DIGITS = 6, 20
_NUMBER = re.compile(r"\+?[(\[]?\d[\d \t().\[\]~+/-]*")
_ZERO = re.compile(r"(?<![^\W\d_])[OoОо]+(?=[().-]*\d)|(?<=\d)[OoОо]+(?![^\W\d_])")
"""The letter O, Latin or Cyrillic, where a zero is meant."""
_MEXICO = re.compile(r"^(\+\s*52)\s*1(?=(\D*\d){10}\D*$)")
"""How mobile numbers of Mexico were written until 2019: with a 1 that is no part of them any more."""
_SIGNS = {"Pd": "-", "Zs": " "}
"""Dashes and blanks of any kind."""


def phone_e164(text: str, *countries: str | None) -> str:
    """The first number in the text that can be called, in E.164. The text is written as people do: with other
    numbers, remarks, an extension, `00` or no plus before the country's code.

    countries: ISO 3166 alpha-2, for numbers written without a country. The first in which the number is valid
    counts; None stands for an unknown one. Raises INVALID_PHONE.
    """
    found = next(phones_in(text, *countries), None)
    if found is None:
        raise refused(
            "INVALID_PHONE", "This is not a phone number that can be called; write it with its country code."
        )
    return found


def calling_code(phone: str) -> str | None:
    """The calling code of a number in E.164, such as `+373`; None for a text that is no phone."""
    import phonenumbers

    try:
        return f"+{phonenumbers.parse(phone).country_code}"
    except phonenumbers.NumberParseException:
        return None


def phone_or_none(text: str | None, *countries: str | None) -> str | None:
    """The number in E.164, as `phone_e164`. None for a text that has no number: a booking site's mistake does
    not lose the booking."""
    return next(phones_in(text, *countries), None) if text else None


def unreadable_phone(text: str | None, *countries: str | None) -> str | None:
    """The text as one line, where somebody wrote a phone and none of it can be called. None where a number
    can be called, and for what people write in place of a number (a dash, a word, zeros)."""
    written = " ".join(plain(text or "").split())[:MAX_PHONE_TEXT]
    if not re.search("[1-9]", written) or phone_or_none(text, *countries):
        return None
    return written


def phones_in(text: str, *countries: str | None) -> Iterator[str]:
    """All numbers of the text that can be called, in E.164, as they follow one another. A number is read by
    the first of the countries in which it is valid, then as one that begins with its country's code."""
    text = _ZERO.sub(lambda match: "0" * len(match[0]), plain(text[:MAX_PHONE_TEXT]))
    named = tuple(dict.fromkeys(country for country in countries if country))
    seen: set[str] = set()
    for written in _written_numbers(text):
        number = _read(written, named)
        for each in [number] if number else _two_numbers(written, named):
            if each not in seen:
                seen.add(each)
                yield each


def plain(text: str) -> str:
    """The text without characters that nobody sees, and with digits and signs in their usual form."""
    usual = unicodedata.normalize("NFKC", text)
    digits = (str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in usual)
    return "".join(
        _SIGNS.get(unicodedata.category(sign), sign) for sign in digits if unicodedata.category(sign) != "Cf"
    )


def _written_numbers(text: str) -> list[str]:
    """The parts of the text that are written as numbers. A plus begins a new one."""
    return [part for run in _NUMBER.findall(text) for part in re.split(r"(?<=[\d) /])(?=\+)", run)]


def _two_numbers(written: str, countries: tuple[str, ...]) -> list[str]:
    """The numbers of a text that is two with nothing but a stroke or a blank between them."""
    for sign in "/ ":
        for place in (match.start() for match in re.finditer(sign, written)):
            both = [_read(part, countries) for part in (written[:place], written[place + 1 :])]
            if all(both) or (sign == "/" and any(both)):
                return [each for each in both if each]
    return []


def _read(written: str, countries: tuple[str, ...]) -> str | None:
    """The number in E.164; None where it cannot be called."""
    digits = re.sub(r"\D", "", written)
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    abroad = "+" + (digits[2:] if digits.startswith("00") else digits)
    if written.lstrip(" (").startswith("+"):
        # `+8 916 ...` is a number of one's own country, with a plus that does not belong there
        tries = [(written, None), *((digits, country) for country in countries)]
    else:
        tries = [*((written, country) for country in countries), (abroad, None)]
    return next(filter(None, (_valid(text, country) for text, country in tries)), None)


def _valid(text: str, country: str | None) -> str | None:
    import phonenumbers  # by far the dearest import of the services, and most invocations see no phone

    try:
        number = phonenumbers.parse(_MEXICO.sub(r"\g<1>", text), country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def email_normal(text: str) -> str:
    """The e-mail address in lower case, which every provider that matters takes for the same address. Raises
    INVALID_EMAIL."""
    text = text.strip()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise refused("INVALID_EMAIL", "This is not an e-mail address.")
    return text.lower()


def email_or_none(text: str | None) -> str | None:
    return text.strip().lower() if text and _EMAIL.fullmatch(text.strip()) else None


def note_normal(text: str | None) -> str | None:
    """A text of several lines without invisible signs."""
    return None if text is None else visible_text(text)


def name_normal(text: str) -> str:
    """The name as one line without invisible signs. Raises INVALID_NAME for an empty or too long name."""
    name = " ".join(visible_text(text).split())
    if not is_visible(name) or len(name) > MAX_NAME:
        raise refused("INVALID_NAME", f"A name has 1 to {MAX_NAME} characters.")
    return name


def source_word(text: str | None) -> str | None:
    """Where a client came from, as it was said: one line without invisible signs; None where nothing is."""
    word = " ".join(visible_text(text or "").split())
    return word[:MAX_WORD].rstrip() if is_visible(word) else None
