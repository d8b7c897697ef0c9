"""A booking as the subject of messages. Bookings of one client in one salon on one day are one visit, which
gets one message of a kind: the first booking asks and reminds, the last one thanks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.booking_plan import as_planned
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.bookings.notified import was_notified_of_another_start
from chalicelib.domain.clients.clients import Client, own_name
from chalicelib.domain.clients.person_names import is_other_name
from chalicelib.domain.loyalty.account import Account, EntryKind
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.one_act import Named, named
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.networks.site_names import service_name, staff_name
from chalicelib.domain.shared.touches import IN_TRIAL, Plan, Touch, TouchKind, TouchState
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.bookings.same_act import other_bookings_of_act, still_to_tell
from chalicelib.services.bookings.same_visit import (
    _by_start,
    other_bookings_of_day,
    other_bookings_of_visit,
    rules_of,
)
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.messages.subjects import HeldBack, facts_of_all, zone_of
from chalicelib.services.shared.ports import Store

ABOUT_VISIT = frozenset({TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER})
THANKS = frozenset({TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE})
_MISSED = frozenset({Status.NO_SHOW})
_EARNED = frozenset({EntryKind.CASHBACK, EntryKind.PROMOTION})
_MADE = frozenset({TouchState.SENT, TouchState.AWAITING, TouchState.UNKNOWN, TouchState.SENDING})


class AboutBooking(Struct, frozen=True):
    """visit: the other bookings of the same visit, by start; where this one was missed, only the missed ones.
    elsewhere: the client's bookings of that day in other salons. act: the other bookings whose notice waits,
    too. All are empty until `prepared`."""

    item: Booking
    client: Client
    salon: Salon
    directory: Directory
    visit: tuple[Booking, ...] = ()
    elsewhere: tuple[Booking, ...] = ()
    act: tuple[Booking, ...] = ()

    campaign_id = None

    @property
    def rules(self) -> MessageRules:
        return rules_of(self.item, self.directory)

    @property
    def booking_id(self) -> str:
        return self.item.id

    @property
    def link_booking_id(self) -> str:
        return self.item.id

    @property
    def tells_of(self) -> tuple[str, ...]:
        return tuple(named(other.id, other.moves, other.starts_at) for other in self.act)

    @property
    def useful_from(self) -> datetime:
        return self.item.starts_at

    @property
    def link_number(self) -> int:
        return self.item.link_number

    @property
    def link_is_kept(self) -> bool | None:
        """Unknown after a merge: then an earlier message may have gone to the other client."""
        if self.client.apart is not None or self.client.merges:
            return None
        return any(
            touch.state in _MADE and touch.occurrence == self.item.moves
            for touch in self.item.touches.values()
        )

    def plans(self, now: datetime) -> Sequence[Plan]:
        return booking_plan.plans(as_planned(self.item, self.directory), self.rules, zone_of(self), now)

    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        kinds = {plan.kind for plan in due}
        if TouchKind.NOTICE in kinds and self._has_waited():
            act = other_bookings_of_act(self.item, self.directory, zone_of(self), store, now)
            self = replace(self, act=act)
        if TouchKind.NO_SHOW_INVITATION in kinds:
            return replace(self, visit=other_bookings_of_visit(self.item, self.salon, store, _MISSED))
        if kinds.isdisjoint(ABOUT_VISIT | THANKS):
            return self
        others = other_bookings_of_day(self.item, self.salon, store)
        salon_id = self.item.salon_id
        return replace(
            self,
            visit=tuple(other for other in others if other.salon_id == salon_id),
            elsewhere=tuple(other for other in others if other.salon_id != salon_id),
        )

    def telling_again(self, names: Sequence[Named], store: Store, now: datetime) -> Self:
        """The subject as another channel tells of it: with those bookings of the former message of which it
        is still true, and which have had no message of their own."""
        return replace(self, act=still_to_tell(self.item, names, self.directory, zone_of(self), store, now))

    def _has_waited(self) -> bool:
        """Whether the booking's notice was put off, so that others may wait, too."""
        notice = self.item.touches.get(TouchKind.NOTICE)
        return (
            notice is not None
            and notice.state is TouchState.DEFERRED
            and notice.occurrence <= self.item.moves
        )

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None:
        if plan.kind is TouchKind.NO_SHOW_INVITATION:
            if self._made_by_another(plan.kind):
                return HeldBack("same_visit")
            return HeldBack("has_booking") if next_booking(self.client, store, now) else None
        if plan.kind in ABOUT_VISIT:
            earlier = (other for other in self.visit if _by_start(other) < _by_start(self.item))
            asks = any(self._makes(other, plan.kind, now) for other in earlier)
            return HeldBack("same_visit") if asks else self._held_by_day(plan.kind, now)
        return self._thanked_by_another(plan, now) if plan.kind in THANKS else None

    def _held_by_day(self, kind: TouchKind, now: datetime) -> HeldBack | None:
        """Visits to many salons on one day make as many requests, and as many reminders, as a phone gets
        notices."""
        earlier = (other for other in self.elsewhere if _by_start(other) < _by_start(self.item))
        salons = {other.salon_id for other in earlier if self._makes(other, kind, now)}
        return HeldBack("daily_notice_cap") if len(salons) >= self.rules.daily_notice_cap else None

    def _makes(self, other: Booking, kind: TouchKind, now: datetime) -> bool:
        """Whether that booking makes, or has made, a message of the kind."""
        touch = other.touches.get(kind)
        tried = touch is not None and touch.occurrence == other.moves
        if touch is not None and tried and touch.state is not TouchState.DEFERRED:
            return self._counts_as_made(touch)
        rules = rules_of(other, self.directory)
        planned = booking_plan.plans(as_planned(other, self.directory), rules, zone_of(self), now)
        return any(plan.kind is kind and plan.reason is None and now < plan.until for plan in planned)

    def _thanked_by_another(self, plan: Plan, now: datetime) -> HeldBack | None:
        """A client is thanked once for a visit, after its last booking. A later booking that nobody closes
        delays the thanks only until its own thanks would be due."""
        if self._made_by_another(plan.kind):
            return HeldBack("same_visit")
        later = [other for other in self.visit if _by_end(other) > _by_end(self.item)]
        if any(other.status is Status.COMPLETED for other in later):
            return HeldBack("same_visit")
        if not later:
            return None
        after = max(other.ends_at for other in later) + timedelta(
            minutes=self.rules.review_request_minutes_after
        )
        return HeldBack("same_visit", after) if after > now else None

    def _made_by_another(self, kind: TouchKind) -> bool:
        made = (other.touches.get(kind) for other in self.visit)
        return any(touch is not None and self._counts_as_made(touch) for touch in made)

    def _counts_as_made(self, touch: Touch) -> bool:
        """Whether a message of the touch was made; in trial, whether it would have been."""
        return touch.state in _MADE or (self.directory.network.trial and touch.reason == IN_TRIAL)

    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        whole = [self.item]
        if plan.kind in ABOUT_VISIT | THANKS:
            whole = sorted([self.item, *self.visit], key=_by_start)
        if plan.kind is TouchKind.NOTICE:
            whole = sorted([self.item, *self.act], key=_by_start)
        days = {local_date(booking.starts_at, self.salon.timezone) for booking in whole}
        several = plan.kind is TouchKind.NOTICE and len(days) > 1
        whole = [as_planned(booking, self.directory) for booking in whole]
        lines = [line for booking in whole for line in booking.lines]
        services = [service_name(self.directory, line.service_id) for line in lines]
        staff = [staff_name(self.directory, line.staff_id) for line in lines if line.staff_id]
        earned = sum(booking.earned_points for booking in whole)
        name = self.item.booked_for or own_name(self.client)
        is_another = self.client.contact_id is not None or is_other_name(name, own_name(self.client))
        return facts_of_all(
            self,
            now,
            client_name=name,
            person=name if is_another else "",
            starts_at=whole[0].starts_at if plan.kind is TouchKind.NOTICE else self.item.starts_at,
            dates=tuple(booking.starts_at for booking in whole) if several else (),
            services=tuple(dict.fromkeys(filter(None, services))),
            unnamed_service=None in services,
            staff=next(filter(None, staff), None),
            unnamed_staff=None in staff,
            cancelled=self.item.status is Status.CANCELLED,
            moved=all(map(was_notified_of_another_start, whole)),
            points_earned=earned or None,
            points_balance=account.balance + self._given_in_trial(whole) if account else None,
            points_until=self._points_until(account, whole, now) if earned and account else None,
        )

    def _given_in_trial(self, whole: Sequence[Booking]) -> int:
        """The points of the visit that are on no account, since the network is in trial."""
        return sum(booking.would_earn for booking in whole) if self.directory.network.trial else 0

    def _points_until(self, account: Account, whole: Sequence[Booking], now: datetime) -> date | None:
        """The last local day (network's zone) on which the points of the visit can be used. Where none of
        them are left, since they paid a debt, it is the day of the points that expire soonest."""
        lots = [lot for lot in account.lots if not lot.is_expired(now)]
        instants = [at for each in whole for at in (each.closed_at, *each.earned_at) if at is not None]
        granted = {at.replace(microsecond=0) for at in instants}
        earned = [lot for lot in lots if lot.reason in _EARNED and lot.granted_at in granted]
        ends = [lot.expires_at for lot in earned or lots if lot.expires_at is not None]
        return last_day(min(ends), self.directory.zone) if ends else None

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None:
        return self.directory.template(kind, channel, language)

    def with_item(self, item: Booking) -> Self:
        return replace(self, item=item)

    def replanned(self, item: Booking, settled: Sequence[Touch], now: datetime) -> Booking:
        rules = rules_of(item, self.directory)
        wake = booking_plan.next_wake(as_planned(item, self.directory), rules, zone_of(self), now)
        return replace(item, wake=wake)

    def reread(self, store: Store) -> Self | None:
        booking = store.get(Booking, network_id=self.item.network_id, id=self.item.id)
        return self.with_item(booking) if booking is not None else None


def about_booking(booking: Booking, client: Client, directory: Directory) -> AboutBooking:
    return AboutBooking(booking, client, directory.salons[booking.salon_id], directory)


def _by_end(booking: Booking) -> tuple[datetime, str]:
    return booking.ends_at, booking.id
