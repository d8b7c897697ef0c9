"""What is new in a site's event: its words are compared with the site's own last words, fact by fact, and
never with what is held here. A site that repeats what it said before says nothing."""

from datetime import UTC, datetime
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.authors import author_of
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.bookings.facts import Fact, Party, ReportedFacts
from chalicelib.domain.intake.site_events import BookingReported, SiteClient, SiteLine
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.shared.zones import as_instant

NOBODY = ""
"""The word for a booking from which the site took the client."""
_DIGEST = 8
_FIELDS = {
    Fact.STATUS: ("status",),
    Fact.START: ("start",),
    Fact.SALON: ("salon",),
    Fact.LINES: ("lines",),
    Fact.CLIENT: ("client", "details"),
    Fact.PAID: ("paid",),
    Fact.NOTE: ("note",),
}


class SiteNews(Struct, frozen=True):
    """What an event says that the site has not said before.

    facts    of which the event has another word than the site's last one.
    reported the site's last word of each fact, after the event.
    guard    of the newest event of the booking, after this one.
    """

    facts: frozenset[Fact]
    reported: ReportedFacts
    guard: str


def word_of(event: BookingReported) -> ReportedFacts:
    """What an event says of each fact."""
    client = event.client
    return ReportedFacts(
        status=event.status.value if event.status else None,
        start=_start_text(event.starts_at) if event.starts_at else None,
        salon=event.salon_external_id,
        lines=digest(*map(_line_text, event.lines), length=_DIGEST) if _tells_lines(event) else None,
        client=_named(client) if client else NOBODY if event.anonymous else None,
        details=_details(client) if client else None,
        paid=_sum_text(event),
        note=digest(event.note, length=_DIGEST) if event.note else None,
    )


def news_of(booking: Booking, event: BookingReported, zone: str, *, anyway: bool) -> SiteNews:
    """What the event says anew of a booking. Each fact has a guard of its own: a thin event that closes a
    booking does not silence an older one about its start.

    zone: of the booking's salon. anyway: the event counts as newer, whatever its guard says.
    """
    before, now = booking.reported or ReportedFacts(), word_of(event)
    guards = {fact: _guard_of(booking, before, fact) for fact in Fact}
    newer = [fact for fact in Fact if now.of(fact) is not None and (anyway or event.guard > guards[fact])]
    facts = frozenset(fact for fact in newer if not _alike(fact, before, now, zone))
    newest = max(booking.guard or "", event.guard)
    guards |= dict.fromkeys(newer, newest if anyway else event.guard)
    after = replace(before, **{name: getattr(now, name) for fact in newer for name in _FIELDS[fact]})
    return SiteNews(facts, _with_guards(after, guards, newest), newest)


def with_later_words(one: SiteNews, other: Booking) -> ReportedFacts:
    """The last words of a booking that was reported under two ids: of each fact the newer word."""
    words = other.reported or ReportedFacts()
    known = (fact for fact in Fact if one.reported.of(fact) is not None)
    own = {fact: one.reported.guards.get(fact, one.guard) for fact in known}
    others = {fact: _guard_of(other, words, fact) for fact in Fact if words.of(fact) is not None}
    newer = [fact for fact in others if others[fact] > own.get(fact, "")]
    after = replace(one.reported, **{name: getattr(words, name) for fact in newer for name in _FIELDS[fact]})
    guards = {fact: max(own.get(fact, ""), others.get(fact, "")) for fact in Fact}
    return _with_guards(after, guards, max(one.guard, other.guard or ""))


def start_of(word: ReportedFacts, zone: str) -> datetime | None:
    """The start that the site last said, in UTC. zone: whose wall clock it is, where it said no instant."""
    return as_instant(datetime.fromisoformat(word.start), zone) if word.start else None


def is_wall_clock(word: ReportedFacts) -> bool:
    """Whether the site said its start by the salon's wall clock."""
    return word.start is not None and datetime.fromisoformat(word.start).tzinfo is None


def with_wall_clock(booking: Booking, zone: str) -> Booking:
    """The upcoming booking at the wall clock that its site said last, in the salon's present zone: a zone put
    right moves nobody's visit. A start that the desk said stays an instant."""
    last = booking.reported
    if last is None or not booking.is_upcoming or not is_wall_clock(last):
        return booking
    starts_at = start_of(last, zone)
    if starts_at is None or author_of(booking, Fact.START) is not Party.SITE:
        return booking
    return booking if starts_at == booking.starts_at else replace(booking, starts_at=starts_at, trouble=None)


def _with_guards(word: ReportedFacts, guards: dict[Fact, str], newest: str) -> ReportedFacts:
    kept = {fact: each for fact, each in guards.items() if word.of(fact) is not None and each != newest}
    return replace(word, guards=MappingProxyType(kept))


def _guard_of(booking: Booking, word: ReportedFacts, fact: Fact) -> str:
    """The guard of the event that said the fact last. A booking of which no words were kept has one for
    all."""
    if booking.reported is not None and word.of(fact) is None:
        return ""
    return word.guards.get(fact, booking.guard or "")


def _alike(fact: Fact, before: ReportedFacts, now: ReportedFacts, zone: str) -> bool:
    if fact is Fact.START:
        return before.start == now.start or start_of(before, zone) == start_of(now, zone)
    return all(getattr(before, name) == getattr(now, name) for name in _FIELDS[fact])


def _start_text(starts_at: datetime) -> str:
    if starts_at.tzinfo is None:
        return starts_at.isoformat().removesuffix(":00")
    return starts_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _sum_text(event: BookingReported) -> str | None:
    """None: the site said nothing of the bill."""
    paid = None if event.paid_minor is None else str(event.paid_minor)
    if paid is None and event.bill_open:
        paid = "open"
    if event.goods_minor is None:
        return paid
    return f"{paid or ''}/{event.goods_minor}"


def _tells_lines(event: BookingReported) -> bool:
    return bool(event.lines) or event.no_services


def _line_text(line: SiteLine) -> str:
    """What a line says, without the names of what has an id: a rename is no other line."""
    service, staff = line.service_id or line.service_name, line.staff_id or line.staff_name
    return "\x1e".join(str(each) for each in (service, staff, line.minutes, line.price_minor))


def _named(client: SiteClient) -> str:
    named = (client.external_id,) if client.external_id else (client.name, client.phone, client.email)
    return digest(*map(str, named), length=_DIGEST)


def _details(client: SiteClient) -> str:
    names = client.__struct_fields__
    return digest(*(str(getattr(client, name)) for name in names), length=_DIGEST)
