"""Who came has not paid yet: a site that tells payments apart tells first that the client came. The visit
counts at once; its points wait for the payment, at most until the end of the next local day of the salon."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.site_events import SiteLine, SiteStatus
from chalicelib.domain.networks.bonus_rules import Expiry, ExpiryModel, Gift, Referral
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.networks.trial import TrialTally
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW, a_client, a_network, access, save_client
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import LINE, reported
from tests.services.rewarded import MARIA, balance, with_rules

BEGUN = NOW - timedelta(minutes=5)
NEXT_MIDNIGHT_BUT_ONE = datetime(2026, 11, 24, 22, tzinfo=UTC)
"""The end of the next local day of the salon."""
DEARER = (LINE, SiteLine(service_id="s-2", service_name="Colour", minutes=60, price_minor=300_000))
CHEAPER = (replace(LINE, price_minor=35_000),)


class Told:
    """What the site tells of one booking, one word after another."""

    def __init__(self, driver: SalonDriver, site: Connection) -> None:
        self.driver, self.site, self.version = driver, site, 0

    def says(self, status: SiteStatus, **fields: Any) -> Booking:
        self.version += 1
        self.driver.hear(self.site, reported("b-1", self.version, BEGUN, status=status, **fields))
        return self.driver.only_booking()

    def came(self, **fields: Any) -> Booking:
        return self.says(SiteStatus.COMPLETED, bill_open=True, **fields)

    def paid(self, paid_minor: int, **fields: Any) -> Booking:
        return self.says(SiteStatus.COMPLETED, paid_minor=paid_minor, **fields)


@pytest.fixture
def told(driver: SalonDriver, site: Connection) -> Told:
    return Told(driver, site)


def figures(driver: SalonDriver) -> tuple[int, int, int]:
    """Points, what was spent, visits."""
    client = driver.client()
    turnover = driver.store.account(NETWORK, MARIA).turnover
    assert sum(each.spent_minor for each in turnover) == client.spent_minor.get("MDL", 0)
    return balance(driver), client.spent_minor.get("MDL", 0), client.visits_count


def test_who_came_has_visited_and_has_no_points_before_the_payment(driver: SalonDriver, told: Told) -> None:
    booking = told.came()
    assert (booking.status, booking.paid_minor, booking.earned_points) == (Status.COMPLETED, None, 0)
    assert (booking.bill_due_at, figures(driver)) == (NEXT_MIDNIGHT_BUT_ONE, (0, 0, 1))


@pytest.mark.parametrize(
    ("lines", "paid_minor", "points"), [((LINE,), 50_000, 25), (CHEAPER, 35_000, 17), (DEARER, 350_000, 175)]
)
def test_the_points_come_with_the_payment_once_whatever_the_site_repeats(
    driver: SalonDriver, told: Told, lines: Any, paid_minor: int, points: int
) -> None:
    told.came()
    for _ in range(2):
        booking = told.paid(paid_minor, lines=lines)
    assert (booking.paid_minor, booking.earned_points, booking.bill_due_at) == (paid_minor, points, None)
    assert figures(driver) == (points, paid_minor, 1)
    assert len(driver.store.entries(NETWORK, MARIA)) == 1


def test_a_visit_free_of_charge_is_paid_with_nothing(driver: SalonDriver, told: Told) -> None:
    told.came()
    assert told.paid(0, lines=(replace(LINE, price_minor=0),)).paid_minor == 0
    assert figures(driver) == (0, 0, 1)


def test_goods_sold_at_the_visit_are_goods_of_its_bill(driver: SalonDriver, told: Told) -> None:
    told.came(goods_minor=40_000)
    booking = told.paid(90_000, goods_minor=40_000)
    assert (booking.paid_minor, booking.goods_minor) == (90_000, 40_000)


def test_a_bill_that_nobody_tells_counts_by_its_prices_at_the_end_of_the_next_day(
    driver: SalonDriver, told: Told
) -> None:
    told.came(lines=DEARER, goods_minor=10_000)
    driver.run_until(NEXT_MIDNIGHT_BUT_ONE - timedelta(minutes=1))
    assert figures(driver) == (0, 0, 1)
    driver.run_until(NEXT_MIDNIGHT_BUT_ONE + timedelta(minutes=1))
    booking = driver.only_booking()
    assert (booking.paid_minor, booking.goods_minor, booking.bill_due_at) == (360_000, 10_000, None)
    assert figures(driver) == (180, 360_000, 1)


def test_a_payment_told_after_that_counts_by_the_difference(driver: SalonDriver, told: Told) -> None:
    told.came()
    driver.run_until(NEXT_MIDNIGHT_BUT_ONE + timedelta(minutes=1))
    told.paid(40_000)
    assert figures(driver) == (20, 40_000, 1)


def test_a_payment_taken_back_and_told_anew_counts_once(driver: SalonDriver, told: Told) -> None:
    told.paid(50_000)
    booking = told.came(lines=(replace(LINE, price_minor=75_000),))
    assert (booking.paid_minor, booking.bill_due_at) == (50_000, NEXT_MIDNIGHT_BUT_ONE)
    assert figures(driver) == (25, 50_000, 1)
    booking = told.paid(75_000)
    assert (booking.bill_due_at, figures(driver)) == (None, (37, 75_000, 1))


def test_a_payment_taken_back_and_never_told_again_counts_by_the_prices(
    driver: SalonDriver, told: Told
) -> None:
    told.paid(50_000)
    told.came(lines=(replace(LINE, price_minor=75_000),))
    driver.run_until(NEXT_MIDNIGHT_BUT_ONE + timedelta(minutes=1))
    assert figures(driver) == (37, 75_000, 1)


def test_a_note_on_a_paid_visit_whose_payment_is_not_repeated_opens_no_bill(
    driver: SalonDriver, told: Told
) -> None:
    told.paid(50_000)
    assert told.came(note="she liked it").bill_due_at is None


def test_who_was_marked_by_mistake_and_came_later_is_counted_once(driver: SalonDriver, told: Told) -> None:
    told.came()
    booking = told.says(SiteStatus.BOOKED)
    assert (booking.status, booking.bill_due_at, figures(driver)) == (Status.BOOKED, None, (0, 0, 0))
    told.paid(70_000)
    assert figures(driver) == (35, 70_000, 1)


def test_the_desk_may_tell_the_bill_with_points_that_pay_for_a_part(driver: SalonDriver, told: Told) -> None:
    driver.post("grant", 500)
    booking = told.came()
    done = driver.complete(booking, paid_minor=40_000, redeem_points=100)
    assert [(each.kind.value, each.points) for each in done.entries] == [("redeem", -100), ("cashback", 15)]
    assert (done.booking.bill_due_at, figures(driver)) == (None, (415, 40_000, 1))
    assert driver.complete(booking, paid_minor=99_000).booking == done.booking


def test_more_points_than_the_programme_allows_are_refused_at_an_open_bill_too(
    driver: SalonDriver, told: Told
) -> None:
    driver.post("grant", 500)
    booking = told.came()
    with pytest.raises(DomainError, match="OVER_CAP"):
        driver.complete(booking, paid_minor=40_000, redeem_points=101)
    assert driver.only_booking().bill_due_at == NEXT_MIDNIGHT_BUT_ONE


def test_an_open_bill_is_not_refunded(driver: SalonDriver, told: Told) -> None:
    with pytest.raises(DomainError, match="BILL_OPEN"):
        driver.refund(told.came(), 100)


@pytest.mark.parametrize("payment", [40_000, None])
def test_held_points_wait_for_the_payment_and_pay_then(
    driver: SalonDriver, told: Told, payment: int | None
) -> None:
    driver.post("grant", 500)
    driver.hear(told.site, reported("b-1", 1, NOW + timedelta(hours=1)))
    told.version = 1
    driver.hold(driver.only_booking(), 100)
    booking = told.came()
    assert (booking.held_points, driver.store.account(NETWORK, MARIA).held) == (100, 100)
    told.came(note="still here")
    if payment is None:
        driver.run_until(NEXT_MIDNIGHT_BUT_ONE + timedelta(minutes=1))
    else:
        told.paid(payment)
    booking = driver.only_booking()
    assert (booking.paid_minor, booking.redeemed_points, booking.held_points) == (50_000, 100, 0)
    assert (balance(driver), driver.store.account(NETWORK, MARIA).held) == (420, 0)


def test_held_points_of_a_visit_that_turns_out_cancelled_are_free_again(
    driver: SalonDriver, told: Told
) -> None:
    driver.post("grant", 500)
    driver.hear(told.site, reported("b-1", 1, NOW + timedelta(hours=1)))
    told.version = 1
    driver.hold(driver.only_booking(), 100)
    told.came()
    booking = told.says(SiteStatus.CANCELLED)
    assert (booking.held_points, booking.bill_due_at, booking.wake) == (0, None, None)
    assert (balance(driver), driver.store.account(NETWORK, MARIA).held) == (500, 0)


def test_the_referral_waits_for_the_first_paid_sum(driver: SalonDriver, told: Told) -> None:
    with_rules(driver, cashback_percent=0, referral=Referral(friend=Gift(10), referrer=Gift(20)))
    ana = save_client(driver.store, a_client("cli_ana0000000000001", phone="+37369000001", email=None))
    driver.store.save(replace(driver.client(), referred_by=ana.id))
    told.came()
    assert (balance(driver), balance(driver, ana.id)) == (0, 0)
    told.paid(50_000)
    assert (balance(driver), balance(driver, ana.id)) == (10, 20)


def test_a_visit_without_a_client_gets_its_sum_too(driver: SalonDriver, told: Told) -> None:
    told.came(client=None, anonymous=True)
    driver.run_until(NEXT_MIDNIGHT_BUT_ONE + timedelta(minutes=1))
    booking = driver.only_booking()
    assert (booking.paid_minor, booking.wake) == (50_000, None)


def test_in_trial_the_sum_changes_what_would_have_been_given(driver: SalonDriver, told: Told) -> None:
    network = driver.store.get(type(a_network()), network_id=NETWORK)
    driver.store.save(replace(network, trial=True))
    driver.world.directories.forget(NETWORK)

    def would_give() -> tuple[int, int]:
        tally = driver.store.get(TrialTally, network_id=NETWORK)
        return driver.only_booking().would_earn, sum(tally.points.values())

    told.came()
    assert would_give() == (0, 0)
    told.paid(50_000)
    assert would_give() == (25, 25)
    told.paid(30_000)
    assert would_give() == (15, 15)
    assert figures(driver) == (0, 30_000, 1)


# --- what the client is sent


def test_the_bonus_notice_waits_for_the_points(driver: SalonDriver, told: Told) -> None:
    told.came()
    driver.run_until(BEGUN + timedelta(hours=4))
    assert driver.kinds_sent() == ["review_request"]
    told.paid(50_000)
    driver.run_until(BEGUN + timedelta(hours=5))
    assert driver.kinds_sent() == ["review_request", "bonus_notice"]


def test_the_review_is_asked_after_the_end_of_a_visit_that_was_marked_at_its_beginning(
    driver: SalonDriver, told: Told, clock: Any
) -> None:
    told.came(lines=(replace(LINE, minutes=180),))
    driver.run_until(BEGUN + timedelta(hours=5) - timedelta(minutes=1))
    assert driver.kinds_sent() == []
    driver.run_until(BEGUN + timedelta(hours=5, minutes=1))
    assert driver.kinds_sent() == ["review_request"]


def test_the_bonus_notice_names_the_end_of_the_points_that_came_with_the_payment(
    driver: SalonDriver, told: Told
) -> None:
    with_rules(driver, cashback_percent=5, expiry=Expiry(ExpiryModel.DAYS, 90))
    soon_gone = PostingByHand(kind="grant", points=100, reason="gift", expires_on=date(2026, 12, 1))
    post_by_hand(driver.world, access(), MARIA, soon_gone, "r-1")
    driver.store.save(replace(driver.client(), language="en"))
    driver = replace(driver, texts=message_words)
    told.came()
    driver.run_until(BEGUN + timedelta(hours=4))
    told.paid(50_000)
    told.paid(60_000)
    driver.run_until(BEGUN + timedelta(hours=5))
    text = driver.sender.sent[-1].worded.text
    assert "+30 bonus points, balance 130, valid until 21 Feb 2027" in text
