"""Where the points of a visit depend on what was done, they follow the lines that the site tells later. The
sum stays."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.site_events import SiteLine, SiteStatus
from chalicelib.domain.networks.bonus_rules import EarnBase, Exclusions
from chalicelib.domain.networks.network import Connection, Network
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.services.rewarded import MARIA, balance, with_rules

BEGUN = NOW - timedelta(hours=1)
HAIRCUT = SiteLine(service_name="Haircut", staff_name="Anna", minutes=60, price_minor=40_000)
NAILS = SiteLine(service_name="Manicure", staff_name="Vera", minutes=45, price_minor=40_000)
CAME = SiteStatus.COMPLETED


def told(driver: SalonDriver, site: Connection, version: int, *lines: SiteLine, **said: Any) -> Booking:
    fields = {"status": CAME, "paid_minor": 40_000, **said}
    driver.hear(site, reported("b-1", version, BEGUN, lines=lines, **fields))
    assert driver.ledger_faults(MARIA) == []
    return driver.only_booking()


def kinds(driver: SalonDriver) -> list[str]:
    entries = sorted(driver.store.entries(NETWORK, MARIA), key=lambda each: each.number)
    return [each.kind.value for each in entries]


@pytest.fixture
def without_nails(driver: SalonDriver) -> None:
    """Manicures earn nothing; anything else earns five percent."""
    with_rules(driver, cashback_percent=5, earn_excludes=Exclusions(service_ids=("srv_nails",)))


@pytest.mark.usefixtures("without_nails")
def test_another_service_for_the_same_sum_gives_its_own_points(driver: SalonDriver, site: Connection) -> None:
    assert told(driver, site, 1, HAIRCUT).earned_points == 20
    booking = told(driver, site, 2, NAILS)
    assert (booking.earned_points, booking.paid_minor, balance(driver)) == (0, 40_000, 0)
    booking = told(driver, site, 3, HAIRCUT)
    assert (booking.earned_points, balance(driver)) == (20, 20)
    assert kinds(driver) == ["cashback", "reversal", "cashback"]


@pytest.mark.usefixtures("without_nails")
def test_two_services_share_a_sum_by_their_prices(driver: SalonDriver, site: Connection) -> None:
    told(driver, site, 1, HAIRCUT)
    booking = told(driver, site, 2, replace(HAIRCUT, price_minor=30_000), replace(NAILS, price_minor=10_000))
    assert (booking.earned_points, balance(driver)) == (15, 15)


@pytest.mark.usefixtures("without_nails")
def test_lines_that_are_repeated_change_nothing(driver: SalonDriver, site: Connection) -> None:
    told(driver, site, 1, HAIRCUT)
    before = told(driver, site, 2, NAILS)
    driver.hear(site, reported("b-1", 2, BEGUN, lines=(NAILS,), status=CAME, paid_minor=40_000))
    after = told(driver, site, 3, NAILS)
    assert (after.corrections, after.earned_points, balance(driver)) == (before.corrections, 0, 0)


@pytest.mark.usefixtures("without_nails")
def test_another_specialist_is_no_correction(driver: SalonDriver, site: Connection) -> None:
    told(driver, site, 1, HAIRCUT)
    booking = told(driver, site, 2, replace(HAIRCUT, staff_name="Vera"))
    assert (booking.lines[0].staff_id, booking.corrections, kinds(driver)) == ("stf_vera", 0, ["cashback"])


def test_other_lines_are_no_correction_where_every_service_earns_alike(
    driver: SalonDriver, site: Connection
) -> None:
    with_rules(driver, cashback_percent=5)
    told(driver, site, 1, HAIRCUT)
    booking = told(driver, site, 2, NAILS)
    assert (booking.lines[0].service_id, booking.corrections, balance(driver)) == ("srv_nails", 0, 20)


def test_what_was_sold_counts_by_its_new_prices(driver: SalonDriver, site: Connection) -> None:
    with_rules(driver, cashback_percent=5, earn_base=EarnBase.SOLD)
    told(driver, site, 1, HAIRCUT)
    booking = told(driver, site, 2, replace(HAIRCUT, price_minor=60_000))
    assert (booking.paid_minor, booking.earned_points, balance(driver)) == (40_000, 30, 30)


@pytest.mark.usefixtures("without_nails")
def test_points_follow_the_lines_of_a_visit_whose_bill_the_desk_told(
    driver: SalonDriver, site: Connection
) -> None:
    driver.hear(site, reported("b-1", 1, BEGUN, lines=(HAIRCUT,)))
    driver.complete(driver.only_booking(), paid_minor=40_000)
    assert balance(driver) == 20
    booking = told(driver, site, 2, NAILS, status=SiteStatus.BOOKED, paid_minor=None)
    assert (booking.status.value, booking.paid_minor) == ("completed", 40_000)
    assert (booking.earned_points, balance(driver)) == (0, 0)


@pytest.mark.usefixtures("without_nails")
def test_a_site_that_tells_no_sum_moves_the_points_by_its_lines(
    driver: SalonDriver, site: Connection
) -> None:
    told(driver, site, 1, HAIRCUT, paid_minor=35_000)
    booking = told(driver, site, 2, NAILS, paid_minor=None)
    assert (booking.paid_minor, booking.earned_points, balance(driver)) == (35_000, 0, 0)


def test_points_pay_no_more_than_the_new_lines_allow(driver: SalonDriver, site: Connection) -> None:
    excluded = Exclusions(service_ids=("srv_nails",))
    with_rules(driver, redeem_cap_percent=50, redeem_excludes=excluded)
    driver.post("grant", 100)
    driver.hear(site, reported("b-1", 1, BEGUN, lines=(HAIRCUT,)))
    driver.complete(driver.only_booking(), paid_minor=40_000, redeem_points=100)
    assert balance(driver) == 0
    booking = told(driver, site, 2, NAILS, status=SiteStatus.BOOKED, paid_minor=None)
    assert (booking.redeemed_points, booking.paid_minor, balance(driver)) == (0, 40_000, 100)


@pytest.mark.usefixtures("without_nails")
def test_a_refund_is_not_given_back_twice_by_other_lines(driver: SalonDriver, site: Connection) -> None:
    driver.refund(told(driver, site, 1, HAIRCUT), 10_000)
    assert balance(driver) == 15
    booking = told(driver, site, 2, NAILS, paid_minor=30_000)
    assert (booking.paid_minor, booking.refunded_minor, balance(driver)) == (40_000, 10_000, 0)


@pytest.mark.usefixtures("without_nails")
def test_in_trial_what_would_be_given_follows_the_lines(driver: SalonDriver, site: Connection) -> None:
    network: Network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, trial=True))
    driver.world.directories.forget(NETWORK)
    assert told(driver, site, 1, HAIRCUT).would_earn == 20
    assert told(driver, site, 2, NAILS).would_earn == 0
    assert balance(driver) == 0
