"""Phones, e-mails and names as people write them, brought into the one form in which they are kept."""

import re
import unicodedata

from chalicelib.domain.shared.errors import DomainError, refused

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAX_NAME = 120


def phone_e164(text: str, country: str) -> str:
    """The number in E.164. Digits with the country's own code but no plus (`37369123456`) are understood too.

    country: ISO 3166 alpha-2, for numbers written without a country. Raises INVALID_PHONE.
    """
    import phonenumbers  # by far the dearest import of the services, and most invocations see no phone

    text = text.strip()
    candidates = [text] if text.startswith("+") else [text, "+" + re.sub(r"\D", "", text)]
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise refused(
        "INVALID_PHONE", "This is not a phone number that can be called; write it with its country code."
    )


def calling_code(phone: str) -> str | None:
    """The calling code of a number in E.164, such as `+373`; None for a text that is no phone."""
    import phonenumbers

    try:
        return f"+{phonenumbers.parse(phone).country_code}"
    except phonenumbers.NumberParseException:
        return None


def phone_or_none(text: str | None, country: str) -> str | None:
    """The number in E.164, as `phone_e164`. None for a text that is no number: a booking site's mistake does
    not lose the booking."""
    if not text:
        return None
    try:
        return phone_e164(text, country)
    except DomainError:
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


def name_normal(text: str) -> str:
    """The name as one line without control characters. Raises INVALID_NAME for an empty or too long name."""
    name = " ".join(_CONTROL.sub(" ", text).split())
    if not any(unicodedata.category(sign)[0] not in "CZ" for sign in name) or len(name) > MAX_NAME:
        raise refused("INVALID_NAME", f"A name has 1 to {MAX_NAME} characters.")
    return name
