"""A sum that is told again after its visit was completed. Points and turnover follow by the difference, as
entries linked to the first ones; the visit ends as if the last sum had been told at once."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.networks.bonus_rules import Exclusions, Gift, Referral, Tier
from chalicelib.domain.networks.network import Connection, Role
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.visits.correct_bill import correct_bill
from infra.testkit.builders import NETWORK, NOW, a_client, access, an_amount, save_client
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.services.rewarded import MARIA, balance, with_rules

BEGUN = NOW - timedelta(hours=1)


def told(driver: SalonDriver, site: Connection, *sums: int | None, **fields: Any) -> Booking:
    """The site tells, one after another, that the visit was paid with each of these sums."""
    booking = driver.bookings()
    version = 1 + (int((booking[0].guard or "v0")[1:20]) if booking else 0)
    for number, paid in enumerate(sums, start=version):
        said = {"status": SiteStatus.COMPLETED, "paid_minor": paid, **fields}
        driver.hear(site, reported("b-1", number, BEGUN, **said))
    return driver.only_booking()


def visit_entries(driver: SalonDriver, client_id: str = MARIA) -> list[tuple[str, int]]:
    assert driver.ledger_faults(client_id) == []
    return [(each.kind.value, each.worth) for each in ledger(driver, client_id)]


def ledger(driver: SalonDriver, client_id: str = MARIA) -> list[Entry]:
    found: list[Entry] = driver.store.entries(NETWORK, client_id)
    return sorted(found, key=lambda each: each.number)


def spent(driver: SalonDriver, client_id: str = MARIA) -> int:
    account: Account = driver.store.account(NETWORK, client_id)
    turnover = sum(each.spent_minor for each in account.turnover)
    assert driver.client(client_id).spent_minor.get("MDL", 0) == turnover
    return turnover


def corrected(driver: SalonDriver, booking: Booking, paid_minor: int, **said: Any) -> Booking:
    return correct_bill(driver.world, access(), booking.id, an_amount(paid_minor), **said)


# --- by the site


def test_a_higher_sum_gives_the_difference_as_a_further_entry(driver: SalonDriver, site: Connection) -> None:
    booking = told(driver, site, 40_000, 70_000)
    assert visit_entries(driver) == [("cashback", 20), ("cashback", 15)]
    assert (booking.paid_minor, booking.earned_points, spent(driver)) == (70_000, 35, 70_000)
    first, more = ledger(driver)
    assert (more.cause, more.booking_id, more.salon_id) == (first.id, booking.id, booking.salon_id)
    assert driver.client().visits_count == 1


def test_a_lower_sum_takes_the_difference_back_from_the_first_entry(
    driver: SalonDriver, site: Connection
) -> None:
    booking = told(driver, site, 40_000, 30_000)
    assert visit_entries(driver) == [("cashback", 20), ("reversal", -5)]
    assert (booking.paid_minor, booking.earned_points, spent(driver)) == (30_000, 15, 30_000)
    first, less = ledger(driver)
    assert (less.reverses, less.reason) == (first.id, "bill corrected")


def test_a_sum_of_zero_takes_all_of_it_and_the_visit_stays_a_visit(
    driver: SalonDriver, site: Connection
) -> None:
    booking = told(driver, site, 40_000, 70_000, 0)
    assert (booking.paid_minor, booking.earned_points) == (0, 0)
    assert (balance(driver), spent(driver), driver.client().visits_count) == (0, 0, 1)


@pytest.mark.parametrize(
    "sums", [(40_000, 0, 70_000), (0, 70_000), (90_000, 10_000, 80_000, 70_000), (70_000, 69_999, 70_000)]
)
def test_many_corrections_end_where_the_last_sum_alone_ends(
    driver: SalonDriver, site: Connection, sums: tuple[int, ...]
) -> None:
    booking = told(driver, site, *sums)
    assert (booking.paid_minor, booking.earned_points) == (70_000, 35)
    assert (balance(driver), spent(driver)) == (35, 70_000)


def test_the_same_sum_again_changes_nothing(driver: SalonDriver, site: Connection) -> None:
    before = told(driver, site, 40_000, 70_000)
    entries = visit_entries(driver)
    after = told(driver, site, 70_000, 70_000)
    assert visit_entries(driver) == entries
    assert (after.paid_minor, after.corrections) == (before.paid_minor, before.corrections)


def test_word_of_the_visit_without_a_sum_changes_no_sum(driver: SalonDriver, site: Connection) -> None:
    assert told(driver, site, 40_000, None).paid_minor == 40_000
    assert visit_entries(driver) == [("cashback", 20)]


def test_a_service_added_where_the_site_tells_no_payments_is_added_to_the_sum(
    driver: SalonDriver, site: Connection
) -> None:
    told(driver, site, None)
    (line,) = reported("b-1", 1, BEGUN).lines
    dearer = (line, replace(line, service_id="s-2", service_name="Mask", price_minor=20_000))
    booking = told(driver, site, None, lines=dearer)
    assert (booking.paid_minor, balance(driver)) == (70_000, 35)


def test_points_that_were_spent_already_become_a_debt(
    driver: SalonDriver, site: Connection, clock: Any
) -> None:
    told(driver, site, 40_000)
    clock.forward(days=2)
    driver.post("redeem", 20)
    told(driver, site, 10_000)
    account = driver.store.account(NETWORK, MARIA)
    assert (balance(driver), account.debt) == (0, 15)


def test_a_visit_taken_back_after_corrections_leaves_nothing(driver: SalonDriver, site: Connection) -> None:
    booking = told(driver, site, 40_000, 70_000, 50_000)
    driver.reopen(booking)
    assert (balance(driver), spent(driver), driver.client().visits_count) == (0, 0, 0)
    driver.complete(driver.booking(booking.id), paid_minor=20_000)
    assert (balance(driver), spent(driver)) == (10, 20_000)


@pytest.mark.parametrize("sums", [(40_000, 80_000), (120_000, 80_000), (120_000, 40_000, 80_000)])
def test_a_refund_in_parts_after_corrections_takes_back_exactly_what_is_left(
    driver: SalonDriver, site: Connection, sums: tuple[int, ...]
) -> None:
    booking = told(driver, site, *sums)
    for part, left in ((20_000, 30), (20_000, 20), (39_999, 0), (1, 0)):
        driver.refund(booking, part, f"refund of {part} before {left}")
        assert balance(driver) == left
    assert spent(driver) == 0


def test_a_site_that_tells_the_sum_after_a_refund_at_the_desk_tells_nothing_new(
    driver: SalonDriver, site: Connection
) -> None:
    driver.refund(told(driver, site, 40_000), 10_000)
    assert told(driver, site, 30_000).paid_minor == 40_000
    assert (balance(driver), spent(driver)) == (15, 30_000)


def test_the_tier_of_the_day_counts_whatever_the_client_spent_since(
    driver: SalonDriver, site: Connection
) -> None:
    with_rules(driver, tiers=(Tier("start", 0, 100_000, 5), Tier("gold", 100_000, None, 10)))
    told(driver, site, 40_000)
    driver.complete(driver.book(NOW + timedelta(hours=1)), paid_minor=200_000)
    before = balance(driver)
    driver.hear(site, reported("b-1", 9, BEGUN, status=SiteStatus.COMPLETED, paid_minor=60_000))
    assert balance(driver) - before == 10


def test_goods_that_are_told_with_the_sum_earn_what_goods_earn(driver: SalonDriver, site: Connection) -> None:
    with_rules(driver, cashback_percent=5, earn_excludes=Exclusions(goods=True))
    booking = told(driver, site, 50_000)
    booking = told(driver, site, 90_000, goods_minor=40_000)
    assert (booking.goods_minor, booking.earned_points, balance(driver)) == (40_000, 25, 25)


# --- points that paid for a part


def held(driver: SalonDriver, site: Connection, points: int = 100) -> Booking:
    driver.post("grant", 500)
    driver.hear(site, reported("b-1", 1, NOW + timedelta(hours=2)))
    booking = driver.only_booking()
    driver.hold(booking, points)
    return booking


def test_held_points_that_paid_go_on_paying_for_a_corrected_bill(
    driver: SalonDriver, site: Connection
) -> None:
    held(driver, site)
    booking = told(driver, site, 40_000, 60_000)
    assert (booking.paid_minor, booking.redeemed_points) == (70_000, 100)
    assert (booking.earned_points, balance(driver)) == (30, 430)


def test_a_lower_bill_returns_the_points_beyond_the_cap_and_a_higher_one_spends_them_again(
    driver: SalonDriver, site: Connection
) -> None:
    held(driver, site)
    told(driver, site, 40_000)
    booking = told(driver, site, 10_000)
    assert (booking.paid_minor, booking.redeemed_points) == (13_300, 33)  # a quarter of the bill
    booking = told(driver, site, 40_000)
    assert (booking.paid_minor, booking.redeemed_points, booking.earned_points) == (50_000, 100, 20)
    assert balance(driver) == 420


def test_a_bill_taken_to_nothing_returns_all_points_that_paid(driver: SalonDriver, site: Connection) -> None:
    held(driver, site)
    booking = told(driver, site, 40_000, 0)
    assert (booking.paid_minor, booking.redeemed_points, balance(driver)) == (0, 0, 500)


# --- promotions and referrals


def test_a_promotion_follows_the_sum_and_counts_the_visit_once(driver: SalonDriver, site: Connection) -> None:
    today = NOW.date()
    offer = Offer(
        network_id=NETWORK, id="prm_double", starts_on=today, ends_on=today, multiplier_percent=200,
        expires_at=NOW + timedelta(days=40), client_cap_points=30,
    )  # fmt: skip
    driver.store.save(offer)
    driver.world.directories.forget(NETWORK)
    booking = told(driver, site, 40_000)
    assert booking.earned_points == 40
    assert told(driver, site, 20_000).earned_points == 20
    assert told(driver, site, 100_000).earned_points == 80  # 50, and no more than 30 of the promotion
    taken = driver.store.promotion_taken(NETWORK, offer.id, MARIA)
    assert (taken.points, taken.visits, balance(driver)) == (30, 1, 80)


def test_the_gifts_of_a_referral_come_and_go_with_the_first_paid_sum(
    driver: SalonDriver, site: Connection
) -> None:
    with_rules(driver, cashback_percent=0, referral=Referral(friend=Gift(10), referrer=Gift(20)))
    ana = save_client(driver.store, a_client("cli_ana0000000000001", phone="+37369000001", email=None))
    driver.store.save(replace(driver.client(), referred_by=ana.id))
    for paid in (0, 30_000, 0, 10_000, 20_000):
        told(driver, site, paid)
        gifts = (10, 20) if paid else (0, 0)
        assert (balance(driver), balance(driver, ana.id)) == gifts, paid


# --- merges


def test_a_correction_after_a_merge_reaches_the_target_and_is_the_sources_again_when_unmerged(
    driver: SalonDriver, site: Connection
) -> None:
    target = save_client(driver.store, a_client("cli_ana0000000000001", phone="+37369000001", email=None))
    told(driver, site, 40_000)
    driver.merge(MARIA, target.id)
    told(driver, site, 70_000)
    told(driver, site, 60_000)
    assert (balance(driver, target.id), spent(driver, target.id)) == (30, 60_000)
    driver.unmerge(MARIA)
    assert spent(driver) == 60_000
    assert spent(driver, target.id) == 0


# --- at the desk


def test_the_desk_corrects_a_bill_and_a_repetition_changes_nothing(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(hours=1))
    driver.complete(booking, paid_minor=40_000)
    for _ in range(2):
        after = corrected(driver, booking, 70_000, goods=an_amount(20_000))
    assert (after.paid_minor, after.goods_minor, after.corrections) == (70_000, 20_000, 1)
    assert visit_entries(driver) == [("cashback", 20), ("cashback", 15)]


def test_points_that_paid_at_the_desk_return_as_far_as_the_new_bill_allows_fewer(driver: SalonDriver) -> None:
    driver.post("grant", 500)
    booking = driver.book(NOW + timedelta(hours=1))
    driver.complete(booking, paid_minor=40_000, redeem_points=100)
    after = corrected(driver, booking, 20_000)
    assert (after.redeemed_points, after.redeemed_minor) == (50, 5_000)
    assert balance(driver) == 500 - 50 + after.earned_points


@pytest.mark.parametrize(
    ("role", "paid_minor", "code"),
    [
        (Role.RECEPTION, 10_000_001, "OVER_LIMIT"),
        (Role.OWNER, -1, "INVALID_AMOUNT"),
        (Role.OWNER, 9_999, "INVALID_AMOUNT"),
    ],
)
def test_a_bill_beyond_the_role_or_below_what_was_given_back_is_refused(
    driver: SalonDriver, role: Role, paid_minor: int, code: str
) -> None:
    booking = driver.book(NOW + timedelta(hours=1))
    driver.complete(booking, paid_minor=40_000)
    driver.refund(booking, 10_000)
    with pytest.raises(DomainError, match=code):
        correct_bill(driver.world, access(role), booking.id, an_amount(paid_minor))
    assert driver.booking(booking.id).paid_minor == 40_000


def test_a_visit_that_is_not_completed_has_no_bill_to_correct(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="WRONG_STATUS"):
        corrected(driver, driver.book(NOW + timedelta(hours=1)), 10_000)


def test_what_a_correction_posted_is_of_the_kinds_that_the_first_bill_posts(
    driver: SalonDriver, site: Connection
) -> None:
    held(driver, site)
    told(driver, site, 40_000, 60_000, 10_000, 60_000)
    kinds = {each.kind for each in ledger(driver)}
    assert kinds <= {
        EntryKind.GRANT, EntryKind.HOLD, EntryKind.REDEEM, EntryKind.CASHBACK, EntryKind.REVERSAL
    }  # fmt: skip
