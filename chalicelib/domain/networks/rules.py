"""What a network may decide for itself, with the defaults of a network that has decided nothing. Versioned as
a whole. A salon or a service may have its own numbers in place of the network's."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import fields, replace

from chalicelib.domain.networks.bonus_rules import BonusRules, birthday_gift
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import ON_BY_DEFAULT, TouchKind


class ChannelStep(Struct, frozen=True):
    """One channel of a cascade: sms, whatsapp, email or push. wait_minutes: how long it may take to deliver
    before the next channel follows; 0: the next follows only when this one fails."""

    channel: str
    wait_minutes: int = 0

    @property
    def wait(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)


class MessageRules(Struct, frozen=True, kw_only=True):
    """When, through what and how often clients are written to. Offsets count from the visit's start or, after
    a visit, from its completion. What is due on a day is due at `day_touch_hour` of the salon.

    off               kinds that are not made at all.
    on                kinds that the network has chosen, of those that are off by default (all that are not in
                      `ON_BY_DEFAULT`).
    weekly_cap        most messages in any seven days, without the essential ones (notice, confirm request,
                      reminder); weekly_marketing_cap: most marketing messages among them.
    monthly_budget_usd_cents  what messages may cost in a calendar month (UTC); None: no limit. It stops all
                      but the essential ones, which have a ceiling above it.
    channels          the cascade, the first that reaches the client first; channels_of: the cascade of a
                      kind.
    holdout_percent   share of clients, by kind, whom marketing leaves alone, so that its effect can be
                      measured.
    part_price_micros  by channel, the assumed cost of a part (millionths of a US dollar) until a receipt
                      reports it.
    essential_budget_percent  what all messages, the essential ones included, may cost in a month, as a share
                      of the budget. With a budget of 0 nothing is sent that costs anything.
    network_daily_cap  most paid messages of the network a day (UTC), and network_daily_usd_cents what they
                      may cost; None: as many as the deployment allows a network.
    origin_hourly_cap, origin_daily_cap  most paid messages about bookings of one partner's key, or of one
                      unsigned connection for each of its salons; a signed connection has ten times as many.
    daily_notice_cap  most notices to one phone within 24 hours; most requests, and most reminders, for the
                      visits of one day to several salons.
    sms_countries     the countries that SMS may go to (ISO 3166 alpha-2); empty: the network's own and those
                      of its salons.
    notice_again_when_staff_changes  whether the client is notified again when another specialist takes the
                      visit over.
    """

    enabled: bool = True
    off: tuple[TouchKind, ...] = ()
    on: tuple[TouchKind, ...] = ()
    confirm_request_hours_before: int = 24
    confirm_cutoff_hours_before: int = 2
    control_reminder_minutes_before: int = 60
    review_request_minutes_after: int = 120
    notice_again_when_moved_by_minutes: int = 10
    no_show_invitation_days_after: int = 1
    birthday_days_before: int = 7
    bonus_expiry_days_before: tuple[int, ...] = (14, 3)
    day_touch_hour: int = 11
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    marketing_needs_consent: bool = True
    weekly_cap: int = 3
    weekly_marketing_cap: int = 1
    monthly_budget_usd_cents: int | None = None
    channels: tuple[ChannelStep, ...] = (ChannelStep("sms"),)
    channels_of: Mapping[TouchKind, tuple[ChannelStep, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    holdout_percent: Mapping[TouchKind, int] = field(default_factory=lambda: MappingProxyType({}))
    part_price_micros: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    essential_budget_percent: int = 200
    network_daily_cap: int | None = None
    network_daily_usd_cents: int | None = None
    origin_hourly_cap: int = 60
    origin_daily_cap: int = 300
    daily_notice_cap: int = 3
    sms_countries: tuple[str, ...] = ()
    notice_again_when_staff_changes: bool = False

    def cascade(self, kind: TouchKind) -> tuple[ChannelStep, ...]:
        return self.channels_of.get(kind) or self.channels

    def is_off(self, kind: TouchKind) -> bool:
        is_chosen = kind in ON_BY_DEFAULT or kind in self.on
        return not self.enabled or not is_chosen or kind in self.off


class MessageChanges(Struct, frozen=True, kw_only=True):
    """What a salon or a service has of its own; None: as the network has it."""

    enabled: bool | None = None
    off: tuple[TouchKind, ...] | None = None
    confirm_request_hours_before: int | None = None
    confirm_cutoff_hours_before: int | None = None
    control_reminder_minutes_before: int | None = None
    review_request_minutes_after: int | None = None
    no_show_invitation_days_after: int | None = None
    birthday_days_before: int | None = None
    day_touch_hour: int | None = None
    quiet_hours: QuietHours | None = None
    channels: tuple[ChannelStep, ...] | None = None
    channels_of: Mapping[TouchKind, tuple[ChannelStep, ...]] | None = None


class Override(Struct, frozen=True, kw_only=True):
    """The rules that a salon, or a service, has of its own. Exactly one of the ids is given."""

    salon_id: str | None = None
    service_id: str | None = None
    changes: MessageChanges = field(default_factory=MessageChanges)


class Rules(Struct, frozen=True, kw_only=True):
    """overrides: at most one for each salon and each service."""

    messages: MessageRules = field(default_factory=MessageRules)
    bonuses: BonusRules = field(default_factory=BonusRules)
    overrides: tuple[Override, ...] = ()
    categories: CategoryDefinitions = field(default_factory=CategoryDefinitions)

    def messages_for(self, salon_id: str, service_ids: Sequence[str] = ()) -> MessageRules:
        """The rules for a booking of these services in that salon. The salon's own rules replace the
        network's; those of the services replace both, the first named service last."""
        if not self.overrides:
            return self.messages
        wanted = [(salon_id, None), *((None, service_id) for service_id in reversed(service_ids))]
        overrides = {(each.salon_id, each.service_id): each.changes for each in self.overrides}
        rules = self.messages
        for place in wanted:
            if place in overrides:
                rules = _changed(rules, overrides[place])
        return rules


