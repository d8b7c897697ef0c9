"""A programme tried on the past: what a client's visits would have earned and redeemed under its rules, and
which points would be left. One client is simulated at a time, so that only sums are kept.

The present and the proposed programme run over the same visits. Both begin without points some months before
the counted period, so that tiers and balances are realistic when it begins. Points are granted at the visit
itself.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from heapq import merge
from types import MappingProxyType

from msgspec import Struct, field

from chalicelib.domain.loyalty.programme import (
    LotTerms,
    earned_points,
    earned_terms,
    earning_percent,
    gift_end,
    programme_for,
    quote,
    standing,
)
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift, Programme, birthday_gift
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.simulations.coming_often import ComingOften
from chalicelib.domain.simulations.past_visits import (
    PastBirthday,
    PastVisit,
    Span,
    Step,
    birthdays_of,
    month_counted,
    steps_of,
)
from chalicelib.domain.simulations.simulated_balance import SimulatedBalance
from chalicelib.domain.simulations.sums import TIER, SumKey, Sums, named

GRANTED = ("cashback", "birthday", "streak")
"""The kinds of points that a simulation grants."""


class ClientSums(Struct, frozen=True, kw_only=True):
    """The sums of one client or of many: of the real past, under the present rules, under the proposed
    rules."""

    actual: Sums = field(default_factory=lambda: MappingProxyType({}))
    present: Sums = field(default_factory=lambda: MappingProxyType({}))
    proposed: Sums = field(default_factory=lambda: MappingProxyType({}))


def add_sums(sums: Sums, more: Iterable[Sums]) -> Sums:
    """The sums with those of further clients. Many clients in one call are faster than a call for each."""
    whole = Counter(sums)
    for each in more:
        whole.update(each)
    return MappingProxyType(dict(whole))


def simulate_client(
    visits: Iterable[PastVisit],
    birth_date: date | None,
    present: BonusRules,
    proposed: BonusRules,
    span: Span,
) -> ClientSums:
    """The sums of one client under both programmes. visits: in any order. A client without a visit since
    `warm_from` has empty sums."""
    past = sorted(
        (visit for visit in visits if span.warm_from <= visit.at < span.until), key=lambda visit: visit.at
    )
    if not past:
        return ClientSums()
    steps = list(steps_of(past, span, _has_tiers(present) or _has_tiers(proposed)))
    birthdays = list(birthdays_of(birth_date, past[0].at, span)) if birth_date is not None else []
    events: Iterable[Step | PastBirthday] = merge(steps, birthdays, key=lambda each: each.at)
    present_run, proposed_run = ProgrammeRun(present, span), ProgrammeRun(proposed, span)
    fixed_share = None if span.redeem_share_percent is None else (span.redeem_share_percent, 100)
    for event in events:
        if isinstance(event, PastBirthday):
            present_run.birthday(event)
            proposed_run.birthday(event)
        else:
            proposed_run.visit(event, present_run.visit(event, fixed_share))
    came = any(step.month is not None for step in steps)
    sums = [run.ended(steps[-1], came) for run in (present_run, proposed_run)]
    return ClientSums(actual=_actual_sums(steps, came), present=sums[0], proposed=sums[1])


def _has_tiers(rules: BonusRules) -> bool:
    return any(each.tiers for each in (rules, *rules.programmes))


def _actual_sums(steps: Sequence[Step], came: bool) -> Sums:
    """The sums of the real past, with what depends on no rules: visits and bills."""
    sums: Counter[SumKey] = Counter()
    for step in steps:
        if step.month is not None:
            visit, currency = step.visit, step.visit.currency
            _count(sums, "visits", step.month, currency, 1)
            _count(sums, "paid", step.month, currency, visit.bill.paid_minor)
            _count(sums, "redeemed", step.month, currency, visit.redeemed_points)
            _count(sums, "cashback", step.month, currency, visit.earned_points)
    _count_client(sums, came)
    return named(sums)


def _count(sums: Counter[SumKey], what: str, month: str, currency: str, number: int) -> None:
    if number:
        sums[SumKey(what, month, currency)] += number


def _count_client(sums: Counter[SumKey], came: bool) -> None:
    """Counts the client among those who came, were granted points, and redeemed points in the counted
    period."""
    if came:
        counted = {key.what for key in sums}
        sums[SumKey("clients")] = 1
        sums[SumKey("earning")] = int(not counted.isdisjoint(GRANTED))
        sums[SumKey("redeeming")] = int("redeemed" in counted)


# --- redemptions

_Share = tuple[int, int]
"""The redeemed part of the points that could be redeemed: numerator and denominator."""


def _wanted(most: int, share: _Share, programme: Programme) -> int:
    """That share of the points that may be redeemed, in the programme's steps; 0 where it is below the
    programme's minimum."""
    part, whole = share
    points = most * part // whole
    points -= points % programme.redeem_step_points
    return points if points >= programme.redeem_minimum_points else 0


