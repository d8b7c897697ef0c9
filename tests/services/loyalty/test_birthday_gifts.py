"""Birthday gifts: once a year, at the midnight that begins the day of the greeting, greeted or not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.bonus_rules import Expiry, ExpiryModel, Gift
from chalicelib.domain.networks.network import Directory, Network
from chalicelib.domain.shared.touches import Purpose, TouchKind
from chalicelib.services.clients.register_client import change_client
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.sending import Sending
from chalicelib.services.shared.walks import replan_walk
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW, a_consent, access
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import MARIA, balance, entries, with_rules

WEEK_BEFORE = datetime(2027, 5, 9, 21, tzinfo=UTC)
"""Midnight in Chisinau, of 10 May: in the summer three hours ahead of UTC."""
SOON_GONE = PostingByHand(kind="grant", points=100, reason="gift", expires_on=date(2026, 12, 1))


@pytest.fixture
def giving(driver: SalonDriver) -> SalonDriver:
    with_rules(driver, birthday=Gift(200, valid_days=30))
    return driver


def directory(driver: SalonDriver) -> Directory:
    return driver.world.directory(NETWORK)


def born(driver: SalonDriver, day: date, **said: Any) -> Client:
    """Maria, planned anew."""
    client = replace(driver.client(), birth_date=day, **said)
    saved: Client = driver.store.save(client_plan.with_wake(client, directory(driver), driver.world.now()))[0]
    return saved


def given_at(driver: SalonDriver) -> list[datetime]:
    return [each.effective_at for each in entries(driver, "birthday")]


def test_a_gift_is_there_at_the_midnight_that_begins_the_day_of_the_greeting(giving: SalonDriver) -> None:
    client = born(giving, date(1990, 5, 17))
    assert client.wake is not None
    assert (client.wake.at, client.wake.why) == (WEEK_BEFORE, "birthday_gift")
    giving.run_until(WEEK_BEFORE - timedelta(minutes=1))
    assert given_at(giving) == []
    giving.run_until(WEEK_BEFORE)
    (gift,) = entries(giving, "birthday")
    assert (gift.points, gift.actor, gift.effective_at) == (200, "system", WEEK_BEFORE)
    assert gift.lots[0].expires_at == datetime(2027, 6, 9, 21, tzinfo=UTC)


def test_a_gift_is_given_though_nobody_is_greeted(giving: SalonDriver) -> None:
    """No consent to marketing: the greeting is skipped, on record."""
    born(giving, date(1990, 5, 17))
    giving.run_until(WEEK_BEFORE + timedelta(days=2))
    assert balance(giving) == 200
    assert [(each.kind, each.state) for each in giving.log()] == [("birthday", "skipped")]


def test_a_gift_is_given_though_greetings_are_switched_off(giving: SalonDriver) -> None:
    network = giving.store.get(Network, network_id=NETWORK)
    messages = replace(network.rules.messages, off=(TouchKind.BIRTHDAY,))
    giving.store.save(replace(network, rules=replace(network.rules, messages=messages)))
    giving.world.directories.forget(NETWORK)
    born(giving, date(1990, 5, 17))
    giving.run_until(WEEK_BEFORE + timedelta(days=2))
    assert (balance(giving), giving.kinds_sent()) == (200, [])


def test_a_gift_is_given_once_a_year(giving: SalonDriver) -> None:
    born(giving, date(1990, 5, 17))
    giving.run_until(WEEK_BEFORE + timedelta(days=30))
    assert len(given_at(giving)) == 1
    giving.run_until(WEEK_BEFORE + timedelta(days=370))
    assert given_at(giving) == [WEEK_BEFORE, datetime(2028, 5, 9, 21, tzinfo=UTC)]


def test_another_birth_date_brings_no_second_gift_in_the_year(giving: SalonDriver) -> None:
    born(giving, date(1990, 5, 17))
    giving.run_until(WEEK_BEFORE)
    change_client(giving.world, access(), MARIA, {"birth_date": date(1990, 8, 1)})
    giving.run_until(datetime(2027, 12, 31, tzinfo=UTC))
    assert len(given_at(giving)) == 1


@pytest.mark.parametrize(("days_ahead", "year"), [(30, 2026), (29, 2027)])
def test_a_birth_date_told_less_than_30_days_ahead_counts_from_the_next_year_on(
    giving: SalonDriver, days_ahead: int, year: int
) -> None:
    day = date(2026, 11, 23) + timedelta(days=days_ahead)
    change_client(giving.world, access(), MARIA, {"birth_date": day.replace(year=1990)})
    giving.run_until(datetime(2027, 12, 31, tzinfo=UTC))
    assert [at.year for at in given_at(giving)][:1] == [year]


@pytest.mark.parametrize(("year", "day"), [(2027, 21), (2028, 22)])
def test_who_was_born_on_29_february_is_given_it_a_week_before_the_28th_of_other_years(
    giving: SalonDriver, clock: Any, year: int, day: int
) -> None:
    clock.now = datetime(year, 1, 1, tzinfo=UTC)
    born(giving, date(1992, 2, 29))
    giving.run_until(datetime(year, 3, 15, tzinfo=UTC))
    assert given_at(giving) == [datetime(year, 2, day - 1, 22, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("birth", "zone", "at"),
    [
        (date(1990, 4, 4), None, datetime(2027, 3, 27, 22, tzinfo=UTC)),
        (date(1990, 4, 5), None, datetime(2027, 3, 28, 21, tzinfo=UTC)),
        (date(1990, 9, 11), "America/Santiago", datetime(2027, 9, 4, 4, tzinfo=UTC)),
        (date(1990, 9, 12), "America/Santiago", datetime(2027, 9, 5, 4, tzinfo=UTC)),
    ],
    ids=["day of the change", "day after it", "day before a midnight that is skipped", "midnight is skipped"],
)
def test_midnight_is_the_clients_on_nights_of_clock_changes(
    giving: SalonDriver, birth: date, zone: str | None, at: datetime
) -> None:
    """Chisinau goes forward on 28 March 2027 at two; Santiago on 5 September, at midnight itself."""
    born(giving, birth, timezone=zone)
    giving.run_until(at - timedelta(minutes=1))
    assert given_at(giving) == []
    giving.run_until(at)
    assert given_at(giving) == [at]


def test_a_gift_that_was_missed_is_given_late_until_the_birthday_is_over(
    giving: SalonDriver, clock: Any
) -> None:
    born(giving, date(1990, 5, 17))
    clock.now = datetime(2027, 5, 17, 20, 59, tzinfo=UTC)
    giving.drain()
    assert balance(giving) == 200


def test_a_gift_is_not_given_after_the_birthday(giving: SalonDriver, clock: Any) -> None:
    born(giving, date(1990, 5, 17))
    clock.now = datetime(2027, 5, 17, 21, tzinfo=UTC)
    giving.drain()
    assert balance(giving) == 0
    wake = giving.client().wake
    assert wake is not None
    assert wake.at == datetime(2028, 5, 9, 21, tzinfo=UTC)


def test_a_programme_without_the_gift_wakes_nobody_for_it(driver: SalonDriver) -> None:
    for said in ({}, {"birthday": Gift(0)}, {"birthday": Gift(200), "enabled": False}):
        with_rules(driver, **said)
        client = born(driver, date(1990, 5, 17))
        assert client.wake is not None
        assert client.wake.why == "birthday"
        driver.run_until(driver.world.now())
        assert balance(driver) == 0


class InRealWords(SalonDriver):
    def sending(self) -> Sending:
        return replace(super().sending(), texts=message_words)


def told(driver: SalonDriver) -> list[str]:
    return [outgoing.worded.text for outgoing in driver.sender.sent]


def in_words(driver: SalonDriver) -> SalonDriver:
    return InRealWords(driver.world, driver.sender, driver.intake_queue)


def test_the_greeting_tells_what_was_given_and_until_when(giving: SalonDriver) -> None:
    born(giving, date(1990, 5, 17), consents=(a_consent(Purpose.MARKETING),), language="en")
    in_words(giving).run_until(WEEK_BEFORE + timedelta(days=1))
    (text,) = told(giving)
    assert "Our gift: 200 bonus points, valid until 9 Jun" in text


def test_a_preview_tells_what_would_be_given(giving: SalonDriver) -> None:
    client = born(giving, date(1990, 5, 17))
    about = about_client(client, directory(giving))
    now = giving.world.now()
    (plan,) = (plan for plan in about.plans(now) if plan.kind is TouchKind.BIRTHDAY)
    facts = about.facts(plan, now)
    assert (facts.gift_points, facts.points_until) == (200, date(2026, 12, 23))


def test_a_greeting_promises_nothing_that_was_not_given(driver: SalonDriver) -> None:
    with_rules(driver)
    born(driver, date(1990, 5, 17), consents=(a_consent(Purpose.MARKETING),), language="en")
    in_words(driver).run_until(WEEK_BEFORE + timedelta(days=1))
    (text,) = told(driver)
    assert "gift" not in text


def test_who_was_planned_before_there_was_a_gift_is_given_it_too(driver: SalonDriver) -> None:
    with_rules(driver)
    born(driver, date(1990, 5, 17))
    with_rules(driver, birthday=Gift(200))
    driver.store.save(replan_walk(driver.world, NETWORK))
    driver.run_until(WEEK_BEFORE)
    assert given_at(driver) == [WEEK_BEFORE]


def test_the_bonus_notice_tells_until_when_what_was_earned_can_be_used(
    driver: SalonDriver, clock: Any
) -> None:
    with_rules(driver, cashback_percent=5, expiry=Expiry(ExpiryModel.DAYS, 90))
    post_by_hand(driver.world, access(), MARIA, SOON_GONE, "r-1")
    driver.store.save(replace(driver.client(), language="en"))
    booking = driver.book(NOW + timedelta(days=1))
    clock.now = booking.ends_at
    driver.complete(booking)
    in_words(driver).run_until(booking.ends_at + timedelta(hours=3))
    (text,) = told(driver)
    assert "+25 bonus points, balance 125, valid until 22 Feb 2027" in text
