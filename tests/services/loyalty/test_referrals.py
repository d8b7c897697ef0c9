"""Referrals: both sides are given something for a friend's first paid visit, once, and it goes with it."""

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.bonus_rules import Gift, Referral
from chalicelib.domain.shared.aliases import REFERRAL, Alias
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import digest
from chalicelib.services.clients.referrals import referral_code
from chalicelib.services.clients.register_client import NewClient, change_client, register_client
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.visits.refund_visit import refund
from infra.testkit.builders import NETWORK, OTHER_NETWORK, a_town, access, an_amount
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import MARIA, balance, booked_on, entries, racing, visited_on, with_rules

DAY = date(2026, 11, 24)


@pytest.fixture
def referring(driver: SalonDriver) -> SalonDriver:
    with_rules(driver, referral=Referral(referrer=Gift(300), friend=Gift(100, valid_days=30)))
    return driver


def a_friend(
    driver: SalonDriver, referred_by: str | None = MARIA, phone: str = "069000111", **said: Any
) -> Client:
    new = NewClient(name="Elena", phone=phone, referred_by=referred_by, **said)
    return register_client(driver.world, access(), new)


def code_of(driver: SalonDriver, client_id: str = MARIA) -> str:
    return referral_code(driver.world, driver.client(client_id)).code


def changed(driver: SalonDriver, client_id: str, **said: Any) -> Client:
    return change_client(driver.world, access(), client_id, said)


# --- codes


def test_a_code_is_the_same_every_time_and_leads_to_its_client(driver: SalonDriver) -> None:
    code = code_of(driver)
    assert code_of(driver) == code
    assert len(code) == 8
    by_code = a_friend(driver, None, referral_code=code)
    assert by_code.referred_by == MARIA


def test_a_code_is_read_as_people_write_it(driver: SalonDriver) -> None:
    code = code_of(driver)
    spoken = f" {code[:4]}-{code[4:]} ".replace("0", "O").replace("1", "l")
    assert a_friend(driver, None, referral_code=spoken).referred_by == MARIA


@pytest.mark.parametrize("code", ["", "XXXXXXXX", "?", "12345678x", "１２３４５６７８", "#ALIAS"])
def test_a_code_that_nobody_hands_on_is_refused(driver: SalonDriver, code: str) -> None:
    with pytest.raises(DomainError, match="UNKNOWN_REFERRAL_CODE"):
        a_friend(driver, None, referral_code=code)