# --- a client's visits under one programme


class ProgrammeRun:
    """One client's visits and birthdays under one programme, in the order of time."""

    def __init__(self, rules: BonusRules, span: Span) -> None:
        self._rules, self._span = rules, span
        self._balance, self._often = SimulatedBalance(), ComingOften(rules)
        self._sums: Counter[SumKey] = Counter()
        self._currency = ""
        self._able = False

    def visit(self, step: Step, share: _Share | None) -> _Share:
        """Runs a visit. share: the part of the redeemable points that the client redeems; None: the part that
        the client really redeemed. Returns the share used."""
        visit, month, rules, now = step.visit, step.month, self._rules, step.at
        self._currency = visit.currency
        self._expire(now)
        terms, value = programme_for(rules, visit.salon_id, visit.on), rules.point_value(visit.currency)
        most = quote(self._balance.available(now), visit.bill, terms, value).points
        share = share or (visit.redeemed_points, max(most, visit.redeemed_points, 1))
        redeemed = _wanted(most, share, terms)
        if redeemed:
            self._balance.spend(redeemed, now)
        percent = earning_percent(step.before, terms, visit.currency, visit.on)
        earned = earned_points(visit.bill, redeemed, terms, percent, value)
        if earned:
            lot_terms = earned_terms(terms, now, visit.salon_zone, self._span.zone)
            self._balance.grant(earned, lot_terms, visit.currency)
        self._able = self._able or (most > 0 and month is not None)
        self._add("redeemed", month, visit.currency, redeemed)
        self._add("cashback", month, visit.currency, earned)
        if step.is_new_visit:
            self._reward(step, terms.enabled)
        self._balance.visited(now, self._span.zone)
        return share

    def _reward(self, step: Step, gives: bool) -> None:
        """Gives the gifts and coupons for coming often."""
        streak, coupons = self._often.visit(step.visit.on, gives=gives)
        if streak is not None:
            self._give("streak", streak, step.at, step.month)
        for coupon in coupons:
            self._add("coupons", step.month, self._currency, 1)
            self._add("coupons_minor", step.month, self._currency, coupon.amount_minor)

    def birthday(self, step: PastBirthday) -> None:
        gift = birthday_gift(self._rules)
        if gift is not None:
            self._expire(step.at)
            self._give("birthday", gift, step.at, step.month)

    def ended(self, last: Step, came: bool) -> Sums:
        """The sums at the end of the span. last: the client's last visit."""
        sums, end = self._sums, self._span.until - datetime.resolution
        self._expire(end)
        _count_client(sums, came)
        for lot in self._balance.lots:
            sums[SumKey("outstanding", currency=lot.currency)] += lot.remaining
        if came:
            sums[SumKey("able")] = int(self._able)
            visit, day = last.visit, local_date(end, self._span.zone)
            terms = programme_for(self._rules, visit.salon_id, day)
            reached = standing(last.after, terms, visit.currency, day)
            if reached is not None:
                sums[SumKey(TIER, tier=reached.tier.name)] = 1
        return named(sums)

    def _give(self, kind: str, gift: Gift, at: datetime, month: str | None) -> None:
        self._balance.grant(gift.points, LotTerms(at, gift_end(gift, at, self._span.zone)), self._currency)
        self._add(kind, month, self._currency, gift.points)

    def _expire(self, now: datetime) -> None:
        for lot in self._balance.expired(now):
            self._add("expired", month_counted(lot.expires_at, self._span), lot.currency, lot.remaining)

    def _add(self, what: str, month: str | None, currency: str, number: int) -> None:
        if month is not None:
            _count(self._sums, what, month, currency, number)
