"""The built-in sentences of each kind of message, for all channels."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from chalicelib.texts.values import TextValues


class Call(Struct, frozen=True):
    """A link that the client is asked to open.

    words  the sentence with the address in it; label: the words on a button.
    asks   the message is pointless without the tap, so that a push names the label.
    spare  the call may be left out where it costs a part.
    """

    words: str
    label: str
    url: str
    asks: bool = False
    spare: bool = False


Sentences = Iterator[str | Call | None]


def sentences_of(kind: str, values: TextValues) -> list[str | Call]:
    """The sentences of a kind. The first is in lower case, since it follows a colon. Raises ValueError for a
    kind without built-in sentences."""
    if kind not in _SENTENCES:
        raise ValueError(f"no wording for messages of the kind {kind!r}")
    return [each for each in _SENTENCES[kind](values) if each]


def subject(kind: str, values: TextValues) -> str:
    """An e-mail's subject, which begins in lower case like a sentence."""
    if kind not in _SUBJECTS:
        return values["salon"]
    return _SUBJECTS[kind](values).rstrip(".")


def stop_words(values: TextValues) -> str:
    return values.gettext("Stop: {link}", link=values["stop"]) if values["stop"] else ""


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends with one (`12 Main St.`); an empty text stays empty."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _what(values: TextValues) -> str:
    services, staff = values["services"], values["staff"]
    if services and staff:
        return values.gettext("{services} with {staff}", services=services, staff=staff)
    return values.gettext("with {staff}", staff=staff) if staff else services


def _when(values: TextValues) -> str:
    if not values["when"]:
        raise ValueError("this message needs the time of the booking")
    return values["when"]


def _visit(values: TextValues) -> str:
    return ", ".join(filter(None, [_when(values), _what(values)]))


def _booked_dates(values: TextValues) -> str:
    dates = values.dates
    if values.cancelled:
        return values.ngettext(
            "{n} booking is cancelled: {dates}", "{n} bookings are cancelled: {dates}", "dates", dates=dates
        )
    if values.moved:
        return values.ngettext(
            "{n} booking is now on {dates}", "{n} bookings are now on {dates}", "dates", dates=dates
        )
    return values.ngettext(
        "you are booked for {n} visit: {dates}",
        "you are booked for {n} visits: {dates}",
        "dates",
        dates=dates,
    )


def _booked(values: TextValues, visit: str) -> str:
    if values.dates:
        return _booked_dates(values)
    if values.cancelled:
        return values.gettext("your booking is cancelled: {visit}", visit=visit)
    if values.moved:
        return values.gettext("your booking is now {visit}", visit=visit)
    return values.gettext("you are booked for {visit}", visit=visit)


def _notice(values: TextValues) -> Sentences:
    yield _sentence(_booked(values, _visit(values)))
    if not values.cancelled:
        yield _sentence(values["address"])
    if link := values["link"]:
        yield Call(link, values.gettext("Your booking"), link)


def _confirm_request(values: TextValues) -> Sentences:
    yield _sentence(values.gettext("we expect you {visit}", visit=_visit(values)))
    if link := values["link"]:
        words = values.gettext("Confirm or change: {link}", link=link)
        yield Call(words, values.gettext("Confirm or change"), link, asks=True)


def _control_reminder(values: TextValues) -> Sentences:
    yield _sentence(values.gettext("see you {when}", when=_when(values)))
    yield _sentence(values["address"])
    routes = [url for url in (values["map"], values["link"]) if url]  # the booking's page shows the way too
    if routes:
        url = min(routes, key=len)
        words = values.gettext("How to find us: {link}", link=url)
        yield Call(words, values.gettext("How to find us"), url)


def _review_request(values: TextValues) -> Sentences:
    yield values.gettext("thank you for your visit!")
    if values.with_bonus:
        yield bonus(values)
    if link := values["link"]:
        words = values.gettext("How was it? {link}", link=link)
        yield Call(words, values.gettext("Tell us how it was"), link, asks=True)


def _bonus_notice(values: TextValues) -> Sentences:
    yield values.gettext("thank you for your visit!")
    yield bonus(values)
    if link := values["link"]:
        words = values.gettext("Your bonuses: {link}", link=link)
        yield Call(words, values.gettext("Your bonuses"), link, spare=True)