def test_a_code_of_another_network_is_unknown(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    theirs = referral_code(driver.world, driver.store.get(Client, network_id=OTHER_NETWORK, id=MARIA)).code
    with pytest.raises(DomainError, match="UNKNOWN_REFERRAL_CODE"):
        a_friend(driver, None, referral_code=theirs)


def test_of_two_clients_with_one_code_the_later_has_another(driver: SalonDriver) -> None:
    taken = digest("referral", MARIA, "0", length=8)
    driver.store.save(Alias(network_id=NETWORK, kind=REFERRAL, value=taken, leads_to="cli_other00000000001"))
    code = code_of(driver)
    assert code.lower() != taken
    assert driver.store.alias(NETWORK, REFERRAL, code.lower()) == MARIA


# --- by whose word


def test_nobody_comes_by_two_peoples_word_nor_by_their_own(driver: SalonDriver) -> None:
    code = code_of(driver)
    with pytest.raises(DomainError, match="TWO_REFERRERS"):
        a_friend(driver, MARIA, referral_code=code)
    for said in ({"referred_by": MARIA}, {"referral_code": code}):
        with pytest.raises(DomainError, match="SELF_REFERRAL"):
            changed(driver, MARIA, **said)


def test_clients_do_not_come_by_each_others_word_in_a_ring(driver: SalonDriver) -> None:
    first = a_friend(driver)
    second = a_friend(driver, first.id, "069000222")
    for above in (first, second):
        with pytest.raises(DomainError, match="REFERRAL_LOOP"):
            changed(driver, MARIA, referred_by=above.id)
    assert changed(driver, first.id, referred_by=None).referred_by is None
    assert changed(driver, MARIA, referred_by=first.id).referred_by == first.id


def test_only_who_has_not_visited_yet_can_have_come_by_somebodys_word(driver: SalonDriver) -> None:
    friend = a_friend(driver, None)
    visited_on(driver, DAY, friend.id)
    with pytest.raises(DomainError, match="NOT_NEW"):
        changed(driver, friend.id, referral_code=code_of(driver))
    assert driver.client(friend.id).referred_by is None


def test_what_stands_may_be_said_again_after_the_visit(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    visited_on(referring, DAY, friend.id)
    assert changed(referring, friend.id, referred_by=MARIA, name="Elena B.").name == "Elena B."


# --- gifts


def test_both_sides_are_given_something_after_the_friends_first_paid_visit(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    for_nothing = visited_on(referring, DAY, friend.id, paid_minor=0)
    assert (for_nothing.entries, balance(referring)) == ((), 0)
    done = visited_on(referring, DAY + timedelta(days=1), friend.id)
    (theirs,), (hers,) = entries(referring, "referral", friend.id), entries(referring, "referral")
    assert (theirs.points, theirs.booking_id, theirs.cause) == (100, done.booking.id, MARIA)
    assert (hers.points, hers.booking_id, hers.cause, hers.salon_id) == (300, None, friend.id, "sal_centru")
    assert theirs.lots[0].expires_at is not None
    assert hers.lots[0].expires_at is None
    assert referring.complete(done.booking).entries == done.entries == (theirs,)
    visited_on(referring, DAY + timedelta(days=2), friend.id)
    assert (balance(referring), balance(referring, friend.id)) == (300, 100)
    assert referral_code(referring.world, referring.client()).friends == 1
    assert referral_code(referring.world, referring.client(friend.id)).friends == 0


def test_two_bookings_completed_at_once_bring_the_gifts_once(referring: SalonDriver) -> None:
    """The second is completed after the first was worked out, and before it was saved."""
    friend = a_friend(referring)
    one, other = (booked_on(referring, DAY, friend.id, name=name) for name in ("a", "b"))
    racing(referring, lambda: referring.complete(other)).complete(one)
    assert (balance(referring), balance(referring, friend.id)) == (300, 100)


def test_friends_who_come_at_once_all_count(referring: SalonDriver) -> None:
    friends = [a_friend(referring, phone=f"06900011{number}") for number in (1, 2)]
    one, other = (booked_on(referring, DAY, friend.id, name=str(friend.phone)) for friend in friends)
    racing(referring, lambda: referring.complete(other)).complete(one)
    assert balance(referring) == 600


def test_a_friend_of_somebody_who_is_gone_is_given_theirs_all_the_same(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    referring.store.delete(referring.client())
    visited_on(referring, DAY, friend.id)
    assert (balance(referring, friend.id), entries(referring, "referral")) == (100, [])


def test_a_programme_is_not_applied_to_first_visits_before_it(driver: SalonDriver) -> None:
    with_rules(driver)
    friend = a_friend(driver)
    visited_on(driver, DAY, friend.id)
    with_rules(driver, referral=Referral(referrer=Gift(300), friend=Gift(100)))
    visited_on(driver, DAY + timedelta(days=1), friend.id)
    assert (balance(driver), balance(driver, friend.id)) == (0, 0)


def test_the_gifts_go_with_the_visit_and_come_again_with_it(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    done = visited_on(referring, DAY, friend.id)
    for _ in range(2):
        referring.reopen(referring.booking(done.booking.id))
        assert (balance(referring), balance(referring, friend.id)) == (0, 0)
        assert referral_code(referring.world, referring.client()).friends == 0
        referring.complete(referring.booking(done.booking.id))
        assert (balance(referring), balance(referring, friend.id)) == (300, 100)


def test_a_second_visit_taken_back_leaves_the_gifts(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    visited_on(referring, DAY, friend.id)
    second = visited_on(referring, DAY + timedelta(days=1), friend.id)
    referring.reopen(second.booking)
    assert (balance(referring), balance(referring, friend.id)) == (300, 100)


def test_what_the_referrer_has_spent_of_it_is_owed(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    done = visited_on(referring, DAY, friend.id)
    post_by_hand(
        referring.world, access(), MARIA, PostingByHand(kind="redeem", points=250, reason="x"), "r-1"
    )
    referring.reopen(done.booking)
    assert (balance(referring), referring.store.account(NETWORK, MARIA).debt) == (0, 250)


def test_the_gifts_go_only_when_the_whole_bill_is_refunded(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    done = visited_on(referring, DAY, friend.id)

    def refunded(amount_minor: int, request_id: str) -> None:
        refund(referring.world, access(), done.booking.id, an_amount(amount_minor), "burnt", request_id)

    refunded(20_000, "r-1")
    assert (balance(referring), balance(referring, friend.id)) == (300, 100)
    for _ in range(2):
        refunded(30_000, "r-2")
        assert (balance(referring), balance(referring, friend.id)) == (0, 0)
    visited_on(referring, DAY + timedelta(days=1), friend.id)
    assert (balance(referring), balance(referring, friend.id)) == (300, 100)


def test_a_gift_undone_by_hand_is_not_undone_again_with_the_visit(referring: SalonDriver) -> None:
    friend = a_friend(referring)
    done = visited_on(referring, DAY, friend.id)
    reverse_entry(referring.world, access(), entries(referring, "referral")[0].id, "cheated")
    referring.reopen(done.booking)
    assert (balance(referring), referring.store.account(NETWORK, MARIA).debt) == (0, 0)


@pytest.mark.parametrize("back", [False, True])
def test_a_referrer_who_turns_out_to_be_another_at_that_moment_is_told_apart_by_their_account(
    referring: SalonDriver, back: bool
) -> None:
    friend, stays = a_friend(referring), a_friend(referring, None, phone="069000222")
    booking = booked_on(referring, DAY, friend.id)
    if back:
        referring.complete(booking)
    late = referring.on(
        InterleavedStore(
            referring.store,
            lambda: referring.merge(MARIA, stays.id),
            call="get",
            when=lambda kind, **key: kind is Client and key["id"] == MARIA,
            after=True,
        )
    )
    _ = late.reopen(booking) if back else late.complete(booking)
    expected = 0 if back else 300
    account = referring.store.account(NETWORK, stays.id)
    assert (balance(referring, stays.id), account.debt, balance(referring)) == (expected, 0, 0)


@pytest.mark.parametrize("friend_stays", [True, False])
@pytest.mark.parametrize("refunded", [True, False])
def test_the_gifts_go_with_the_visit_though_both_turned_out_to_be_one(
    referring: SalonDriver, friend_stays: bool, refunded: bool
) -> None:
    friend = a_friend(referring)
    booking = visited_on(referring, DAY, friend.id).booking
    gone, stays = (MARIA, friend.id) if friend_stays else (friend.id, MARIA)
    merge_clients(referring.world, access(), gone, stays)
    assert balance(referring, stays) == 400
    if refunded:
        refund(referring.world, access(), booking.id, an_amount(50_000), "spoiled")
    else:
        referring.reopen(booking)
    account = referring.store.account(NETWORK, stays)
    assert (balance(referring, stays), account.debt, balance(referring, gone)) == (0, 0, 0)
