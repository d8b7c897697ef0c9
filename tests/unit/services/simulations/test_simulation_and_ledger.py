"""What a simulation counts is what the desk would have posted: the same visits, completed one after another
on the real ledger."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.loyalty.account import Account, EntryKind
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.loyalty.programme import quote
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    EarnBase,
    Exclusions,
    Expiry,
    ExpiryModel,
    GroupProgramme,
    Tier,
    TiersBy,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.simulations.past_visits import Span
from chalicelib.domain.simulations.simulation import simulate_client
from chalicelib.services.loyalty.visit_points import (
    bill_of_booking,
    points_of_visit,
    programme_of,
    visited_on,
)
from chalicelib.services.simulations.simulate_past import past_visit
from infra.testkit.builders import NETWORK, a_booking, a_network, a_salon, a_service

BEGIN = datetime(2025, 1, 10, 9, 30, tzinfo=UTC)
UNTIL = datetime(2026, 6, 30, 21, 0, tzinfo=UTC)
TIERS = (Tier("one", 0, 60_000, 3), Tier("two", 60_000, 150_000, 7), Tier("three", 150_000, None, 15))
BY_VISITS = (Tier("one", 0, 2, 3), Tier("two", 2, None, 8))

terms = st.fixed_dictionaries(
    {
        "enabled": st.sampled_from([True, True, True, False]),
        "cashback_percent": st.integers(1, 40),
        "tiers": st.sampled_from([(), TIERS]),
        "tiers_months": st.integers(1, 24),
        "earn_base": st.sampled_from(EarnBase),
        "earn_excludes": st.sampled_from([Exclusions(), Exclusions(categories=("hair",), goods=True)]),
        "pending_days": st.integers(0, 3),
        "redeem_cap_percent": st.integers(1, 100),
        "redeem_minimum_points": st.integers(0, 30),
        "redeem_step_points": st.integers(1, 10),
        "redeem_excludes": st.sampled_from([Exclusions(), Exclusions(service_ids=("srv_nails",))]),
        "expiry": st.builds(Expiry, st.sampled_from(ExpiryModel), st.integers(1, 90)),
    }
)
by_visits = st.just({"tiers": BY_VISITS, "tiers_by": TiersBy.VISITS})
groups = terms.map(lambda said: GroupProgramme(name="away", salon_ids=("sal_york",), **said))
rules = st.builds(
    lambda said, more, group, value: BonusRules(
        **{**said, **more, "programmes": tuple(group), "point_value_minor": value}
    ),
    terms,
    st.one_of(st.just({}), by_visits),
    st.lists(groups, max_size=1),
    st.sampled_from([1, 50, 100]),
)
visits = st.lists(
    st.tuples(
        st.integers(0, 60 * 24),
        st.sampled_from(["sal_centru", "sal_york"]),
        st.integers(0, 90_000),
        st.integers(0, 100),
        st.lists(st.sampled_from(["srv_cut", "srv_nails"]), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=12,
)


def directory(bonuses: BonusRules) -> Directory:
    salons = (a_salon(), a_salon("sal_york", timezone="America/New_York", currency="USD"))
    services = (a_service(), a_service("srv_nails", category="nails"))
    network = a_network(rules=Rules(bonuses=bonuses), timezone="Europe/Chisinau")
    return Directory(network, {s.id: s for s in salons}, {}, {s.id: s for s in services}, {}, {}, {})


def bookings(said: Sequence[Any]) -> list[Booking]:
    at, found = BEGIN, []
    for number, (hours, salon, paid, goods_percent, services) in enumerate(said):
        at += timedelta(hours=hours, minutes=1)
        found.append(
            a_booking(
                f"bkg_{number:016d}",
                salon_id=salon,
                starts_at=at,
                currency="USD" if salon == "sal_york" else "MDL",
                status=Status.COMPLETED,
                closed_at=at + timedelta(hours=1),
                lines=tuple(Line(each, 30, None, 20_000) for each in services),
                paid_minor=paid,
                goods_minor=paid * goods_percent // 100,
            )
        )
    return [booking for booking in found if booking.starts_at < UNTIL]


def on_the_ledger(past: Sequence[Booking], known: Directory, share_percent: int) -> Counter[str]:
    """Each completed at its start, with that part of what may be redeemed."""
    account, sums = Account(network_id=NETWORK, client_id="cli_maria00000000001"), Counter[str]()
    came: set[Any] = set()
    entries = []
    for booking in past:
        now, day = booking.visited_at, (visited_on(booking, known), booking.salon_id)
        bill = bill_of_booking(booking, known, booking.paid_minor or 0, booking.goods_minor or 0)
        programme, value = programme_of(booking, known), known.rules.bonuses.point_value(booking.currency)
        most = quote(settled(account, now)[0].available(now), bill, programme, value).points
        redeemed = most * share_percent // 100 // programme.redeem_step_points * programme.redeem_step_points
        redeemed = redeemed if redeemed >= programme.redeem_minimum_points else 0
        done = points_of_visit(
            known, booking, account, redeemed, "key:test", now, is_new_visit=day not in came
        )
        came.add(day)
        account, entries = done.account, [*entries, *done.entries]
    account, expirations = settled(account, UNTIL - timedelta(microseconds=1))
    for entry in (*entries, *expirations):
        what = {EntryKind.REDEEM: "redeemed", EntryKind.EXPIRY: "expired"}.get(entry.kind, "cashback")
        sums[what] += abs(entry.points)
    sums["outstanding"] = account.balance
    return sums


@given(rules, visits, st.integers(0, 100))
def test_a_simulation_comes_to_what_the_ledger_would(
    bonuses: BonusRules, said: Sequence[Any], share_percent: int
) -> None:
    known, past = directory(bonuses), bookings(said)
    span = Span(
        warm_from=BEGIN, since=BEGIN, until=UNTIL, zone=known.zone, redeem_share_percent=share_percent
    )
    found = simulate_client(
        [past_visit(booking, known) for booking in past], None, BonusRules(), bonuses, span
    )
    counted: Counter[str] = Counter()
    for name, number in found.proposed.items():
        counted[name.partition(" ")[0]] += number
    expected = on_the_ledger(past, known, share_percent)
    for what in ("cashback", "redeemed", "expired", "outstanding"):
        assert counted[what] == expected[what], what


@given(rules, visits, st.integers(0, 400))
def test_points_come_from_somewhere_and_go_somewhere(
    bonuses: BonusRules, said: Sequence[Any], warm_days: int
) -> None:
    """Whatever part of the past is counted: no point is made of nothing."""
    known, past = directory(bonuses), bookings(said)
    since = BEGIN + timedelta(days=warm_days)
    span = Span(warm_from=BEGIN, since=since, until=UNTIL, zone=known.zone, redeem_share_percent=100)
    whole = replace(span, since=BEGIN)
    visited = [past_visit(booking, known) for booking in past]
    part, all_of_it = (
        simulate_client(visited, None, bonuses, bonuses, each).proposed for each in (span, whole)
    )
    left = {name: number for name, number in part.items() if name.startswith("outstanding")}
    assert left == {name: number for name, number in all_of_it.items() if name.startswith("outstanding")}
    granted, gone = (
        sum(number for name, number in all_of_it.items() if name.startswith(kinds))
        for kinds in ("cashback", ("redeemed", "expired"))
    )
    assert granted - gone == sum(left.values())


@pytest.mark.parametrize("refunded", [0, 20_000, 50_000])
def test_a_refunded_part_was_never_paid(refunded: int) -> None:
    from chalicelib.domain.bookings.bookings import Refund

    (booking,) = bookings([(0, "sal_centru", 50_000, 40, ["srv_cut"])])
    back = Refund("rfd_1", refunded, BEGIN, "key:test", "x", points_back=4, points_taken=10)
    booking = replace(booking, redeemed_points=9, earned_points=25, refunds=(back,) if refunded else ())
    visit = past_visit(booking, directory(BonusRules()))
    left = 50_000 - refunded
    assert (visit.bill.paid_minor, visit.bill.goods_minor) == (left, left * 40 // 100)
    assert (visit.redeemed_points, visit.earned_points) == ((5, 15) if refunded else (9, 25))
