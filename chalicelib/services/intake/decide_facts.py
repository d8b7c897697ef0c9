"""Decide the facts of a booking that is known: what a site says anew of each, and whose word holds.

Only what differs from the site's own last word counts, so that a note or a repeated body undoes nothing that
the desk or the client did. `domain/intake/precedence.py` says whose word holds where both have one.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.another_salon import in_another_salon
from chalicelib.domain.bookings.authors import author_of, kept_by_rule, with_author, without_author
from chalicelib.domain.bookings.bookings import UPCOMING, Booking, Line, Status, given_to, moved, with_lines
from chalicelib.domain.bookings.facts import Fact, Party
from chalicelib.domain.intake.precedence import Verdict, verdict
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.intake.site_words import SiteNews, start_of, with_later_words, with_wall_clock, word_of
from chalicelib.domain.networks.network import Salon
from chalicelib.domain.shared.touches import with_touches
from chalicelib.domain.shared.zones import as_instant, zone
from chalicelib.services.intake.booking_report import BookingChange, BookingReport, Dispute, kept_open
from chalicelib.services.intake.locate_booking import salon_of

MAX_NOTE = 2000
_VISITOR = "the client of the visit"
_OPEN = (SiteStatus.BOOKED, SiteStatus.CONFIRMED)


class _Decision(Struct, frozen=True, kw_only=True):
    """A change with what it is decided by. salon: in which the booking is to be."""

    report: BookingReport
    news: SiteNews
    salon: Salon
    change: BookingChange

    @property
    def existing(self) -> Booking:
        assert self.change.existing is not None
        return self.change.existing

    @property
    def booking(self) -> Booking:
        return self.change.booking

    @property
    def is_first(self) -> bool:
        """Whether no words of the site were kept of this booking before."""
        return self.existing.reported is None

    def says(self, fact: Fact) -> bool:
        return fact in self.news.facts

    def with_booking(self, booking: Booking) -> "_Decision":
        return replace(self, change=replace(self.change, booking=booking))

    def with_dispute(
        self, fact: Fact, site_says: str, held: str, ruled: Verdict, by: Fact | None = None
    ) -> "_Decision":
        """The decision with a task, if the table wants one. by: as of `ruled`."""
        if not ruled.task:
            return self
        dispute = Dispute(fact, by or fact, site_says, held)
        return replace(self, change=replace(self.change, disputes=(*self.change.disputes, dispute)))

    def is_after(self, fact: Fact) -> bool:
        """Whether the site says it after the fact's author did."""
        authorship = self.existing.authors.get(fact)
        return authorship is None or self.report.occurred_at >= authorship.at

    def ruled(self, fact: Fact, by: Fact | None = None, *, held: str | None = None) -> Verdict:
        """Whose word of the fact holds. by: the fact whose author decides, where it is another one."""
        when = "another, later" if self.is_after(by or fact) else "another, earlier"
        before = self.existing.reported.of(fact) if self.existing.reported else None
        status = held or self.existing.status.value
        return verdict(fact, author_of(self.existing, by or fact), status, before, when)


def decided_change(report: BookingReport, existing: Booking, news: SiteNews) -> BookingChange:
    """The existing booking with what the event says anew. A visit that it closes days before the start is
    decided as one to come. Raises SALON_UNKNOWN, TOO_MUCH_AT_ONCE."""
    change = _decided(report, existing, news)
    if not report.closes_too_early(change):
        return change
    to_come = replace(report.event, status=None if existing.is_upcoming else SiteStatus.BOOKED)
    says = replace(news, facts=news.facts | {Fact.STATUS})
    return kept_open(report, _decided(replace(report, event=to_come), existing, says))


def _decided(report: BookingReport, existing: Booking, news: SiteNews) -> BookingChange:
    booking = replace(existing, guard=news.guard, reported=news.reported)
    if news.guard == report.event.guard or report.located.joins:
        booking = replace(booking, external_id=report.event.external_id)
    decision = _Decision(
        report=report,
        news=news,
        salon=report.directory.salons[existing.salon_id],
        change=BookingChange(
            existing=existing,
            booking=booking,
            target=existing.status,
            beside=report.located.joins,
        ),
    )
    for step in (_with_status, _with_salon, _with_start, _with_lines, _with_paid, _with_note):
        decision = step(decision)
    decision = _with_duplicates(decision)
    return _with_client(decision).change


# --- its status


