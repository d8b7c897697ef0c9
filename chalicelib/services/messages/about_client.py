"""A client apart from any booking as the subject of messages: invited back, congratulated, missed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, Due
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.networks.bonus_rules import birthday_gift
from chalicelib.domain.networks.network import Directory, Salon, Service, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.networks.site_names import is_named
from chalicelib.domain.shared.touches import UNSETTLED, Plan, Touch, TouchKind
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.loyalty.give_birthday import birthday_entry_id
from chalicelib.services.messages.subjects import HeldBack, facts_of_all, speaking_salon, zone_of
from chalicelib.services.shared.ports import Store

AFTER_MISSED = timedelta(days=7)
"""When a client who was not written to, because of a booking ahead, is considered again: the booking may have
been cancelled. After the visit, the visit itself says when the client is due."""

_MISSED = frozenset({TouchKind.AT_RISK, TouchKind.WIN_BACK})


class AboutClient(Struct, frozen=True):
    """given: the ledger's entry of the gift for this birthday; None: there is none. knows_gift: whether that
    entry was looked up; if not (a preview), the message names the gift of the programme. has_booking: whether
    a booking is ahead, where it was looked up just now."""

    item: Client
    salon: Salon
    directory: Directory
    given: Entry | None = None
    knows_gift: bool = False
    has_booking: bool | None = None

    booking_id = campaign_id = useful_from = None
    tells_of = ()
    link_is_kept = None
    link_number = 0

    @property
    def link_booking_id(self) -> str | None:
        """The booking after whose visit the client is invited back: its link item mostly still exists."""
        first = min(self.item.due, key=lambda due: due.at, default=None)
        return first.booking_id if first is not None else None

    @property
    def client(self) -> Client:
        return self.item

    @property
    def rules(self) -> MessageRules:
        return self.directory.messages_for(self.salon.id)

    def plans(self, now: datetime) -> Sequence[Plan]:
        return client_plan.plans(self.item, self.rules, zone_of(self), now, self.directory.rules.categories)

    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        birthday = next((plan for plan in due if plan.kind is TouchKind.BIRTHDAY), None)
        if birthday is None or birthday_gift(self.directory.rules.bonuses) is None:
            return self
        entry_id = birthday_entry_id(self.item.id, birthday.occurrence)
        return replace(
            self,
            given=store.get(Entry, network_id=self.item.network_id, client_id=self.item.id, id=entry_id),
            knows_gift=True,
        )

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None:
        if plan.kind is TouchKind.REPEAT_INVITATION:
            due = client_plan.services_due(self.item, now)
            archived = any(each.service_id in self.directory.services for each in due)
            if archived and not self._offered(due):
                return HeldBack("not_offered")
        if plan.kind is TouchKind.BIRTHDAY or not self._is_booked(store, now):
            return None
        return HeldBack("has_booking", now + AFTER_MISSED if plan.kind in _MISSED else None)

    def _is_booked(self, store: Store, now: datetime) -> bool:
        if self.has_booking is not None:
            return self.has_booking
        return next_booking(self.item, store, now) is not None

    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        due: tuple[Due, ...] = ()
        if plan.kind is TouchKind.REPEAT_INVITATION:
            due = client_plan.services_due(self.item, now)
        services = self._offered(due)
        facts: dict[str, Any] = {}
        if plan.kind is TouchKind.BIRTHDAY and self.item.birth_date is not None:
            year = plan.occurrence or local_date(now, self.salon.timezone).year
            facts["birthday"] = client_plan.birthday_in(year, self.item.birth_date)
            facts["gift_points"], facts["points_until"] = self._gift(now)
        names = [each.name for each in services if is_named(each, self.directory.connections)]
        unnamed = len(names) < len(services)
        return facts_of_all(self, now, services=tuple(names), unnamed_service=unnamed, **facts)

    def _offered(self, due: Sequence[Due]) -> list[Service]:
        """The services that are due, without those that were archived since."""
        services = (self.directory.services.get(each.service_id) for each in due)
        return [service for service in services if service is not None and not service.archived]

    def _gift(self, now: datetime) -> tuple[int | None, date | None]:
        """The gift's points, and the last local day (network's zone) on which they can be used. They are the
        points that were given, or, in a preview, the points that would be given."""
        zone, gift = self.directory.zone, birthday_gift(self.directory.rules.bonuses)
        points, end = None, None
        if self.given is not None:
            points = self.given.worth
            end = min((lot.expires_at for lot in self.given.lots if lot.expires_at), default=None)
        elif gift is not None and not self.knows_gift:
            points, end = gift.points, gift_end(gift, now, zone)
        return points, last_day(end, zone) if end else None

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None:
        return self.directory.template(kind, channel, language)

    def with_item(self, item: Client) -> Self:
        return replace(self, item=item)

    def replanned(self, item: Client, settled: Sequence[Touch], now: datetime) -> Client:
        client = item
        for touch in settled:
            invited = touch.kind is TouchKind.REPEAT_INVITATION and touch.state not in UNSETTLED
            if invited and touch.occurrence == client.invitations:
                client = _used_up(client, touch, now)
        return client_plan.with_wake(client, self.directory, now)

    def reread(self, store: Store) -> Self | None:
        client = store.get(Client, network_id=self.item.network_id, id=self.item.id)
        return self.with_item(client) if client is not None else None


def about_client(client: Client, directory: Directory) -> AboutClient:
    return AboutClient(client, speaking_salon(client, directory), directory)


def _used_up(client: Client, touch: Touch, now: datetime) -> Client:
    """The client after an invitation was decided on: the services that were due are no longer due. An
    invitation that a booking held back is considered again later. One that came too late removes only the
    services that it was too late for."""
    due = client_plan.services_due(client, now)
    if touch.reason == "too_late":
        due = tuple(each for each in due if each.at + client_plan.INVITATION_USEFUL <= now)
    still_due = tuple(each for each in client.due if each not in due)
    if touch.reason == "has_booking":
        still_due += tuple(replace(each, at=now + AFTER_MISSED) for each in due)
    return replace(client, due=still_due, invitations=client.invitations + 1)