def _changed(rules: MessageRules, changes: MessageChanges) -> MessageRules:
    values = {each.name: getattr(changes, each.name) for each in fields(changes)}
    return replace(rules, **{name: value for name, value in values.items() if value is not None})


UNPLANNED = frozenset(
    {
        "notice_again_when_moved_by_minutes",
        "notice_again_when_staff_changes",
        "marketing_needs_consent",
        "weekly_cap",
        "weekly_marketing_cap",
        "monthly_budget_usd_cents",
        "channels",
        "channels_of",
        "holdout_percent",
        "part_price_micros",
        "essential_budget_percent",
        "network_daily_cap",
        "network_daily_usd_cents",
        "origin_hourly_cap",
        "origin_daily_cap",
        "daily_notice_cap",
    }
)
"""Rules that decide when a touch is due, or whether a move is noticeable: none of them plans an instant.
`sms_countries` is not among them: touches that wait for a country are due once it is allowed."""


def plan_alike(one: Rules, other: Rules) -> bool:
    """Whether both rules plan every touch, and every gift for a birthday, for the same instant, and each
    client has the same category by them. Then no pointer has to be set again."""
    gives = [birthday_gift(each.bonuses) is not None for each in (one, other)]
    alike = gives[0] == gives[1] and one.categories == other.categories
    return alike and _planned_by(one) == _planned_by(other)


def _planned_by(rules: Rules) -> dict[tuple[str | None, str | None], dict[str, Any]]:
    """What plans read, by salon and service. The network's own rules are under (None, None)."""
    overrides = {(each.salon_id, each.service_id): _plain(each.changes) for each in rules.overrides}
    given = {place: plain for place, plain in overrides.items() if any(v is not None for v in plain.values())}
    return {(None, None): _plain(rules.messages), **given}


def _plain(rules: MessageRules | MessageChanges) -> dict[str, Any]:
    return {each.name: getattr(rules, each.name) for each in fields(rules) if each.name not in UNPLANNED}


class RulesChange(Struct, frozen=True, kw_only=True):
    """One version of the rules, as it was set: by whom, and when. It is kept for good."""

    network_id: str
    number: str
    rules: Rules
    at: datetime
    actor: str