def _with_status(decision: _Decision) -> _Decision:
    reported, held = decision.report.event.status, decision.existing.status
    if reported is None or not decision.says(Fact.STATUS):
        return decision
    target = Status.CANCELLED if reported is SiteStatus.MOVING else Status(reported.value)
    if target is held:
        return decision
    if decision.is_first:
        decision = _with_author_by_first_word(decision, target)
    existing = decision.existing
    before = existing.reported.status if existing.reported else None
    ruled = verdict(Fact.STATUS, author_of(decision.booking, Fact.STATUS), held.value, before, reported.value)
    decision = decision.with_dispute(Fact.STATUS, reported.value, held.value, ruled)
    return _with_target(decision, target) if ruled.site_holds else decision


def _with_target(decision: _Decision, target: Status) -> _Decision:
    booking = without_author(decision.booking, Fact.STATUS)
    if decision.existing.status is Status.COMPLETED:
        booking = without_author(booking, Fact.PAID)
    change = replace(decision.change, booking=booking, target=target)
    return replace(decision, change=change)


def _with_author_by_first_word(decision: _Decision, says: Status) -> _Decision:
    """A booking that was stored before words were kept does not know who closed or confirmed it. It was not
    the site, if the site still says that it is to come; and a bill is not undone on a doubt."""
    existing = decision.existing
    if existing.status is Status.BOOKED or (says not in UPCOMING and existing.status is not Status.COMPLETED):
        return decision
    facts = (Fact.STATUS, Fact.PAID) if existing.status is Status.COMPLETED else (Fact.STATUS,)
    at = existing.closed_at or existing.made_at
    return decision.with_booking(with_author(decision.booking, Party.DESK, at, *facts))


# --- where and when


def _with_salon(decision: _Decision) -> _Decision:
    """Another branch: salon, zone and currency follow, and the client is notified again."""
    report, existing = decision.report, decision.existing
    before = existing.reported.salon if existing.reported else None
    if before is None or not decision.says(Fact.SALON):
        return decision
    salon = salon_of(report.connection, report.directory, report.event)
    if salon.id == existing.salon_id:
        return decision
    if _took_place(decision):
        names = salon.name, decision.salon.name
        ruled = Verdict(site_holds=False, task=True)
        return decision.with_dispute(Fact.SALON, *names, ruled, Fact.STATUS)
    at = max(existing.made_at, report.made_at)
    booking = in_another_salon(decision.booking, salon.id, salon.currency, at)
    return _with_confirmation_again(replace(decision.with_booking(booking), salon=salon))


def _took_place(decision: _Decision) -> bool:
    """A visit that took place, and still did, stays where and when it was counted."""
    return decision.existing.status is Status.COMPLETED and decision.change.target is Status.COMPLETED


def _with_start(decision: _Decision) -> _Decision:
    event, existing, zone_name = decision.report.event, decision.existing, decision.salon.timezone
    if event.starts_at is None:
        return decision
    starts_at = as_instant(event.starts_at, zone_name)
    in_another_salon = decision.salon.id != existing.salon_id and _is_last_start(decision, starts_at)
    if not decision.says(Fact.START) and not in_another_salon:
        return _with_zone_put_right(decision)
    if starts_at == existing.starts_at:
        return decision
    decision.report.ensure_near(starts_at)
    texts = _local(starts_at, zone_name), _local(existing.starts_at, zone_name)
    if _took_place(decision):
        ruled = decision.ruled(Fact.START, Fact.STATUS)
        kept = kept_by_rule(decision.booking, Fact.START, decision.report.occurred_at)
        return decision.with_booking(kept).with_dispute(Fact.START, *texts, ruled, Fact.STATUS)
    after = _moved(decision, starts_at)
    if _would_revive(decision, after):
        ruled = decision.ruled(Fact.START, Fact.STATUS)
        decision = decision.with_dispute(Fact.START, *texts, ruled, Fact.STATUS)
        if ruled.site_holds:
            decision = _with_target(decision, Status(event.status.value if event.status else Status.BOOKED))
            return decision.with_booking(without_author(_moved(decision, starts_at), Fact.START))
    completes = decision.change.target is Status.COMPLETED  # the start of a visit that was still to come
    ruled = decision.ruled(Fact.START, held=None if completes else decision.change.target.value)
    decision = decision.with_dispute(Fact.START, *texts, ruled)
    if not ruled.site_holds:
        return decision
    return _with_confirmation_again(decision.with_booking(without_author(after, Fact.START)))


