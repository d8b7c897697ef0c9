"""A client's bonus account as the subject of messages: points that are about to expire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, expiry_day
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import Plan, Touch, TouchKind
from chalicelib.services.messages.subjects import HeldBack, facts_of_all, speaking_salon, zone_of
from chalicelib.services.shared.ports import Store


class AboutAccount(Struct, frozen=True):
    item: Account
    client: Client
    salon: Salon
    directory: Directory

    booking_id = campaign_id = useful_from = None
    tells_of = ()
    link_booking_id = link_is_kept = None
    link_number = 0

    @property
    def rules(self) -> MessageRules:
        return self.directory.messages_for(self.salon.id)

    def plans(self, now: datetime) -> Sequence[Plan]:
        return account_plan.plans(self.item, self.rules, zone_of(self), self.directory.zone, now)

    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        return self

    def _expiring(self, plan: Plan, now: datetime) -> int:
        if not plan.occurrence:  # a preview, which is about no particular expiry
            return self.item.available(now)
        return account_plan.expiring_points(self.item, plan.occurrence, self.directory.zone, now)

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None:
        return None if self._expiring(plan, now) > 0 else HeldBack("nothing_usable")

    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        return facts_of_all(
            self,
            now,
            points_balance=self.item.balance,
            points_expiring=self._expiring(plan, now),
            points_until=expiry_day(plan.occurrence) if plan.occurrence else None,
        )

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None:
        return self.directory.template(kind, channel, language)

    def with_item(self, item: Account) -> Self:
        return replace(self, item=item)

    def replanned(self, item: Account, settled: Sequence[Touch], now: datetime) -> Account:
        wake = account_plan.next_wake(item, self.rules, zone_of(self), self.directory.zone, now)
        return replace(item, wake=wake)

    def reread(self, store: Store) -> Self | None:
        return self.with_item(store.account(self.item.network_id, self.client.id))


def about_account(account: Account, client: Client, directory: Directory) -> AboutAccount:
    return AboutAccount(account, client, speaking_salon(client, directory), directory)
