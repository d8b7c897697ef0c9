"""A recipient of a campaign as the subject of messages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.marketing.campaigns import Campaign, CampaignState, Recipient
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import (
    IN_FLIGHT,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    open_plans,
    timely,
    touch_of,
)
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.services.messages.subjects import HeldBack, facts_of_all, speaking_salon, zone_of
from chalicelib.services.shared.ports import Store

PAUSED = "campaign_paused"
MERGED = "merged"
"""The reason why a recipient gets no message: a merged client gets a campaign once."""
_MADE = IN_FLIGHT | {TouchState.SENT, TouchState.UNKNOWN}
LAST_LOOK = timedelta(minutes=15)
"""How long before the end of a paused campaign its recipient wakes once more and sees whether it was resumed.
The recipient sleeps until then: when the campaign is resumed, a walk gives it a new time."""


class AboutRecipient(Struct, frozen=True):
    item: Recipient
    campaign: Campaign
    client: Client
    salon: Salon
    directory: Directory

    booking_id = useful_from = None
    tells_of = ()
    link_booking_id = link_is_kept = None
    link_number = 0

    @property
    def campaign_id(self) -> str:
        return self.campaign.id

    @property
    def rules(self) -> MessageRules:
        return self.directory.messages_for(self.salon.id)

    def plans(self, now: datetime) -> Sequence[Plan]:
        return [self._plan(self.item, now)]

    def _plan(self, recipient: Recipient, now: datetime) -> Plan:
        """The recipient's plan. No rule leaves it out: a change of the rules would not wake the recipient
        again. So it is decided on when its time comes, and the decision is recorded."""
        plan = Plan(TouchKind.CAMPAIGN, recipient.at, self.campaign.ends_at)
        touch, quiet = touch_of(recipient.touches, plan), self.rules.quiet_hours
        planned = timely(plan, touch, quiet, zone_of(self), made_at=recipient.at, now=now)
        return plan if planned.reason is not None else planned

    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        return self

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None:
        if self.rules.is_off(plan.kind):
            return HeldBack("switched_off")
        if self.campaign.state is CampaignState.STOPPED:
            return HeldBack("campaign_stopped")
        if _reached_before_merge(self.item, self.client, store):
            return HeldBack(MERGED)
        if self.campaign.state is not CampaignState.PAUSED:
            return None
        last = self.rules.quiet_hours.last_loud_before(self.campaign.ends_at - LAST_LOOK, zone_of(self))
        return HeldBack(PAUSED, last if last > now else None)

    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        return facts_of_all(self, now)

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None:
        """The campaign's own text in the client's language, else in the network's, else in any."""
        texts = self.campaign.texts
        languages = (language, self.directory.network.language, *sorted(texts))
        spoken = next(each for each in languages if each in texts)
        return Template(
            network_id=self.item.network_id,
            kind=kind,
            channel=channel,
            language=spoken,
            text=texts[spoken],
            subject=self.campaign.subjects.get(spoken),
            changed_at=self.campaign.created_at,
            actor=self.campaign.actor,
        )

    def with_item(self, item: Recipient) -> Self:
        return replace(self, item=item)

    def replanned(self, item: Recipient, settled: Sequence[Touch], now: datetime) -> Recipient:
        plans_left = open_plans([self._plan(item, now)], item.touches, now)
        wakes = [Wake(due_at(plan, touch_of(item.touches, plan)), plan.kind.value) for plan in plans_left]
        return replace(item, wake=first_wake(wakes, item.trouble))

    def reread(self, store: Store) -> Self | None:
        found = store.get(
            Recipient,
            network_id=self.item.network_id,
            client_id=self.item.client_id,
            campaign_id=self.item.campaign_id,
        )
        return self.with_item(found) if found is not None else None


def _reached_before_merge(recipient: Recipient, client: Client, store: Store) -> bool:
    """Whether the campaign has reached the client as a source of a merge."""
    source_ids = [each.id for each in client.former]
    if not source_ids:
        return False
    found = store.recipients_named(recipient.network_id, recipient.campaign_id, source_ids)
    return any(is_reached(each) for each in found)


def is_reached(recipient: Recipient) -> bool:
    """Whether the campaign's message may have reached the recipient."""
    touch = recipient.touches.get(TouchKind.CAMPAIGN)
    return touch is not None and touch.state in _MADE


def about_recipient(
    recipient: Recipient, campaign: Campaign, client: Client, directory: Directory
) -> AboutRecipient:
    return AboutRecipient(recipient, campaign, client, speaking_salon(client, directory), directory)
