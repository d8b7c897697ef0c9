"""The facts of a visit, packed into the index of its salon: they come back as they were, and sums add up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line, Refund, Status
from chalicelib.domain.bookings.visit_record import IndexedVisit, VisitRecord
from chalicelib.domain.facts.packed_visits import day_of, facts_of, indexed_visit, packed, unpacked
from chalicelib.domain.facts.visit_facts import VisitSums, shared_out
from infra.testkit.builders import NOW, a_booking

minor = st.integers(0, 10**12)
ids = st.sampled_from(["cli_maria00000000001", "srv_cut", "stf_anna", "cli_", "srv_", "other", "0"])
lines = st.builds(Line, ids, st.just(60), st.none() | ids, st.none() | minor)


@st.composite
def completed(draw: Any) -> Booking:
    starts_at = datetime(2024, 2, 29, tzinfo=UTC) + timedelta(milliseconds=draw(st.integers(0, 10**11)))
    of_booking = tuple(draw(st.lists(lines, max_size=5)))
    on = starts_at.date() + timedelta(draw(st.integers(-1, 1)))
    prices = tuple(draw(st.none() | minor) for _ in of_booking)
    booked_on = draw(st.none() | st.dates(on - timedelta(700), on + timedelta(40)))
    return a_booking(
        status=draw(st.sampled_from([Status.COMPLETED, Status.COMPLETED, Status.NO_SHOW])),
        client_id=draw(st.none() | ids),
        starts_at=starts_at,
        closed_at=starts_at + timedelta(milliseconds=draw(st.integers(-(10**7), 10**7))),
        lines=of_booking,
        paid_minor=draw(st.none() | minor),
        goods_minor=draw(st.none() | minor),
        redeemed_minor=draw(minor | st.just(0)),
        refunds=tuple(Refund("rfd_1", each, NOW, "key:1", "") for each in draw(st.lists(minor, max_size=2))),
        visit=VisitRecord(on, prices, draw(st.none() | st.text()), booked_on, draw(st.none() | ids)),
    )


@given(completed())
def test_what_was_packed_comes_back(booking: Booking) -> None:
    visit = indexed_visit(booking)
    assert visit is not None
    assert visit.facts != ""
    assert unpacked(visit, booking.id) == facts_of(booking)
    assert booking.visit is not None
    assert day_of(visit) == booking.visit.on


@given(completed())
def test_the_lines_shares_add_up_to_the_bill(booking: Booking) -> None:
    facts = facts_of(booking)
    assert len(facts) == max(len(booking.lines), 1)
    if booking.status is Status.NO_SHOW:
        money = {(each.list_minor, each.price_minor, each.paid_minor, each.refunded_minor) for each in facts}
        assert money == {(None, None, None, 0)}
        return
    if booking.paid_minor is None:
        assert {fact.paid_minor for fact in facts} == {None}
    else:
        assert sum(fact.paid_minor or 0 for fact in facts) == booking.paid_minor
    assert sum(fact.goods_minor for fact in facts) == (booking.goods_minor or 0)
    assert sum(fact.points_minor for fact in facts) == booking.redeemed_minor
    assert sum(fact.refunded_minor for fact in facts) == booking.refunded_minor


@pytest.mark.parametrize(
    ("prices", "shares"),
    [
        ([30_000, 10_000], [75, 25]),
        ([0, 0, 0], [34, 33, 33]),
        ([1, 1, 1], [34, 33, 33]),
        ([0, 500], [0, 100]),
        ([2, 1], [67, 33]),
        ([], []),
    ],
)
def test_a_sum_is_shared_by_prices_and_the_largest_remainder(prices: list[int], shares: list[int]) -> None:
    assert [each.paid_minor for each in shared_out(VisitSums(100), prices)] == shares


def test_a_text_of_an_earlier_release_tells_neither_when_it_was_booked_nor_a_referrer() -> None:
    text = "1,3600000 maria00000000001 MDL 45000,,700 cut,anna,50000,45000;color,=walk in"
    first, second = unpacked(IndexedVisit("sal_centru", NOW, text), "bkg_1")
    assert (first.visit_on, first.visit_at) == (NOW.date() + timedelta(1), NOW - timedelta(hours=1))
    assert (first.client, first.source, second.service) == ("cli_maria00000000001", "walk in", "srv_color")
    assert (first.booked_on, first.referrer, first.attendance) == (None, None, "completed")


def test_a_common_visit_takes_less_than_a_hundred_bytes() -> None:
    line = Line("srv_0123456789abcdef", 60, "stf_0123456789abcdef", 45_000)
    booked_on = NOW.date() - timedelta(7)
    visit = VisitRecord(NOW.date(), (45_000,), "instagram", booked_on)
    booking = a_booking(starts_at=NOW, lines=(line,), status=Status.COMPLETED, paid_minor=45_000, visit=visit)
    line_text = "0123456789abcdef,0123456789abcdef,45000"
    assert packed(booking) == f"0,,7 maria00000000001 MDL 45000 {line_text}=instagram"


def test_a_missed_visit_is_on_the_day_of_its_start_and_has_no_money() -> None:
    missed = a_booking(
        status=Status.NO_SHOW,
        starts_at=NOW,
        closed_at=NOW - timedelta(hours=2),
        lines=(Line("srv_cut", 60, "stf_anna", 45_000),),
        visit=VisitRecord(NOW.date(), booked_on=NOW.date(), referrer="cli_ion"),
    )
    assert packed(missed) == "0,,0 maria00000000001,ion MDL  cut,anna"
    (fact,) = facts_of(missed)
    assert (fact.attendance, fact.visit_at, fact.price_minor, fact.paid_minor) == ("no_show", NOW, None, None)


@pytest.mark.parametrize("odd", ["a b", "a,b", "a;b", "!a", "a=b", ""])
def test_an_id_with_a_separator_is_not_packed(odd: str) -> None:
    visit = VisitRecord(NOW.date(), (1,), None)
    booking = a_booking(status=Status.COMPLETED, visit=visit, lines=(Line(odd, 60),))
    assert packed(booking) == ""


def test_a_booking_that_is_neither_completed_nor_missed_is_no_visit() -> None:
    booking = a_booking(visit=VisitRecord(NOW.date()))
    assert indexed_visit(booking) is None
    assert packed(replace(booking, status=Status.CANCELLED)) == ""


def test_a_visit_that_was_closed_before_its_start_took_place_then() -> None:
    closed_at = NOW - timedelta(hours=3)
    visit = VisitRecord(closed_at.date(), (50_000,), None)
    booking = a_booking(starts_at=NOW, closed_at=closed_at, status=Status.COMPLETED, visit=visit)
    found = indexed_visit(booking)
    assert found is not None
    assert [fact.visit_at for fact in unpacked(found, booking.id)] == [closed_at]
