"""Every kind of value in the table: which item it is, and how one value is read by its key."""

from enum import Enum
from typing import Any

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clearing.clearing import Clearing, ClearingPart
from chalicelib.domain.clients.clients import Client, ConsentChange
from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.intake.site_groups import SiteGroup
from chalicelib.domain.intake.site_polls import SitePoll
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.passes import DevicePass, PassDevice
from chalicelib.domain.loyalty.surprises import SurpriseMonth
from chalicelib.domain.marketing.campaigns import Campaign, Recipient
from chalicelib.domain.marketing.promotions import ClientPromotionTotal, Promotion, PromotionShare
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import (
    Connection,
    Key,
    Network,
    Price,
    Salon,
    Service,
    Staff,
    Template,
)
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.rules import RulesChange
from chalicelib.domain.networks.sources import HeardSource, Source
from chalicelib.domain.networks.trial import TrialTally
from chalicelib.domain.reports.chosen_metrics import ChosenMetric
from chalicelib.domain.shared.aliases import Alias, InboundNumber
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.operations import GivenAnswer, Parked, Tally
from chalicelib.domain.shared.quotas import QuotaUse
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk


class Reading(Enum):
    """How one item is read."""

    CONSISTENT = "consistent"
    EVENTUAL = "eventual"
    """At half the price. A write of the last second may be missing."""
    EVENTUAL_FIRST = "eventual first"
    """An eventual read, and a consistent one where the first finds nothing."""


class Kind(Struct, frozen=True):
    """item: the name of the kind in its keys (`keys.TEMPLATES`). fresh, otherwise: how `Table.get` reads one
    with `fresh` and without. listed: how `Table.get_all` reads many."""

    item: str
    fresh: Reading = Reading.CONSISTENT
    otherwise: Reading = Reading.EVENTUAL
    listed: Reading = Reading.EVENTUAL


_ONCE_WRITTEN = (Reading.EVENTUAL_FIRST, Reading.EVENTUAL)
"""For values that hardly change once they exist: only their absence has to be certain."""

KINDS: dict[type[Any], Kind] = {
    Network: Kind("NETWORK"),
    Salon: Kind("SALON"),
    Staff: Kind("STAFF"),
    Service: Kind("SERVICE"),
    Connection: Kind("HOOK"),
    Key: Kind("KEY", *_ONCE_WRITTEN),
    Client: Kind("CLIENT", otherwise=Reading.EVENTUAL_FIRST),
    Account: Kind("ACCOUNT"),
    Entry: Kind("ENTRY"),
    Coupon: Kind("COUPON", listed=Reading.CONSISTENT),
    Message: Kind("MSG"),
    Booking: Kind("BOOKING"),
    Alias: Kind("ALIAS", fresh=Reading.EVENTUAL),
    SiteGroup: Kind("GROUP"),
    SitePoll: Kind("POLL"),
    InboxItem: Kind("INBOX"),
    GivenAnswer: Kind("ANSWER"),
    Parked: Kind("PARKED"),
    Tally: Kind("TALLY"),
    QuotaUse: Kind("QUOTA"),
    TrialTally: Kind("TRIAL"),
    Link: Kind("LINK", *_ONCE_WRITTEN),
    Template: Kind("TEMPLATE"),
    Price: Kind("PRICE"),
    ConsentChange: Kind("CONSENT"),
    PassDevice: Kind("PASSDEVICE", listed=Reading.CONSISTENT),
    DevicePass: Kind("DEVICEPASS"),
    Recipient: Kind("RECIPIENT"),
    RulesChange: Kind("RULES"),
    Campaign: Kind("CAMPAIGN"),
    Promotion: Kind("PROMOTION"),
    Offer: Kind("OFFER"),
    Source: Kind("SOURCE"),
    HeardSource: Kind("HEARD"),
    PromotionShare: Kind("SHARE"),
    ClientPromotionTotal: Kind("TAKEN"),
    SurpriseMonth: Kind("SURPRISE"),
    Walk: Kind("WALK"),
    Simulation: Kind("SIMULATION"),
    Task: Kind("TASK"),
    Clearing: Kind("CLEARING"),
    ClearingPart: Kind("PART"),
    Spending: Kind("SPENDING"),
    InboundNumber: Kind("NUMBER"),
    FactPage: Kind("FACTPAGE"),
    ChosenMetric: Kind("METRIC"),
}