def bonus(values: TextValues) -> str:
    """`+21 points, balance 450, valid until 24 May 2027.`, with those parts that are known."""
    pieces = []
    if values.numbers.get("points"):
        pieces.append(values.ngettext("+{n} bonus point", "+{n} bonus points", "points"))
    if "balance" in values.numbers and values.numbers["balance"] != values.numbers.get("points"):
        pieces.append(values.gettext("balance {n}", n=values["balance"]))
    if values["until"]:
        pieces.append(values.gettext("valid until {date}", date=values["until"]))
    return _sentence(", ".join(pieces))


def _bonus_expiry(values: TextValues) -> Sentences:
    if "expiring" not in values.numbers or not values["until"]:
        yield values.gettext("some of your bonus points are about to expire.")
    else:
        yield _sentence(
            values.ngettext(
                "you have {n} bonus point to use until {date}",
                "you have {n} bonus points to use until {date}",
                "expiring",
                date=values["until"],
            )
        )
    yield invitation(values)


def _repeat_invitation(values: TextValues) -> Sentences:
    if services := values["services"]:
        yield _sentence(values.gettext("time for your next visit: {services}", services=services))
    else:
        yield values.gettext("time for your next visit!")
    yield invitation(values)


def _no_show_invitation(values: TextValues) -> Sentences:
    yield values.gettext("sorry we missed you.")
    yield values.gettext("Shall we find another day?")
    yield invitation(values)


def _birthday(values: TextValues) -> Sentences:
    today = values.on_the_day
    yield values.gettext("happy birthday!") if today else values.gettext("your birthday is near!")
    if values.numbers.get("gift"):
        gift = values.ngettext("Our gift: {n} bonus point", "Our gift: {n} bonus points", "gift")
        until = values.gettext("valid until {date}", date=values["until"]) if values["until"] else ""
        yield _sentence(", ".join(filter(None, [gift, until])))
    elif today:
        yield values.gettext("We wish you a happy and beautiful year.")
    else:
        yield values.gettext("Treat yourself to a visit.")
    yield invitation(values)


def _at_risk(values: TextValues) -> Sentences:
    yield values.gettext("we miss you!")
    yield values.gettext("It would be lovely to see you again.")
    yield invitation(values)


def _win_back(values: TextValues) -> Sentences:
    yield values.gettext("it has been a while.")
    yield values.gettext("We would be glad to welcome you back.")
    yield invitation(values)


def invitation(values: TextValues) -> Call | None:
    link = values["link"]
    if not link:
        return None
    return Call(values.gettext("Book: {link}", link=link), values.gettext("Book a visit"), link)


_SENTENCES: dict[str, Callable[[TextValues], Sentences]] = {
    "notice": _notice,
    "confirm_request": _confirm_request,
    "control_reminder": _control_reminder,
    "review_request": _review_request,
    "bonus_notice": _bonus_notice,
    "bonus_expiry": _bonus_expiry,
    "repeat_invitation": _repeat_invitation,
    "no_show_invitation": _no_show_invitation,
    "birthday": _birthday,
    "at_risk": _at_risk,
    "win_back": _win_back,
}
KINDS = frozenset(_SENTENCES)
"""Kinds with built-in sentences: all but campaigns, each of which has its own text."""

_SUBJECTS: dict[str, Callable[[TextValues], str]] = {
    "notice": lambda values: _booked(values, _when(values)),
    "confirm_request": lambda values: values.gettext("please confirm: {when}", when=_when(values)),
    "control_reminder": lambda values: values.gettext("see you {when}", when=_when(values)),
    "review_request": lambda values: values.gettext("How was your visit?"),
    "bonus_notice": lambda values: values.gettext("Your bonus points"),
    "bonus_expiry": lambda values: values.gettext("some of your bonus points are about to expire."),
    "repeat_invitation": lambda values: values.gettext("time for your next visit!"),
    "no_show_invitation": lambda values: values.gettext("Shall we find another day?"),
    "birthday": lambda values: (
        values.gettext("happy birthday!") if values.on_the_day else values.gettext("your birthday is near!")
    ),
    "at_risk": lambda values: values.gettext("we miss you!"),
    "win_back": lambda values: values.gettext("it has been a while."),
}
