"""Who a Cal.com booking is for. Cal.com has no id of a person. The form's questions are the user's own, so
that a phone may stand in any of several places."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.booking_sites.calcom_bodies import Attendee, CalcomBooking, Language
from chalicelib.booking_sites.parsing import id_text, one_line
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.shared.ids import digest

PHONE_ONLY = "@sms.cal.com"
"""The domain of the addresses that Cal.com makes up for those who gave only a phone."""
_PHONE_WORD = re.compile(r"phone|mobile|whats\s?app|viber|telef|телеф|моб|\bтел\b|\btel\b", re.I)


def person_of(who: Attendee, seat: str | None = None) -> str:
    """What tells a person from the others of a booking: the e-mail, which no two people of a booking
    share on Cal.com, else the phone, the seat, or the name."""
    email, phone = (who.email or "").strip().lower(), re.sub(r"\D", "", str(who.phone_number or ""))
    known_by = email or phone or seat or _name(who) or ""
    return digest(known_by, length=12)


def client_of(booking: CalcomBooking, who: Attendee, *, alone: bool) -> SiteClient:
    """alone: the form's answers can be of nobody else."""
    form = _form(booking) if alone or _answered_by(booking, who) else {}
    email = one_line(who.email) or one_line(_text(form.get("email")))
    made_up = email if email and email.lower().endswith(PHONE_ONLY) else None
    phones = (
        _text(form.get("attendeePhoneNumber")),
        who.phone_number,
        booking.sms_reminder_number if alone else None,
        *_other_phones(booking, form),
        "+" + re.sub(r"\D", "", made_up.partition("@")[0]) if made_up else None,
    )
    return SiteClient(
        name=_name(who) or _asked_name(form),
        phone=", ".join(_distinct(phones))[:200] or None,
        email=None if made_up else email,
        language=_language(who),
    )


def _answered_by(booking: CalcomBooking, who: Attendee) -> bool:
    email = _text(_form(booking).get("email"))
    return email is not None and email.strip().lower() == (who.email or "").strip().lower()


def newest_of(booking: CalcomBooking, attendees: list[Attendee]) -> Attendee:
    """The person of a new seat, where the body lists all: who filled in the form, else the last."""
    last = attendees[-1] if attendees else Attendee()
    return next((who for who in attendees if _answered_by(booking, who)), last)


def _form(booking: CalcomBooking) -> dict[str, Any]:
    """The answers by the names of their questions."""
    own = booking.user_fields_responses if isinstance(booking.user_fields_responses, dict) else {}
    return {**own, **(booking.responses if isinstance(booking.responses, dict) else {})}


def _value(answer: Any) -> Any:
    return answer.get("value") if isinstance(answer, dict) else answer


def _text(answer: Any) -> str | None:
    value = _value(answer)
    return value if isinstance(value, str) else None


def _other_phones(booking: CalcomBooking, form: dict[str, Any]) -> Iterator[str | None]:
    """Phones in the places where Cal.com's users ask for them: the number for reminders, the place of the
    meeting, a question of their own."""
    yield _text(form.get("smsReminderNumber"))
    place = _value(form.get("location"))
    if isinstance(place, dict) and place.get("value") == "phone":
        yield place.get("optionValue") or booking.location
    questions = {**(booking.custom_inputs if isinstance(booking.custom_inputs, dict) else {}), **form}
    for name, answer in questions.items():
        label = answer.get("label") if isinstance(answer, dict) else None
        text = _text(answer)
        if text and re.search(r"\d{3}", re.sub(r"\D", "", text)) and _PHONE_WORD.search(f"{name} {label}"):
            yield text


def _distinct(phones: Iterable[Any]) -> list[str]:
    """The texts that hold different digits, in their order."""
    found: dict[str, str] = {}
    for phone in phones:
        text = one_line(str(phone)) if isinstance(phone, str | int) and phone else None
        if text:
            found.setdefault(re.sub(r"\D", "", text) or text, text)
    return list(found.values())


def _name(who: Attendee) -> str | None:
    return _whole_name(who.name) or one_line(f"{who.first_name or ''} {who.last_name or ''}")


def _whole_name(name: Any) -> str | None:
    """A name that is one text, or a first and a last name."""
    if isinstance(name, dict):
        parts = (name.get("firstName"), name.get("lastName"))
        return one_line(" ".join(part for part in parts if isinstance(part, str)))
    return one_line(name) if isinstance(name, str) else None


def _asked_name(form: dict[str, Any]) -> str | None:
    parts = (_text(form.get("firstName")), _text(form.get("lastName")))
    return _whole_name(_value(form.get("name"))) or one_line(" ".join(part for part in parts if part))


def _language(who: Attendee) -> str | None:
    reported = who.language.locale if isinstance(who.language, Language) else who.language
    return one_line(reported or who.locale)


def payer_of(booking: CalcomBooking) -> str | None:
    """The e-mail of who paid, where the payment tells it."""
    reported = booking.metadata.get("bookerEmail") if isinstance(booking.metadata, dict) else None
    return reported.strip().lower() if isinstance(reported, str) else None


def seat_of(booking: CalcomBooking) -> str | None:
    return id_text(booking.attendee_seat_id or booking.seat_reference_uid)