def _would_revive(decision: _Decision, after: Booking) -> bool:
    """Whether the site moves a booking that was cancelled, or marked as no-show, here."""
    is_closed = decision.change.target in (Status.CANCELLED, Status.NO_SHOW)
    opened = decision.report.event.status in (None, *_OPEN) and after.moves != decision.existing.moves
    return is_closed and opened and author_of(decision.booking, Fact.STATUS) is not Party.SITE


def _with_confirmation_again(decision: _Decision) -> _Decision:
    """A confirmation of the old start or salon does not count for a new one, unless the site says it of that,
    too."""
    change, event = decision.change, decision.report.event
    if change.target is not Status.CONFIRMED or change.booking.status is Status.CONFIRMED:
        return decision
    target = Status.CONFIRMED if event.status is SiteStatus.CONFIRMED else Status.BOOKED
    return _with_target(decision, target)


def _moved(decision: _Decision, starts_at: datetime) -> Booking:
    rules = decision.report.directory.messages_for(decision.salon.id)
    noticeable = timedelta(minutes=rules.notice_again_when_moved_by_minutes)
    at = max(decision.existing.made_at, decision.report.made_at)
    return moved(decision.booking, starts_at, at, noticeable)


def _with_zone_put_right(decision: _Decision) -> _Decision:
    """The site repeats its wall clock, and the salon's zone was put right since: the wall clock stays, and so
    nobody is notified of a move."""
    return decision.with_booking(with_wall_clock(decision.booking, decision.salon.timezone))


def _is_last_start(decision: _Decision, starts_at: datetime) -> bool:
    """Whether this is the start that the site said last, and nobody at the salon said another since."""
    last = start_of(decision.news.reported, decision.salon.timezone)
    return starts_at == last and author_of(decision.existing, Fact.START) is Party.SITE


def _local(at: datetime, zone_name: str) -> str:
    return f"{at.astimezone(zone(zone_name)):%Y-%m-%d %H:%M}"


# --- its lines, its bill, its note


def _with_lines(decision: _Decision) -> _Decision:
    report, in_another_salon = decision.report, decision.salon.id != decision.existing.salon_id
    if not decision.says(Fact.LINES) and not (in_another_salon and report.event.lines):
        return decision
    lines = report.body.catalogue.lines(decision.salon, report.event)
    if lines == decision.existing.lines:
        return decision
    ruled = decision.ruled(Fact.LINES)
    texts = _named(decision, lines), _named(decision, decision.existing.lines)
    decision = decision.with_dispute(Fact.LINES, *texts, ruled)
    if not ruled.site_holds:
        return decision
    rules, now = report.directory.messages_for(decision.salon.id), report.world.now()
    tells_staff = rules.notice_again_when_staff_changes and decision.change.target in UPCOMING
    booking = with_lines(decision.booking, lines, now, tells_staff=tells_staff)
    return decision.with_booking(without_author(booking, Fact.LINES))


def _named(decision: _Decision, lines: tuple[Line, ...]) -> str:
    services = (decision.report.body.catalogue.service(line.service_id) for line in lines)
    return ", ".join(service.name for service in services if service) or str(len(lines))


def _with_paid(decision: _Decision) -> _Decision:
    """What the desk took is what was paid. A word of the site counts while it is the site's last one."""
    booking, event = decision.booking, decision.report.event
    if author_of(booking, Fact.PAID) is Party.SITE:
        is_last = word_of(event).paid == decision.news.reported.paid
        return replace(decision, change=replace(decision.change, bill=event if is_last else None))
    paid_minor = event.paid_minor
    if not decision.says(Fact.PAID) or paid_minor in (None, booking.paid_minor):
        return decision
    unit = f"{booking.currency} in minor units"
    texts = f"{paid_minor} {unit}", f"{booking.paid_minor} {unit}"
    return decision.with_dispute(Fact.PAID, *texts, decision.ruled(Fact.PAID))


def _with_note(decision: _Decision) -> _Decision:
    """What the desk wrote stays, with the site's note below it."""
    note, booking = decision.report.event.note, decision.booking
    if note is None or not decision.says(Fact.NOTE):
        return decision
    own = booking.note if author_of(booking, Fact.NOTE) is not Party.SITE else None
    if own and note not in own:
        note = f"{own}\n{note}"[:MAX_NOTE]
    elif own:
        note = own
    return decision.with_booking(replace(booking, note=note))


# --- word of the same booking under another id


