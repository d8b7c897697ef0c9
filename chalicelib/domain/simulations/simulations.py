"""Simulations as they are stored: the proposed programme, the progress, and the result."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.shared.months import month_number, name_of_month
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.simulations.past_visits import Span
from chalicelib.domain.simulations.simulation import GRANTED, ClientSums, add_sums
from chalicelib.domain.simulations.sums import SumKey, Sums, key_of

CLIENTS, DONE = "clients", "done"


class Simulation(Struct, frozen=True, kw_only=True):
    """A proposed programme and the programme at its begin. The progress and the sums are saved as one item,
    so that no client is counted twice.

    present  the programme of the network when the simulation began.
    from_on  the first counted local date of the network; to_on: the last one.
    stage    CLIENTS or DONE; empty: not begun. cursor: in the list of clients.
    seen     clients passed; visits: bookings simulated, including those before `from_on`.
    """

    network_id: str
    id: str
    walk_id: str
    begun_at: datetime
    actor: str
    present: BonusRules
    proposed: BonusRules
    from_on: date
    to_on: date
    span: Span
    stage: str = ""
    cursor: str | None = None
    seen: int = 0
    visits: int = 0
    sums: ClientSums = field(default_factory=ClientSums)
    finished_at: datetime | None = None
    version: int = 0


def with_clients(
    simulation: Simulation, sums: list[ClientSums], seen: int, visits: int, cursor: str | None, now: datetime
) -> Simulation:
    """The simulation after one more page of clients. sums: of each client; seen, visits: of the page."""
    before = simulation.sums
    return replace(
        simulation,
        stage=CLIENTS if cursor is not None else DONE,
        cursor=cursor,
        seen=simulation.seen + seen,
        visits=simulation.visits + visits,
        sums=ClientSums(
            actual=add_sums(before.actual, [each.actual for each in sums]),
            present=add_sums(before.present, [each.present for each in sums]),
            proposed=add_sums(before.proposed, [each.proposed for each in sums]),
        ),
        finished_at=None if cursor is not None else now,
    )


# --- its result


class MonthFigures(Struct, frozen=True, kw_only=True):
    """Points. outstanding: at the end of the month."""

    month: str
    granted: int
    redeemed: int
    expired: int
    outstanding: int


class MoneyFigures(Struct, frozen=True, kw_only=True):
    """Amounts in minor units of one currency.

    revenue   bills of visits, including the part paid with points.
    granted, gifts (a part of it), redeemed, expired, outstanding
              points at their value, in the currency of the granting salon, or of the salon in which they were
              redeemed.
    coupons   amounts of coupons of a fixed amount, as if all were used.
    """

    currency: str
    revenue: int
    granted: int
    gifts: int
    redeemed: int
    expired: int
    outstanding: int
    coupons: int


class ProgrammeOutcome(Struct, frozen=True, kw_only=True):
    """The result of one programme.

    by_kind  granted points by kind. redeemed, expired, outstanding: points.
    coupons  number of coupons.
    clients  number of clients who came; earning: who were granted points; able: who could have redeemed
             points; redeeming: who redeemed points.
    tiers    clients who came, by their tier at the end.
    """

    by_kind: Mapping[str, int]
    redeemed: int
    expired: int
    outstanding: int
    coupons: int
    clients: int
    earning: int
    able: int
    redeeming: int
    tiers: Mapping[str, int]
    money: tuple[MoneyFigures, ...]
    months: tuple[MonthFigures, ...]

    @property
    def granted(self) -> int:
        return sum(self.by_kind.values())


def outcome_of(sums: Sums, actual: Sums, rules: BonusRules, months: list[str]) -> ProgrammeOutcome:
    """The result from sums. actual: the sums that depend on no rules. months: of the period, as `2026-03`.
    The points outstanding at the begin of the period follow from those at its end."""
    counted = _Counted(sums)
    outstanding = counted.total("outstanding")
    granted = {kind: counted.total(kind) for kind in GRANTED}
    redeemed, expired = counted.total("redeemed"), counted.total("expired")
    opening = outstanding + redeemed + expired - sum(granted.values())
    currencies = sorted(_Counted(actual).currencies() | counted.currencies())
    return ProgrammeOutcome(
        by_kind={kind: points for kind, points in granted.items() if points},
        redeemed=redeemed,
        expired=expired,
        outstanding=outstanding,
        coupons=counted.total("coupons"),
        **{name: sums.get(name, 0) for name in ("earning", "able", "redeeming")},
        clients=actual.get("clients", 0),
        tiers=counted.tiers(),
        money=tuple(_money(counted, _Counted(actual), rules, currency) for currency in currencies),
        months=tuple(_month_by_month(counted, months, opening)),
    )


_IN_CURRENCY = ("outstanding", "visits", "expired")
"""The sums by which the currencies of a network are found."""


class _Counted:
    """Sums by their keys."""

    def __init__(self, sums: Sums) -> None:
        self._sums: list[tuple[SumKey, int]] = [(key_of(name), number) for name, number in sums.items()]

    def total(self, what: str, *, month: str | None = None, currency: str | None = None) -> int:
        """A total. month None: of all months; currency None: of all currencies."""
        return sum(
            number
            for key, number in self._sums
            if key.what == what and month in (None, key.month) and currency in (None, key.currency)
        )

    def currencies(self) -> set[str]:
        return {
            key.currency for key, _ in self._sums if key.currency is not None and key.what in _IN_CURRENCY
        }

    def tiers(self) -> dict[str, int]:
        return {key.tier: number for key, number in self._sums if key.tier is not None}


def _money(counted: _Counted, actual: _Counted, rules: BonusRules, currency: str) -> MoneyFigures:
    def worth(*kinds: str) -> int:
        return sum(counted.total(kind, currency=currency) for kind in kinds) * rules.point_value(currency)

    return MoneyFigures(
        currency=currency,
        revenue=actual.total("paid", currency=currency),
        granted=worth(*GRANTED),
        gifts=worth(*(kind for kind in GRANTED if kind != "cashback")),
        redeemed=worth("redeemed"),
        expired=worth("expired"),
        outstanding=worth("outstanding"),
        coupons=counted.total("coupons_minor", currency=currency),
    )


def _month_by_month(counted: _Counted, months: list[str], outstanding: int) -> list[MonthFigures]:
    found = []
    for month in months:
        granted = sum(counted.total(kind, month=month) for kind in GRANTED)
        redeemed, expired = counted.total("redeemed", month=month), counted.total("expired", month=month)
        outstanding += granted - redeemed - expired
        found.append(
            MonthFigures(
                month=month, granted=granted, redeemed=redeemed, expired=expired, outstanding=outstanding
            )
        )
    return found


def months_between(first: date, last: date) -> list[str]:
    """`2026-03`, ... of two local dates, both included."""
    return [name_of_month(number) for number in range(month_number(first), month_number(last) + 1)]


# --- its assumptions


def assumptions(simulation: Simulation) -> list[str]:
    """Sentences that explain the figures to their readers."""
    span = simulation.span
    warm_on, share = local_date(span.warm_from, span.zone), span.redeem_share_percent
    redeem = (
        "Clients redeem the share that they really did of what the present rules allowed at that visit"
        if share is None
        else f"Clients redeem {share} % of what they can at every visit"
    )
    return [
        f"{redeem}; of what a programme allows, in its steps and from its minimum on.",
        f"Both programmes begin with no points on {warm_on}; only {simulation.from_on} to"
        f" {simulation.to_on} is counted.",
        "Clients come as often and pay as much under either programme as they did.",
        "The present programme is the one that stood when the simulation was begun, all through the past.",
        "Points are granted at the visit's start; what was refunded was never paid.",
        "Birthday gifts go to those who have come before, when they would be congratulated.",
        "Coupons are counted, not used.",
        "Clients who were merged are lived through each with the visits made under their own name.",
        "Visits without a known client earn nothing and are not counted.",
    ]


def not_simulated(simulation: Simulation) -> list[str]:
    """Names of what exists, or of what one of the programmes has, that the figures leave out."""
    rules = (simulation.present, simulation.proposed)
    by_programme = {
        "referral": any(each.referral is not None for each in rules),
        "surprise": any(each.surprise is not None for each in rules),
    }
    return [name for name, exists in by_programme.items() if exists] + [
        "compensation",
        "promotions",
        "posted_by_hand",
    ]
