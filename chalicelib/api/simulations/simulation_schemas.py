"""Requests and answers about simulations."""

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import asdict, replace

from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered
from chalicelib.api.networks.bonus_schemas import BonusRulesRequest, bonuses_of_request, bonuses_shown
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.simulations.simulations import (
    MoneyFigures,
    ProgrammeOutcome,
    Simulation,
    assumptions,
    months_between,
    not_simulated,
    outcome_of,
)
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.simulations.simulate_programme import MAX_WARM_UP_MONTHS

Percent = Annotated[int, Meta(ge=0, le=100)]


class SimulationRequest(Body, rename={"from_": "from"}):
    """bonuses: the rules that differ from the present ones, as in PUT /v1/rules. from, to: local dates of the
    network, both included; by default the last twelve full months. warm_up_months: how long before that both
    programmes begin. redeem_share_percent: the share of redeemable points that clients redeem at every visit;
    by default the share that they really redeemed."""

    bonuses: BonusRulesRequest
    from_: date | None = None
    to: date | None = None
    warm_up_months: Annotated[int, Meta(ge=0, le=MAX_WARM_UP_MONTHS)] | None = None
    redeem_share_percent: Percent | None = None


class PointsAnswer(Answered):
    """Points. by_kind: granted points by kind. outstanding: at the end."""

    granted: int
    by_kind: dict[str, int]
    redeemed: int
    expired: int
    outstanding: int


class ReachAnswer(Answered):
    """Numbers of clients. clients: who came in the period; earning: who were granted points; able: who could
    have redeemed points; redeeming: who redeemed points. tiers: clients who came, by their tier at the
    end."""

    clients: int
    earning: int
    able: int
    redeeming: int
    tiers: dict[str, int]


class MoneyAnswer(Answered):
    """Minor units. granted: the value of all granted points; gifts: of gifts among them. redeemed: the value
    of redeemed points, which is the cost. coupons: amounts of coupons, as if all were used. share_percent:
    redeemed in per cent of the revenue; granted_share_percent: granted likewise; null: there was no
    revenue."""

    currency: str
    revenue: int
    granted: int
    gifts: int
    redeemed: int
    expired: int
    outstanding: int
    coupons: int
    share_percent: float | None
    granted_share_percent: float | None


class MonthAnswer(Answered):
    """Points. outstanding: at the end of the month."""

    month: str
    granted: int
    redeemed: int
    expired: int
    outstanding: int


class OutcomeAnswer(Answered):
    points: PointsAnswer
    reach: ReachAnswer
    coupons: int
    money: list[MoneyAnswer]
    months: list[MonthAnswer]


class ActualMonthAnswer(Answered):
    """Points."""

    month: str
    granted: int
    redeemed: int


class ActualAnswer(Answered):
    """What was really granted for these visits and redeemed on them, for comparison with `present`."""

    granted: int
    redeemed: int
    clients: int
    earning: int
    redeeming: int
    months: list[ActualMonthAnswer]


class MoneyDifference(Answered):
    currency: str
    granted: int
    redeemed: int
    outstanding: int


class OutcomeDifferenceAnswer(Answered):
    """The result of the proposed programme less that of the present one: points, clients, coupons, and minor
    units of money."""

    granted: int
    redeemed: int
    expired: int
    outstanding: int
    coupons: int
    earning: int
    able: int
    redeeming: int
    money: list[MoneyDifference]


class SimulationResultAnswer(Answered):
    present: OutcomeAnswer
    proposed: OutcomeAnswer
    difference: OutcomeDifferenceAnswer
    actual: ActualAnswer


class SimulationSummary(Answered, rename={"from_": "from"}):
    """stage: waiting, clients, done. seen: number of clients passed; visits: number of simulated bookings."""

    id: str
    walk_id: str
    stage: str
    seen: int
    visits: int
    begun_at: datetime
    finished_at: datetime | None
    actor: str
    from_: date
    to: date
    warm_up_from: date
    redeem_share_percent: int | None


class SimulationAnswer(SimulationSummary):
    """error: why the last slice failed. parked: the simulation continues once a person retries its walk.
    result: null until it is finished. assumptions: of the figures; not_simulated: what they leave out."""

    error: str | None
    parked: bool
    present: BonusRulesRequest
    proposed: BonusRulesRequest
    assumptions: list[str]
    not_simulated: list[str]
    result: SimulationResultAnswer | None


