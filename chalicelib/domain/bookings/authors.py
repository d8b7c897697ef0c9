"""Who said the facts of a booking last. Only a booking of a site keeps it: of other bookings nobody but the
salon and its client has a word."""

from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.bookings.facts import Authorship, Fact, Party
from chalicelib.domain.shared.actors import BY_CLIENT

_CHANGED_BY_HAND = (Fact.START, Fact.LINES, Fact.NOTE)


def party_of(actor: str) -> Party:
    """The party for which an actor speaks: the client by a link or a reply, else the desk by a key."""
    return Party.CLIENT if actor == BY_CLIENT else Party.DESK


def author_of(booking: Booking, fact: Fact) -> Party:
    authorship = booking.authors.get(fact)
    return Party.SITE if authorship is None else authorship.by


def with_author(booking: Booking, by: Party, at: datetime, *facts: Fact) -> Booking:
    """The booking, of which that party says the facts now."""
    if booking.connection_id is None or not facts:
        return booking
    return _with(booking, {**booking.authors, **{fact: Authorship(at, by) for fact in facts}})


def kept_by_rule(booking: Booking, fact: Fact, at: datetime) -> Booking:
    """The booking, which keeps a fact against what its site has just said: the site repeats that in vain, and
    may say another word of it later. What the salon or the client said stays theirs."""
    return with_author(booking, Party.RULE, at, fact) if author_of(booking, fact) is Party.SITE else booking


def with_author_of_step(before: Booking, after: Booking, by: Party, at: datetime) -> Booking:
    """The booking after a step of that party. A step that changes nothing says again what another party said:
    from then on, this party says it, too."""
    if after is before and author_of(before, Fact.STATUS) in (Party.DESK, Party.CLIENT):
        return before
    return with_author(after, by, at, Fact.STATUS)


def with_author_of_change(before: Booking, after: Booking, by: Party, at: datetime) -> Booking:
    """The changed booking, of which that party says what it has changed."""
    changed = [fact for fact in _CHANGED_BY_HAND if _held(before, fact) != _held(after, fact)]
    return with_author(after, by, at, *changed)


def without_author(booking: Booking, *facts: Fact) -> Booking:
    """The booking, of which the site says the facts now."""
    if not any(fact in booking.authors for fact in facts):
        return booking
    return _with(booking, {fact: each for fact, each in booking.authors.items() if fact not in facts})


def with_dispute(booking: Booking, fact: Fact, site_word: str) -> Booking:
    """The booking, of which the desk is asked about what the site said against the fact's author."""
    authorship = booking.authors.get(fact)
    if authorship is None:
        return booking
    disputed = replace(authorship, disputed=(*authorship.disputed, site_word))
    return _with(booking, {**booking.authors, fact: disputed})


def _with(booking: Booking, authors: dict[Fact, Authorship]) -> Booking:
    return replace(booking, authors=MappingProxyType(authors))


def _held(booking: Booking, fact: Fact) -> object:
    return {Fact.START: booking.starts_at, Fact.LINES: booking.lines, Fact.NOTE: booking.note}[fact]
