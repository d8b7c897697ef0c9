"""Each AWS call of a site's word fails in turn: a word against the salon's, one that takes a client off,
a no, another branch, an unknown client. Done again, the booking is as it should be, the desk asked once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.clients import ConsentChange
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteLine, SiteStatus
from chalicelib.domain.networks.bonus_rules import Exclusions, Gift, Referral
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.register_client import change_client
from infra.testkit.builders import NETWORK, NOW, a_connection, access
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import MARIA, client_reported, reported
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call, sent_by_sms
from tests.services.rewarded import with_rules

MADE = reported("e-1", 1, IN_TWO_DAYS, salon_external_id="A")
CAME = replace(MADE, guard=reported("e-1", 2, None).guard, status=SiteStatus.COMPLETED, paid_minor=40_000)
REFUSING = replace(MARIA, opted_out=(("sms", Purpose.MARKETING),))
SETTINGS = {"salon:A": "sal_centru", "salon:B": "sal_york"}


def third(**fields: Any) -> Any:
    return reported("e-1", 3, IN_TWO_DAYS, salon_external_id="A", **fields)


def heard(*events: Any, then: Any, step: Callable[[SalonDriver], Any] = lambda driver: None) -> Any:
    """Words that were taken in, a step of the desk, and a word that is about to be."""

    def arranged(driver: SalonDriver) -> Any:
        (site,) = driver.store.save(a_connection(salon_id=None, settings=SETTINGS))
        for event in events:
            driver.hear(site, event)
        step(driver)
        return driver.received(site, then)

    return arranged


def completed(driver: SalonDriver) -> None:
    driver.complete(driver.only_booking(), paid_minor=30_000)


def held(driver: SalonDriver) -> None:
    driver.post("grant", 100)
    driver.hold(driver.only_booking(), 60)


def ingest(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)


def redelivered(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)
    driver.world.clock.now = NOW + timedelta(minutes=5)  # type: ignore[attr-defined]
    driver.drain()


def ends(
    status: Status,
    *,
    client_id: str | None,
    visits: int,
    balance: int,
    tasks: int,
    salon: str = "sal_centru",
    refusals: int = 0,
) -> Any:
    def check(driver: SalonDriver, item: Any) -> None:
        taken_in = (InboxState.APPLIED, InboxState.IGNORED)
        assert driver.store.get(InboxItem, network_id=NETWORK, id=item.id).state in taken_in
        (booking,) = driver.bookings(salon)
        assert (booking.status, booking.client_id, booking.held_points) == (status, client_id, 0)
        account = driver.store.account(NETWORK, MARIA_ID)
        assert (driver.client().visits_count, account.balance, account.held) == (visits, balance, 0)
        assert len(driver.store.get_page(Task, network_id=NETWORK).items) == tasks
        assert driver.ledger_faults() == []
        history = driver.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA_ID)
        assert len(history) == refusals

    return check


def nails_earn_nothing(driver: SalonDriver) -> None:
    with_rules(driver, cashback_percent=5, earn_excludes=Exclusions(service_ids=("srv_nails",)))


NAILS = SiteLine(service_name="Manicure", price_minor=40_000)
OF_NAILS = {"status": SiteStatus.COMPLETED, "paid_minor": 40_000, "lines": (NAILS,)}
NOBODY = {"client": None, "anonymous": True}
WORDS: dict[str, Story] = {
    name: (arranged, ingest, redelivered, check)
    for name, (arranged, check) in {
        "a cancellation of what the desk completed": (
            heard(MADE, then=third(status=SiteStatus.CANCELLED), step=completed),
            ends(Status.COMPLETED, client_id=MARIA_ID, visits=1, balance=15, tasks=1)),
        "a client taken off": (
            heard(MADE, then=third(**NOBODY), step=held),
            ends(Status.BOOKED, client_id=None, visits=0, balance=100, tasks=0)),
        "a client taken off a visit that was counted": (
            heard(MADE, CAME, then=third(**NOBODY, status=SiteStatus.COMPLETED, paid_minor=40_000)),
            ends(Status.COMPLETED, client_id=None, visits=0, balance=0, tasks=0)),
        "other lines for the same sum": (
            heard(MADE, CAME, then=third(**OF_NAILS), step=nails_earn_nothing),
            ends(Status.COMPLETED, client_id=MARIA_ID, visits=1, balance=0, tasks=0)),
        "a visit taken back with a no": (
            heard(MADE, CAME, then=third(client=REFUSING, status=SiteStatus.NO_SHOW)),
            ends(Status.NO_SHOW, client_id=MARIA_ID, visits=0, balance=0, tasks=0, refusals=1)),
        "a no told with a visit that took place": (
            heard(MADE, CAME, then=third(client=REFUSING, status=SiteStatus.COMPLETED, paid_minor=40_000)),
            ends(Status.COMPLETED, client_id=MARIA_ID, visits=1, balance=20, tasks=0, refusals=1)),
        "another branch": (
            heard(MADE, then=replace(third(), salon_external_id="B")),
            ends(Status.BOOKED, client_id=MARIA_ID, visits=0, balance=0, tasks=0, salon="sal_york")),
    }.items()
}  # fmt: skip


def before_asking(driver: SalonDriver) -> Any:
    (site,) = driver.store.save(a_connection())
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=SiteClient(external_id="OLD")))
    driver.run_until(NOW + timedelta(minutes=59))
    driver.world.clock.now = NOW + timedelta(hours=1)  # type: ignore[attr-defined]
    return driver.only_booking()


def the_clock_goes_on(driver: SalonDriver, _: Any) -> None:
    driver.run_until(driver.world.now() + timedelta(minutes=25))


def the_desk_was_asked_once(driver: SalonDriver, _: Any) -> None:
    assert driver.only_booking().asked_for == "OLD"
    assert len(driver.store.get_page(Task, network_id=NETWORK).items) == 1
    assert sent_by_sms()["notice"] == 0


FRIEND = SiteClient("f-1", "Filip Roman", "069777000")


def before_a_friend_comes(driver: SalonDriver) -> Any:
    """Maria's booking, for which she holds points, is about to become a visit of the friend whom she
    referred."""
    with_rules(driver, cashback_percent=5, referral=Referral(Gift(200), Gift(100)))
    (site,) = driver.store.save(a_connection())
    driver.hear(site, reported("e-1", 1, NOW))
    driver.hear(site, client_reported("f-1", 1, FRIEND))
    friend_id = driver.store.alias(NETWORK, f"client@{site.id}", "f-1")
    change_client(driver.world, access(), friend_id, {"referred_by": MARIA_ID})
    held(driver)
    return driver.received(
        site, reported("e-1", 2, NOW, client=FRIEND, status=SiteStatus.COMPLETED, paid_minor=40_000)
    )


def both_have_their_points(driver: SalonDriver, item: Any) -> None:
    assert driver.store.get(InboxItem, network_id=NETWORK, id=item.id).state is InboxState.APPLIED
    booking, maria = driver.only_booking(), driver.store.account(NETWORK, MARIA_ID)
    friend = driver.store.account(NETWORK, str(booking.client_id))
    assert (booking.status, booking.held_points) == (Status.COMPLETED, 0)
    assert (maria.balance, maria.held, friend.balance) == (300, 0, 120)
    assert driver.ledger_faults() == driver.ledger_faults(friend.client_id) == []


STORIES: dict[str, Story] = {
    **WORDS,
    "a booking with held points that a friend comes for": (
        before_a_friend_comes,
        ingest,
        redelivered,
        both_have_their_points,
    ),
    "a client who never comes": (
        before_asking,
        lambda driver, _: driver.drain(),
        the_clock_goes_on,
        the_desk_was_asked_once,
    ),
}


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_the_booking_ends_as_it_should(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 0
