"""What the store keeps: the union of all kinds of values that `Store.save` takes."""

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
from chalicelib.domain.waking.walks import AnyWalk

Storable = (
    Network
    | Salon
    | Staff
    | Service
    | Connection
    | Key
    | Client
    | Account
    | Entry
    | Coupon
    | Message
    | Booking
    | Alias
    | InboxItem
    | SiteGroup
    | SitePoll
    | GivenAnswer
    | Parked
    | Tally
    | QuotaUse
    | TrialTally
    | Link
    | Template
    | Price
    | ConsentChange
    | PassDevice
    | DevicePass
    | Recipient
    | RulesChange
    | Campaign
    | Promotion
    | Offer
    | Source
    | HeardSource
    | PromotionShare
    | ClientPromotionTotal
    | SurpriseMonth
    | AnyWalk
    | Simulation
    | Task
    | Clearing
    | ClearingPart
    | Spending
    | InboundNumber
    | FactPage
    | ChosenMetric
)
