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
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import UNSETTLED, Plan, Touch, TouchKind
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.loyalty.give_birthday import birthday_entry_id
from chalicelib.services.messages.subjects import HeldBack, facts_of_all, speaking_salon, zone_of
from chalicelib.services.shared.ports import Store

AFTER_MISSED = timedelta(days=7)
"""A client who was not written to because they had a booking is looked at again a week later: it may have
been cancelled. Once they came, that visit tells when they are due."""

_MISSED = frozenset({TouchKind.AT_RISK, TouchKind.WIN_BACK})


class AboutClient(Struct, frozen=True):
    """given: what was given for the birthday that they are congratulated on. knows_gift: whether that was
    looked up; until then (a preview) what the programme gives is told."""

    item: Client
    salon: Salon
    directory: Directory
    given: Entry | None = None
    knows_gift: bool = False

    booking_id = campaign_id = useful_from = None
    link_is_kept = None

    @property
    def link_booking_id(self) -> str | None:
        """That of the visit after which they are invited back: most often it is there still."""
        first = min(self.item.due, key=lambda due: due.at, default=None)
        return first.booking_id if first is not None else None

    @property
    def client(self) -> Client:
        return self.item

    @property
    def rules(self) -> MessageRules:
        return self.directory.messages_for(self.salon.id)

    def plans(self, now: datetime) -> Sequence[Plan]:
        return client_plan.plans(self.item, self.rules, zone_of(self), now)

    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        birthday = next((plan for plan in due if plan.kind is TouchKind.BIRTHDAY), None)
        if birthday is None or birthday_gift(self.directory.rules.bonuses) is None:
            return self
        id = birthday_entry_id(self.item.id, birthday.occurrence)
        return replace(
            self,
            given=store.get(Entry, network_id=self.item.network_id, client_id=self.item.id, id=id),
            knows_gift=True,
        )

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None:
        if plan.kind is TouchKind.BIRTHDAY or next_booking(self.item, store, now) is None:
            return None
        return HeldBack("has_booking", now + AFTER_MISSED if plan.kind in _MISSED else None)

    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        due: tuple[Due, ...] = ()
        if plan.kind is TouchKind.REPEAT_INVITATION:
            due = client_plan.services_due(self.item, now)
        services = [self.directory.services.get(each.service_id) for each in due]
        more: dict[str, Any] = {}
        if plan.kind is TouchKind.BIRTHDAY and self.item.birth_date is not None:
            year = plan.occurrence or local_date(now, self.salon.timezone).year
            more["birthday"] = client_plan.birthday_in(year, self.item.birth_date)
            more["gift_points"], more["points_until"] = self._gift(now)
        names = tuple(service.name for service in services if service)
        return facts_of_all(self, now, services=names, **more)

    def _gift(self, now: datetime) -> tuple[int | None, date | None]:
        """How many points, and the last local day of the network on which they can be used: as they were
        given, or, in a preview, as they would be. Nothing is promised that is not there."""
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

    def with_item(self, item: Any) -> Self:
        return replace(self, item=item)

    def replanned(self, item: Any, settled: Sequence[Touch], now: datetime) -> Client:
        client: Client = item
        for touch in settled:
            invited = touch.kind is TouchKind.REPEAT_INVITATION and touch.state not in UNSETTLED
            if invited and touch.occurrence == client.invitations:
                client = _used_up(client, touch, now)
        wake = client_plan.next_wake(
            client,
            self.rules,
            zone_of(self),
            now,
            gives_birthday=birthday_gift(self.directory.rules.bonuses) is not None,
        )
        return replace(client, wake=wake)

    def reread(self, store: Store) -> Self | None:
        client = store.get(Client, network_id=self.item.network_id, id=self.item.id)
        return self.with_item(client) if client is not None else None


def about_client(client: Client, directory: Directory) -> AboutClient:
    return AboutClient(client, speaking_salon(client, directory), directory)


def _used_up(client: Client, touch: Touch, now: datetime) -> Client:
    """An invitation that was decided on uses up what was due; one held back by a booking is looked at again
    later, and one that came too late uses up only what it was too late for."""
    due = client_plan.services_due(client, now)
    if touch.reason == "too_late":
        due = tuple(each for each in due if each.at + client_plan.INVITATION_USEFUL <= now)
    left = tuple(each for each in client.due if each not in due)
    if touch.reason == "has_booking":
        left += tuple(replace(each, at=now + AFTER_MISSED) for each in due)
    return replace(client, due=left, invitations=client.invitations + 1)
