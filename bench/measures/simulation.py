"""How long a proposed programme takes to live through a year of 100,000 visits beside the present one: the
pure part, from bookings as they are read to sums. One process, and so one core."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bench.report.figures import Figure
from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    CouponTerms,
    Exclusions,
    Expiry,
    ExpiryModel,
    Gift,
    Streak,
    Tier,
    VisitReward,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.simulations.past_visits import Span
from chalicelib.domain.simulations.simulation import ClientSums, add_sums, simulate_client
from chalicelib.domain.simulations.sums import Sums
from chalicelib.services.loyalty.visit_points import points_of_visit
from chalicelib.services.simulations.simulate_past import past_visit
from chalicelib.store.codec import decoded, encoded
from infra.testkit.builders import NETWORK, a_booking, a_network, a_salon, a_service

VISITS = 100_000
MAX_SECONDS = 60
OF_LEDGER = 20
"""One client in so many is taken through the real ledger."""

SINCE = datetime(2025, 10, 31, 22, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=365)
ZONE = "Europe/Chisinau"
SPAN = Span(warm_from=SINCE, since=SINCE, until=UNTIL, zone=ZONE)
BORN = date(1990, 5, 17)

PRESENT = BonusRules()
PROPOSED = BonusRules(
    tiers=(
        Tier("Silver", 0, 300_000, 5),
        Tier("Gold", 300_000, 900_000, 10),
        Tier("Platinum", 900_000, None, 15),
    ),
    earn_excludes=Exclusions(categories=("nails",)),
    expiry=Expiry(ExpiryModel.INACTIVITY, 90),
    redeem_cap_percent=30,
    redeem_step_points=5,
    birthday=Gift(200, 30),
    streak=Streak(6, Gift(300, 60)),
    visit_rewards=(VisitReward(id="rew_1", visits=3, months=2, coupon=CouponTerms("x", amount_minor=1)),),
)

Past = Sequence[Sequence[Booking]]
"""Bookings by client."""


def directory(bonuses: BonusRules = PRESENT) -> Directory:
    salons = (a_salon(), a_salon("sal_arbat"))
    services = (a_service(), a_service("srv_nails", category="nails"))
    network = a_network(rules=Rules(bonuses=bonuses), timezone=ZONE)
    return Directory(network, {s.id: s for s in salons}, {}, {s.id: s for s in services}, {}, {}, {})


def year(visits: int) -> Past:
    """So many visits of a year, by clients who come once to twelve times; every fourth time they redeem."""
    randomness, found, made = random.Random(1), [], 0
    while made < visits:
        number = min(randomness.choice((1, 1, 2, 3, 4, 6, 12)), visits - made)
        made += number
        found.append([_booking(randomness, len(found)) for _ in range(number)])
    return found


def _booking(randomness: random.Random, client: int) -> Booking:
    at = SINCE + timedelta(minutes=randomness.randrange(365 * 24 * 60))
    services = randomness.choice((("srv_cut",), ("srv_nails",), ("srv_cut", "srv_nails")))
    paid = randomness.randrange(20_000, 120_000)
    return a_booking(
        f"bkg_{randomness.randrange(10**16):016d}",
        client_id=f"cli_{client:016d}",
        salon_id=randomness.choice(("sal_centru", "sal_arbat")),
        starts_at=at,
        lines=tuple(Line(each, 45, "stf_anna", 40_000) for each in services),
        status=Status.COMPLETED,
        closed_at=at + timedelta(hours=1),
        paid_minor=paid,
        goods_minor=paid // 10,
        redeemed_points=randomness.choice((0, 0, 0, 20)),
    )


def simulation(past: Past) -> list[Sums]:
    """As the walk does it, a page of a hundred clients at a time: the sums of both programmes."""
    known, whole = directory(), ClientSums()
    for start in range(0, len(past), 100):
        sums = [
            simulate_client([past_visit(each, known) for each in bookings], BORN, PRESENT, PROPOSED, SPAN)
            for bookings in past[start : start + 100]
        ]
        whole = ClientSums(
            actual=add_sums(whole.actual, [each.actual for each in sums]),
            present=add_sums(whole.present, [each.present for each in sums]),
            proposed=add_sums(whole.proposed, [each.proposed for each in sums]),
        )
    return [whole.present, whole.proposed]


def bare_loop(past: Past) -> Counter[str]:
    """Five percent of every bill by month: the least that looks at every booking."""
    sums: Counter[str] = Counter()
    for bookings in past:
        for booking in sorted(bookings, key=lambda each: each.starts_at):
            sums[f"{booking.starts_at:%Y-%m}"] += (booking.paid_minor or 0) * 5 // 10_000
    return sums


def by_the_ledger(past: Past) -> None:
    """The same visits completed as at the desk, with both programmes, nothing redeemed."""
    for rules in (PRESENT, PROPOSED):
        known = directory(rules)
        for bookings in past:
            account = Account(network_id=NETWORK, client_id=str(bookings[0].client_id))
            for each in sorted(bookings, key=lambda each: each.starts_at):
                done = points_of_visit(known, each, account, 0, "bench", each.starts_at, is_new_visit=True)
                account = done.account


def read_again(past: Past) -> int:
    """Every booking made of the body of its item."""
    bodies = [[encoded(each, ("id",)) for each in bookings] for bookings in past]
    began = time.perf_counter()
    for each in bodies:
        for body in each:
            decoded(Booking, body, id="bkg_1")
    return round((time.perf_counter() - began) * 1000)


def figures(tell: Callable[[str], None], visits: int = VISITS) -> list[Figure]:
    past = year(visits)
    tell(f"simulation: {visits:,} visits of {len(past):,} clients")
    took, bare = _seconds(simulation, past), _seconds(bare_loop, past)
    sample = [[replace(each, redeemed_points=0) for each in bookings] for bookings in past[::OF_LEDGER]]
    ledger, lean = _seconds(by_the_ledger, sample), _seconds(simulation, sample)
    decoding = read_again(sample) * len(past) / len(sample) / 1000
    tell("simulation: timed")
    reported = f"{visits:,} visits of {len(past):,} clients, in memory, on one core"
    return [
        Figure("simulation: a year of 100,000 visits, both programmes", round(took, 2), "s", MAX_SECONDS,
               f"{reported}: tiers, expiry, birthdays, a streak and a reward in the proposed one"),
        Figure("simulation: a visit in one programme", round(took / visits / 2 * 1e6, 1), "microseconds",
               None, "of the above"),
        Figure("simulation: time against a bare loop", round(took / bare, 1), "ratio", None,
               "the bare loop takes five percent of every bill and sums it by month"),
        Figure("simulation: speed against the ledger itself", round(ledger / lean, 2), "ratio", None,
               f"completing the visits of one client in {OF_LEDGER} by what the desk uses, beside simulating"
               " them; nothing is redeemed"),
        Figure("simulation: bookings made of what is read", round(decoding, 2), "s", None,
               f"decoding the bodies of {visits:,} bookings, by a sample; beside the calls of the walk"),
    ]  # fmt: skip


def _seconds(do: Callable[[Past], Any], past: Past) -> float:
    began = time.perf_counter()
    do(past)
    return time.perf_counter() - began
