"""What is said in a message of each kind, in whole sentences, whatever channel it goes through."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from chalicelib.texts.values import Told


class Call(Struct, frozen=True):
    """What the client is asked to open. words: with the address among them; label: on a button.

    asks: without the tap the message has no point, so that one which is opened by the tap itself says it.
    spare: it may be left out where it costs."""

    words: str
    label: str
    url: str
    asks: bool = False
    spare: bool = False


Said = Iterator[str | Call | None]


def said(kind: str, told: Told) -> list[str | Call]:
    """The sentences of a kind, the first in lower case, to stand behind a colon. Raises ValueError for a kind
    that has no words of its own."""
    if kind not in _SENTENCES:
        raise ValueError(f"no wording for messages of the kind {kind!r}")
    return [each for each in _SENTENCES[kind](told) if each]


def subject(kind: str, told: Told) -> str:
    """An e-mail's subject, in lower case as a sentence is."""
    if kind not in _SUBJECTS:
        return told["salon"]
    return _SUBJECTS[kind](told).rstrip(".")


def stop_words(told: Told) -> str:
    return told.gettext("Stop: {link}", link=told["stop"]) if told["stop"] else ""


def _sentence(text: str) -> str:
    """With a full stop, unless the text brings one (`12 Main St.`); nothing of nothing."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _what(told: Told) -> str:
    services, staff = told["services"], told["staff"]
    if services and staff:
        return told.gettext("{services} with {staff}", services=services, staff=staff)
    return told.gettext("with {staff}", staff=staff) if staff else services


def _when(told: Told) -> str:
    if not told["when"]:
        raise ValueError("this message needs the time of the booking")
    return told["when"]


def _visit(told: Told) -> str:
    return ", ".join(filter(None, [_when(told), _what(told)]))


def _booked(told: Told, visit: str) -> str:
    if told.moved:
        return told.gettext("your booking is now {visit}", visit=visit)
    return told.gettext("you are booked for {visit}", visit=visit)


def _notice(told: Told) -> Said:
    yield _sentence(_booked(told, _visit(told)))
    yield _sentence(told["address"])
    if link := told["link"]:
        yield Call(link, told.gettext("Your booking"), link)


def _confirm_request(told: Told) -> Said:
    yield _sentence(told.gettext("we expect you {visit}", visit=_visit(told)))
    if link := told["link"]:
        words = told.gettext("Confirm or change: {link}", link=link)
        yield Call(words, told.gettext("Confirm or change"), link, asks=True)


def _control_reminder(told: Told) -> Said:
    yield _sentence(told.gettext("see you {when}", when=_when(told)))
    yield _sentence(told["address"])
    routes = [url for url in (told["map"], told["link"]) if url]  # the booking's page shows the way too
    if routes:
        url = min(routes, key=len)
        words = told.gettext("How to find us: {link}", link=url)
        yield Call(words, told.gettext("How to find us"), url)


def _review_request(told: Told) -> Said:
    yield told.gettext("thank you for your visit!")
    if told.with_bonus:
        yield bonus(told)
    if link := told["link"]:
        words = told.gettext("How was it? {link}", link=link)
        yield Call(words, told.gettext("Tell us how it was"), link, asks=True)


def _bonus_notice(told: Told) -> Said:
    yield told.gettext("thank you for your visit!")
    yield bonus(told)
    if link := told["link"]:
        words = told.gettext("Your bonuses: {link}", link=link)
        yield Call(words, told.gettext("Your bonuses"), link, spare=True)


def bonus(told: Told) -> str:
    """`+21 points, balance 450, valid until 24 May 2027.`: as much of it as is known."""
    pieces = []
    if told.numbers.get("points"):
        pieces.append(told.ngettext("+{n} bonus point", "+{n} bonus points", "points"))
    if "balance" in told.numbers and told.numbers["balance"] != told.numbers.get("points"):
        pieces.append(told.gettext("balance {n}", n=told["balance"]))
    if told["until"]:
        pieces.append(told.gettext("valid until {date}", date=told["until"]))
    return _sentence(", ".join(pieces))


def _bonus_expiry(told: Told) -> Said:
    if "expiring" not in told.numbers or not told["until"]:
        yield told.gettext("some of your bonus points are about to expire.")
    else:
        yield _sentence(
            told.ngettext(
                "you have {n} bonus point to use until {date}",
                "you have {n} bonus points to use until {date}",
                "expiring",
                date=told["until"],
            )
        )
    yield invitation(told)


def _repeat_invitation(told: Told) -> Said:
    if services := told["services"]:
        yield _sentence(told.gettext("time for your next visit: {services}", services=services))
    else:
        yield told.gettext("time for your next visit!")
    yield invitation(told)


def _no_show_invitation(told: Told) -> Said:
    yield told.gettext("sorry we missed you.")
    yield told.gettext("Shall we find another day?")
    yield invitation(told)


def _birthday(told: Told) -> Said:
    today = told.on_the_day
    yield told.gettext("happy birthday!") if today else told.gettext("your birthday is near!")
    if told.numbers.get("gift"):
        gift = told.ngettext("Our gift: {n} bonus point", "Our gift: {n} bonus points", "gift")
        until = told.gettext("valid until {date}", date=told["until"]) if told["until"] else ""
        yield _sentence(", ".join(filter(None, [gift, until])))
    elif today:
        yield told.gettext("We wish you a happy and beautiful year.")
    else:
        yield told.gettext("Treat yourself to a visit.")
    yield invitation(told)


def _at_risk(told: Told) -> Said:
    yield told.gettext("we miss you!")
    yield told.gettext("It would be lovely to see you again.")
    yield invitation(told)


def _win_back(told: Told) -> Said:
    yield told.gettext("it has been a while.")
    yield told.gettext("We would be glad to welcome you back.")
    yield invitation(told)


def invitation(told: Told) -> Call | None:
    link = told["link"]
    return Call(told.gettext("Book: {link}", link=link), told.gettext("Book a visit"), link) if link else None


_SENTENCES: dict[str, Callable[[Told], Said]] = {
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
"""Kinds with words of their own: all but campaigns, which bring theirs."""

_SUBJECTS: dict[str, Callable[[Told], str]] = {
    "notice": lambda told: _booked(told, _when(told)),
    "confirm_request": lambda told: told.gettext("please confirm: {when}", when=_when(told)),
    "control_reminder": lambda told: told.gettext("see you {when}", when=_when(told)),
    "review_request": lambda told: told.gettext("How was your visit?"),
    "bonus_notice": lambda told: told.gettext("Your bonus points"),
    "bonus_expiry": lambda told: told.gettext("some of your bonus points are about to expire."),
    "repeat_invitation": lambda told: told.gettext("time for your next visit!"),
    "no_show_invitation": lambda told: told.gettext("Shall we find another day?"),
    "birthday": lambda told: (
        told.gettext("happy birthday!") if told.on_the_day else told.gettext("your birthday is near!")
    ),
    "at_risk": lambda told: told.gettext("we miss you!"),
    "win_back": lambda told: told.gettext("it has been a while."),
}