def _with_duplicates(decision: _Decision) -> _Decision:
    """Where a later event about the booking's new id came before the event about its move, the later one
    counts."""
    for duplicate in decision.report.located.duplicates:
        guard = decision.booking.guard or ""
        decision = _with_later_word(decision, duplicate, is_later=(duplicate.guard or "") > guard)
    change = replace(decision.change, removed=decision.report.located.duplicates)
    return replace(decision, change=change)


def _with_later_word(decision: _Decision, duplicate: Booking, *, is_later: bool) -> _Decision:
    if is_later:
        booking = replace(
            decision.booking,
            guard=duplicate.guard,
            reported=with_later_words(decision.news, duplicate),
            external_id=duplicate.external_id,
            lines=duplicate.lines,
            authors={**decision.booking.authors, **duplicate.authors},
        )
        decision = decision.with_booking(booking)
        booking = _moved(decision, duplicate.starts_at)
        change = replace(decision.change, booking=booking, target=duplicate.status)
        decision = replace(decision, change=change)
    touches = (replace(touch, occurrence=decision.booking.moves) for touch in duplicate.touches.values())
    return decision.with_booking(with_touches(decision.booking, *touches))


# --- its client


def _with_client(decision: _Decision) -> _Decision:
    existing, event = decision.existing, decision.report.event
    before = existing.reported.client if existing.reported else None
    is_another = decision.says(Fact.CLIENT) and decision.news.reported.client != before
    if event.client is None:
        return _without_client(decision) if is_another and event.anonymous else decision
    word, last = word_of(event), decision.news.reported
    if not decision.says(Fact.CLIENT) and existing.client_id is not None and word.details == last.details:
        return decision
    # A phone alone is no other client: they may have given the salon a newer one.
    stays = _took_place(decision) or event.client.external_id is None or not decision.says(Fact.CLIENT)
    if word.client != last.client or (existing.client_id is not None and stays):
        return _with_word_to_client(decision, is_another=is_another and before is not None)
    return _with_client_of_site(decision, is_another=is_another)


def _with_word_to_client(decision: _Decision, *, is_another: bool) -> _Decision:
    """The booking stays whose it is. A first phone or e-mail, and a no, reach the client whom the site names.
    The client of a visit and a client who was merged into them are one person."""
    report, booking, event = decision.report, decision.booking, decision.report.event
    match = report.client_as_known(decision.salon.id, is_older=not decision.says(Fact.CLIENT))
    if is_another and _took_place(decision) and not report.is_client_of(booking, match):
        named = (event.client and (event.client.name or event.client.external_id)) or "another client"
        ruled = Verdict(site_holds=False, task=True)
        decision = decision.with_dispute(Fact.CLIENT, named, _VISITOR, ruled, Fact.STATUS)
    if match is None:
        return decision
    client = match.client if match.client.id == booking.client_id else None
    beside = (*match.to_save, *decision.change.beside)
    return replace(decision, change=replace(decision.change, client=client, beside=beside))


def _with_client_of_site(decision: _Decision, *, is_another: bool) -> _Decision:
    """The booking with the client whom the site names by its own id, or who is the first that it names."""
    existing, booking, event = decision.existing, decision.booking, decision.report.event
    match = decision.report.client(decision.salon.id)
    if match is None:
        waits_for = event.client.external_id if event.client else None
        if existing.client_id is None or not is_another or decision.is_first:
            return decision
        booking = given_to(booking, None, decision.report.world.now())
        return decision.with_booking(replace(booking, waiting_for=waits_for))
    beside = (*match.to_save, *decision.change.beside)
    if is_another and decision.report.is_client_of(booking, match):
        booking = replace(booking, client_id=match.client.id, waiting_for=None)
    elif existing.client_id is None or is_another:
        booking = given_to(booking, match.client.id, decision.report.world.now())
    client = match.client if match.client.id == booking.client_id else None
    return replace(decision, change=replace(decision.change, booking=booking, client=client, beside=beside))


def _without_client(decision: _Decision) -> _Decision:
    """The site took the client off: no messages and no points. A site that cancels tells nothing of whom the
    booking was for."""
    existing, event = decision.existing, decision.report.event
    has_none = existing.client_id is None and existing.waiting_for is None
    if has_none or event.status in (SiteStatus.CANCELLED, SiteStatus.MOVING):
        return decision
    if _took_place(decision) and author_of(existing, Fact.STATUS) is not Party.SITE:
        ruled = decision.ruled(Fact.CLIENT, Fact.STATUS)
        return decision.with_dispute(Fact.CLIENT, "no client", _VISITOR, ruled, Fact.STATUS)
    return decision.with_booking(given_to(decision.booking, None, decision.report.world.now()))
