"""The words of the messages (SMS) that clients get: short, in their language, at the least number of parts.

Cyrillic always costs UCS-2 (70 characters, then 67 a part). English and Romanian texts are kept in GSM-7
(160, then 153): Romanian goes without diacritics, as people in Moldova and Romania write their own SMS,
because a single ș or ț would more than double the price. Names written in Cyrillic are transliterated there,
for the same reason.
"""

from collections.abc import Callable, Iterator

from chalicelib.domain.message_facts import MessageFacts
from chalicelib.domain.sms import parts, plain
from chalicelib.web.formats import date_short, when_short
from chalicelib.web.languages import Catalogue, catalogue, choose_language

__all__ = ["MESSAGE_KINDS", "MessageFacts", "choose_language", "message_text"]

_PLAIN_LANGUAGES = frozenset(["ro", "en"])
# How long names may be, gentlest first. A name is cut only if that spares a part; addresses and links never
# are, since half of one leads nowhere.
_NAME_LIMITS = (200, 40, 30, 24, 18)


def message_text(kind: str, language: str, facts: MessageFacts) -> str:
    """The text of a message of one of MESSAGE_KINDS in one of LANGUAGES. Raises ValueError for others.

    Long names are shortened just as far as that makes the message cheaper: of all readings with the fewest
    parts the fullest is taken.
    """
    if kind not in _SENTENCES:
        raise ValueError(f"no wording for messages of the kind {kind!r}")
    texts = catalogue(language)
    readings = dict.fromkeys(_write(kind, texts, facts, limit) for limit in _NAME_LIMITS)
    return min(readings, key=parts)  # mostly there is just one


def _write(kind: str, texts: Catalogue, facts: MessageFacts, name_limit: int) -> str:
    sentences = _SENTENCES[kind](texts, facts, name_limit)
    words = f"{_shorten(facts.salon_name, name_limit)}: {' '.join(sentences)}".split()
    if texts.language in _PLAIN_LANGUAGES:
        words = [word if "://" in word else plain(word) for word in words]
    return " ".join(filter(None, words))


def _shorten(name: str, limit: int) -> str:
    """At most `limit` characters, cut at a blank where that leaves most of the name, and an ellipsis."""
    name = " ".join(name.split())
    if len(name) <= limit:
        return name
    room = limit - 1
    cut = name.rfind(" ", room // 2, room + 1)
    return name[: cut if cut > 0 else room].rstrip(" ,.-–—&") + "…"


def _what(texts: Catalogue, facts: MessageFacts, name_limit: int) -> str:
    """`Haircut, Manicure with Anna`; of many services, when room is short, the first and how many more."""
    services = _services(facts, name_limit)
    staff = _shorten(facts.staff, name_limit) if facts.staff else ""
    if services and staff:
        return texts.gettext("{services} with {staff}").format(services=services, staff=staff)
    return texts.gettext("with {staff}").format(staff=staff) if staff else services


def _services(facts: MessageFacts, name_limit: int) -> str:
    names = ", ".join(facts.services)
    if len(names) <= name_limit or len(facts.services) < 2:
        return _shorten(names, name_limit)
    return f"{_shorten(facts.services[0], name_limit)} +{len(facts.services) - 1}"


def _visit(texts: Catalogue, facts: MessageFacts, name_limit: int) -> str:
    return ", ".join(filter(None, [_when(texts, facts), _what(texts, facts, name_limit)]))


def _when(texts: Catalogue, facts: MessageFacts) -> str:
    if facts.starts_at is None:
        raise ValueError("this message needs the time of the booking")
    return when_short(facts.starts_at, facts.now, facts.zone, texts)


def _sentence(text: str | None) -> str:
    """With a full stop, unless the text brings one (`12 Main St.`); nothing of nothing."""
    text = (text or "").strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _notice(texts: Catalogue, facts: MessageFacts, name_limit: int) -> Iterator[str]:
    visit = _visit(texts, facts, name_limit)
    if facts.moved:
        yield _sentence(texts.gettext("your booking is now {visit}").format(visit=visit))
    else:
        yield _sentence(texts.gettext("you are booked for {visit}").format(visit=visit))
    yield _sentence(facts.address)
    yield facts.link or ""


def _confirm_request(texts: Catalogue, facts: MessageFacts, name_limit: int) -> Iterator[str]:
    yield _sentence(texts.gettext("we expect you {visit}").format(visit=_visit(texts, facts, name_limit)))
    if facts.link:
        yield texts.gettext("Confirm or change: {link}").format(link=facts.link)


def _control_reminder(texts: Catalogue, facts: MessageFacts, _name_limit: int) -> Iterator[str]:
    yield _sentence(texts.gettext("see you {when}").format(when=_when(texts, facts)))
    yield _sentence(facts.address)
    routes = [url for url in (facts.map_url, facts.link) if url]  # the booking's page shows the way too
    if routes:
        yield texts.gettext("How to find us: {link}").format(link=min(routes, key=len))


def _review_request(texts: Catalogue, facts: MessageFacts, _name_limit: int) -> Iterator[str]:
    yield texts.gettext("thank you for your visit!")
    if facts.with_bonus:
        yield from _bonus(texts, facts)
    if facts.link:
        yield texts.gettext("How was it? {link}").format(link=facts.link)


def _bonus_notice(texts: Catalogue, facts: MessageFacts, _name_limit: int) -> Iterator[str]:
    yield texts.gettext("thank you for your visit!")
    yield from _bonus(texts, facts)
    yield from _stop(texts, facts)


def _bonus(texts: Catalogue, facts: MessageFacts) -> Iterator[str]:
    pieces = []
    if facts.points_earned:
        earned = texts.ngettext("+{n} bonus point", "+{n} bonus points", facts.points_earned)
        pieces.append(earned.format(n=facts.points_earned))
    if facts.points_balance is not None and facts.points_balance != facts.points_earned:
        pieces.append(texts.gettext("balance {n}").format(n=facts.points_balance))
    if facts.points_until:
        pieces.append(texts.gettext("valid until {date}").format(date=date_short(facts.points_until, texts)))
    if pieces:
        yield _sentence(", ".join(pieces))


def _repeat_invitation(texts: Catalogue, facts: MessageFacts, name_limit: int) -> Iterator[str]:
    if services := _services(facts, name_limit):
        yield _sentence(texts.gettext("time for your next visit: {services}").format(services=services))
    else:
        yield texts.gettext("time for your next visit!")
    if facts.link:
        yield texts.gettext("Book: {link}").format(link=facts.link)
    yield from _stop(texts, facts)


def _stop(texts: Catalogue, facts: MessageFacts) -> Iterator[str]:
    """In what is marketing or leads to no page of ours; the pages of the others carry that link."""
    if facts.stop_link:
        yield texts.gettext("Stop: {link}").format(link=facts.stop_link)


_SENTENCES: dict[str, Callable[[Catalogue, MessageFacts, int], Iterator[str]]] = {
    "notice": _notice,
    "confirm_request": _confirm_request,
    "control_reminder": _control_reminder,
    "review_request": _review_request,
    "bonus_notice": _bonus_notice,
    "repeat_invitation": _repeat_invitation,
}
MESSAGE_KINDS = frozenset(_SENTENCES)