# --- the rules of a request


def proposed_of(request: BonusRulesRequest, present: BonusRules) -> BonusRules:
    """The present rules with the fields of the request."""
    return replace(present, **bonuses_of_request(request))


# --- answering


def summary(simulation: Simulation) -> SimulationSummary:
    return SimulationSummary(**_summed(simulation))


def full(simulation: Simulation, walk: Walk | None) -> SimulationAnswer:
    trouble = walk.trouble if walk is not None and simulation.finished_at is None else None
    return SimulationAnswer(
        **_summed(simulation),
        error=trouble.error if trouble else None,
        parked=trouble.parked if trouble else False,
        present=bonuses_shown(simulation.present),
        proposed=bonuses_shown(simulation.proposed),
        assumptions=assumptions(simulation),
        not_simulated=not_simulated(simulation),
        result=_result(simulation) if simulation.finished_at is not None else None,
    )


def _summed(simulation: Simulation) -> dict[str, Any]:
    same = ("id", "walk_id", "seen", "visits", "begun_at", "finished_at", "actor")
    span = simulation.span
    return {name: getattr(simulation, name) for name in same} | {
        "stage": simulation.stage or "waiting",
        "from_": simulation.from_on,
        "to": simulation.to_on,
        "warm_up_from": local_date(span.warm_from, span.zone),
        "redeem_share_percent": span.redeem_share_percent,
    }


def _result(simulation: Simulation) -> SimulationResultAnswer:
    sums, months = simulation.sums, months_between(simulation.from_on, simulation.to_on)
    present, proposed = (
        outcome_of(of_rules, sums.actual, rules, months)
        for of_rules, rules in ((sums.present, simulation.present), (sums.proposed, simulation.proposed))
    )
    actual = outcome_of(sums.actual, sums.actual, simulation.present, months)
    return SimulationResultAnswer(
        present=_outcome(present),
        proposed=_outcome(proposed),
        difference=_difference(present, proposed),
        actual=_actual(actual),
    )


def _difference(present: ProgrammeOutcome, proposed: ProgrammeOutcome) -> OutcomeDifferenceAnswer:
    def less(name: str, one: Any = proposed, other: Any = present) -> int:
        return int(getattr(one, name) - getattr(other, name))

    numbers = [name for name in OutcomeDifferenceAnswer.__struct_fields__ if name != "money"]
    amounts = [name for name in MoneyDifference.__struct_fields__ if name != "currency"]
    of = {each.currency: each for each in present.money}
    return OutcomeDifferenceAnswer(
        **{name: less(name) for name in numbers},
        money=[
            MoneyDifference(
                currency=each.currency, **{name: less(name, each, of[each.currency]) for name in amounts}
            )
            for each in proposed.money
            if each.currency in of
        ],
    )


def _actual(actual: ProgrammeOutcome) -> ActualAnswer:
    names = ("granted", "redeemed", "clients", "earning", "redeeming")
    return ActualAnswer(
        **{name: getattr(actual, name) for name in names},
        months=[
            ActualMonthAnswer(month=each.month, granted=each.granted, redeemed=each.redeemed)
            for each in actual.months
        ],
    )


def _outcome(outcome: ProgrammeOutcome) -> OutcomeAnswer:
    return OutcomeAnswer(
        points=PointsAnswer(**_named(outcome, PointsAnswer)),
        reach=ReachAnswer(**_named(outcome, ReachAnswer)),
        coupons=outcome.coupons,
        money=[_money(each) for each in outcome.money],
        months=[MonthAnswer(**asdict(each)) for each in outcome.months],
    )


def _named(outcome: ProgrammeOutcome, shape: type[Answered]) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in shape.__struct_fields__}


def _money(figures: MoneyFigures) -> MoneyAnswer:
    def share(minor: int) -> float | None:
        return round(100 * minor / figures.revenue, 2) if figures.revenue else None

    return MoneyAnswer(
        **asdict(figures),
        share_percent=share(figures.redeemed),
        granted_share_percent=share(figures.granted),
    )
