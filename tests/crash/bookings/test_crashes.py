"""Every AWS call of wake, intake and completion fails in turn; run again, nothing is lost or doubled."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteStatus
from chalicelib.domain.shared.touches import GRACE, MUST_ARRIVE, TouchKind, TouchState
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.clients import consents, register_client
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.visits.correct_bill import correct_bill
from infra.testkit.builders import NETWORK, NOW, a_connection, access, an_amount
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import LINE, MARIA, client_reported, reported
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call, sent_by_sms

# --- waking


def drain(driver: SalonDriver, _: Any) -> None:
    driver.drain()


def the_clock_goes_on(driver: SalonDriver, _: Any) -> None:
    driver.run_until(driver.world.now() + timedelta(minutes=25))


def before_notice(driver: SalonDriver) -> Booking:
    return driver.book(IN_TWO_DAYS)


def before_confirm_request(driver: SalonDriver) -> Booking:
    booking = before_notice(driver)
    driver.drain()
    driver.world.clock.now = IN_TWO_DAYS - timedelta(hours=24)  # type: ignore[attr-defined]
    return booking


def before_reminder(driver: SalonDriver) -> Booking:
    booking = before_confirm_request(driver)
    driver.drain()
    driver.world.clock.now = IN_TWO_DAYS - timedelta(hours=1)  # type: ignore[attr-defined]
    return booking


def before_thanks(driver: SalonDriver) -> Booking:
    booking = before_reminder(driver)
    driver.drain()
    driver.world.clock.now = IN_TWO_DAYS + timedelta(hours=1)  # type: ignore[attr-defined]
    driver.complete(booking)
    driver.world.clock.now += timedelta(hours=2)  # type: ignore[attr-defined]
    return booking


def before_invitation(driver: SalonDriver) -> Booking:
    booking = before_thanks(driver)
    pairs = [("sms", "marketing")]
    consents.set_consents(
        driver.world, NETWORK, MARIA_ID, pairs, consents.Statement("asked", "key:test"), granted=True
    )
    driver.drain()
    driver.world.clock.now = driver.client().due[0].at  # type: ignore[attr-defined]
    return booking


def each_touch_is_resolved_and_none_is_sent_twice(driver: SalonDriver, booking: Booking) -> None:
    now, stands, client = driver.world.now(), driver.booking(booking.id), driver.client()
    touches = [*stands.touches.values(), *client.touches.values()]
    resolved = (TouchState.SENT, TouchState.SKIPPED, TouchState.FAILED, TouchState.UNKNOWN)
    assert all(touch.state in resolved for touch in touches)
    assert all(item.wake is None or item.wake.at > now for item in (stands, client))
    sent = sent_by_sms()
    for kind, times in sent.items():
        assert times <= (2 if kind in MUST_ARRIVE else 1), kind
    logged = [message for message in driver.log() if message.kind in MUST_ARRIVE]
    for kind in MUST_ARRIVE:
        attempts = [message for message in logged if message.kind is kind]
        if len(attempts) > 1:
            assert attempts[0].state in ("unknown",)
            assert attempts[1].recorded_at - attempts[0].recorded_at >= GRACE
    for touch in touches:
        known = [message for message in driver.log() if message.kind is touch.kind]
        assert known, f"{touch.kind} is in no log"
        carried = touch.kind is TouchKind.BONUS_NOTICE
        assert touch.state is not TouchState.SENT or carried or sent[touch.kind] >= 1


WAKING: dict[str, Story] = {
    name: (before, drain, the_clock_goes_on, each_touch_is_resolved_and_none_is_sent_twice)
    for name, before in {
        "notice": before_notice, "confirm request": before_confirm_request, "reminder": before_reminder,
        "review request with bonus notice": before_thanks, "invitation": before_invitation,
    }.items()
}  # fmt: skip


def before_looking_for_a_client(driver: SalonDriver) -> Any:
    """A booking that waits for its client, whom the site has told by now though nobody attached them."""
    (site,) = driver.store.save(a_connection())
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=SiteClient(external_id="CUST")))
    booking = driver.only_booking()
    driver.hear(site, client_reported("OTHER", 1, SiteClient(name="Elena", phone="069000111")))
    elena = driver.store.alias(NETWORK, "phone", "+37369000111")
    from chalicelib.domain.shared.aliases import Alias, site_client

    driver.store.save(Alias(network_id=NETWORK, kind=site_client(site.id), value="CUST", leads_to=elena))
    driver.world.clock.now = booking.wake.at  # type: ignore[attr-defined, union-attr]
    return booking


def the_client_is_attached_and_told_once(driver: SalonDriver, booking: Booking) -> None:
    assert driver.booking(booking.id).client_id == driver.store.alias(NETWORK, "phone", "+37369000111")
    assert sent_by_sms()["notice"] <= 1
    assert TouchKind.NOTICE in driver.booking(booking.id).touches


def before_a_lost_webhook(driver: SalonDriver) -> Any:
    """Received, but the queue's message was lost."""
    (site,) = driver.store.save(a_connection())
    item = driver.received(site, reported("e-1", 1, IN_TWO_DAYS))
    return driver.store.save(replace(item, wake=Wake(NOW, "take_in")))[0]


def the_webhook_was_handed_on(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)
    assert driver.only_booking().external_id == "e-1"
    assert driver.store.get(InboxItem, network_id=NETWORK, id=item.id).wake is None


WAKING["client found later"] = (
    before_looking_for_a_client, drain, the_clock_goes_on, the_client_is_attached_and_told_once)  # fmt: skip
WAKING["webhook lost"] = (
    before_a_lost_webhook,
    drain,
    lambda driver, item: driver.drain(),
    the_webhook_was_handed_on,
)


# --- intake


def a_webhook(*before: Any, then: Any) -> Callable[[SalonDriver], Any]:
    """Events that were taken in, and one that is about to be."""

    def arranged(driver: SalonDriver) -> Any:
        (site,) = driver.store.save(a_connection())
        for event in before:
            driver.hear(site, event)
        return driver.received(site, then)

    return arranged


def ingest(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)


def redelivered(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)
    for minutes in (1, 5):
        driver.world.clock.now = NOW + timedelta(minutes=minutes)  # type: ignore[attr-defined]
        driver.drain()


def ends_as(status: Status | None, *, visits: int = 0, balance: int = 0, phone: str = "+37369123456") -> Any:
    def check(driver: SalonDriver, item: Any) -> None:
        taken_in = (InboxState.APPLIED, InboxState.IGNORED)  # ignored: a newer word has been applied since
        assert driver.store.get(InboxItem, network_id=NETWORK, id=item.id).state in taken_in
        client = driver.client(driver.store.alias(NETWORK, "phone", phone))
        if status is not None:
            booking = driver.only_booking()
            assert (booking.status, booking.client_id) == (status, client.id)
        assert (client.visits_count, len(client.recent_visits)) == (visits, visits)
        assert driver.store.account(NETWORK, client.id).balance == balance
        assert driver.ledger_faults(client.id) == []
        assert sent_by_sms()["notice"] <= 1
        everybody = driver.store.clients(NETWORK).items
        assert len({each.phone for each in everybody}) == len(everybody)

    return check


NEW = SiteClient("c-9", "Elena", "069000111")
MADE, COMPLETED = (
    reported("e-1", 1, IN_TWO_DAYS),
    reported("e-1", 2, IN_TWO_DAYS, status=SiteStatus.COMPLETED),
)
PEELING = replace(LINE, service_id="s-9", service_name="Peeling", staff_name="Olga", staff_id="p-9")
WAITING = reported("e-1", 1, IN_TWO_DAYS, client=SiteClient("c-9"))
RENUMBERED = client_reported("c-9", 2, replace(NEW, phone="069000222"))
BACK = reported("e-1", 3, IN_TWO_DAYS)
INTAKE: dict[str, Story] = {
    name: (arranged, ingest, redelivered, check)
    for name, (arranged, check) in {
        "a booking of a new client, services and staff": (
            a_webhook(then=reported("e-1", 1, IN_TWO_DAYS, client=NEW, lines=(PEELING,))),
            ends_as(Status.BOOKED, phone="+37369000111")),
        "a booking of a known client": (a_webhook(then=MADE), ends_as(Status.BOOKED)),
        "a move": (a_webhook(MADE, then=reported("e-1", 2, IN_TWO_DAYS + timedelta(days=1))),
                   ends_as(Status.BOOKED)),
        "a move to a new id": (a_webhook(MADE, then=reported("e-2", 2, IN_TWO_DAYS, moved_from="e-1")),
                               ends_as(Status.BOOKED)),
        "a move told after word of the new id": (
            a_webhook(MADE, reported("e-2", 3, IN_TWO_DAYS, status=SiteStatus.CANCELLED),
                      then=reported("e-2", 2, IN_TWO_DAYS, moved_from="e-1")), ends_as(Status.CANCELLED)),
        "a cancellation": (a_webhook(MADE, then=reported("e-1", 2, IN_TWO_DAYS, status=SiteStatus.CANCELLED)),
                           ends_as(Status.CANCELLED)),
        "a completion": (a_webhook(MADE, then=COMPLETED), ends_as(Status.COMPLETED, visits=1, balance=25)),
        "a completion of a new client": (
            a_webhook(then=replace(COMPLETED, client=NEW)),
            ends_as(Status.COMPLETED, visits=1, balance=25, phone="+37369000111")),
        "a completion taken back": (a_webhook(MADE, COMPLETED, then=reported("e-1", 3, IN_TWO_DAYS)),
                                    ends_as(Status.BOOKED)),
        "a client": (a_webhook(then=client_reported("c-9", 1, replace(NEW, external_id=None))),
                     ends_as(None, phone="+37369000111")),
        "a client's new phone": (
            a_webhook(client_reported("c-9", 1, NEW), then=RENUMBERED),
            ends_as(None, phone="+37369000222")),
        "a customer whose booking waited": (
            a_webhook(WAITING, then=client_reported("c-9", 1, NEW)),
            ends_as(Status.BOOKED, phone="+37369000111")),
    }.items()
}  # fmt: skip


# --- completion


def before_completion(driver: SalonDriver) -> Booking:
    post_by_hand(
        driver.world, access(), MARIA_ID, PostingByHand(kind="grant", points=300, reason="welcome"), "r-1"
    )
    booking = driver.book(IN_TWO_DAYS)
    driver.clock.now = IN_TWO_DAYS
    return booking


def before_taking_back(driver: SalonDriver) -> Booking:
    booking = before_completion(driver)
    return driver.complete(booking, paid_minor=40_000, redeem_points=80).booking


def complete_again(driver: SalonDriver, booking: Booking) -> None:
    complete(driver, booking)
    complete(driver, booking)


def complete(driver: SalonDriver, booking: Booking) -> None:
    done = driver.complete(booking, paid_minor=40_000, redeem_points=80)
    assert [entry.points for entry in done.entries] == [-80, 16]


def reopen(driver: SalonDriver, booking: Booking) -> None:
    driver.reopen(booking)


def before_correction(driver: SalonDriver) -> Booking:
    booking = before_taking_back(driver)
    correct(driver, booking, 30_000)
    return booking


def correct(driver: SalonDriver, booking: Booking, paid_minor: int = 60_000) -> None:
    """Of the 80 points that paid, 75 may pay for 300 lei."""
    correct_bill(driver.world, access(), booking.id, an_amount(paid_minor))


def correct_again(driver: SalonDriver, booking: Booking) -> None:
    correct(driver, booking)
    correct(driver, booking)


def before_open_bill_is_due(driver: SalonDriver) -> Booking:
    (site,) = driver.store.save(a_connection())
    came = reported("b-1", 1, NOW, status=SiteStatus.COMPLETED, bill_open=True)
    driver.hear(site, came)
    booking = driver.only_booking()
    assert booking.bill_due_at is not None
    driver.clock.now = booking.bill_due_at
    return booking


def book_again(driver: SalonDriver, _: Any) -> None:
    elena = register_client.NewClient(name="Elena", phone="069000111")
    driver.book(IN_TWO_DAYS, request_id="r-7", client=elena)


def grant_again(driver: SalonDriver, _: Any) -> None:
    post_by_hand(driver.world, access(), MARIA_ID, PostingByHand(kind="redeem", points=10, reason="x"), "r-9")


def the_ledger_says(balance: int, entries: int, visits: int, status: Status) -> Any:
    def check(driver: SalonDriver, booking: Booking) -> None:
        assert driver.ledger_faults() == []
        assert driver.store.account(NETWORK, MARIA_ID).balance == balance
        assert len(driver.store.entries(NETWORK, MARIA_ID)) == entries
        assert driver.client().visits_count == visits == len(driver.client().recent_visits)
        assert driver.booking(booking.id).status is status

    return check


def one_booking_of_one_new_client(driver: SalonDriver, _: Any) -> None:
    assert driver.only_booking().client_id == driver.store.alias(NETWORK, "phone", "+37369000111")
    assert len(driver.store.clients(NETWORK).items) == 2


COMPLETION: dict[str, Story] = {
    "completion with redemption and cashback": (
        before_completion, complete, complete_again, the_ledger_says(236, 3, 1, Status.COMPLETED)),
    "taking back": (before_taking_back, reopen, reopen, the_ledger_says(300, 5, 0, Status.BOOKED)),
    "a sum corrected": (
        before_correction, correct, correct_again, the_ledger_says(251, 6, 1, Status.COMPLETED)),
    "an open bill that nobody told": (
        before_open_bill_is_due, drain, the_clock_goes_on, the_ledger_says(25, 1, 1, Status.COMPLETED)),
    "a posting by hand": (
        before_completion, grant_again, grant_again, the_ledger_says(290, 2, 0, Status.BOOKED)),
    "booking for a new client": (lambda driver: None, book_again, book_again, one_booking_of_one_new_client),
}  # fmt: skip

STORIES = {**WAKING, **INTAKE, **COMPLETION}
CALLS_FAILED: Counter[str] = Counter()


IN_EVERY_WAY = {
    "notice",
    "reminder",
    "a completion of a new client",
    "completion with redemption and cashback",
}
"""Stories in which the process dies as well, and botocore repeats what it believes to have failed."""
CASES = [
    (story, failure)
    for story in STORIES
    for failure in (list(Failure) if story in IN_EVERY_WAY else (Failure.BEFORE, Failure.AFTER))
]


@pytest.mark.parametrize(("story", "failure"), CASES)
def test_any_call_may_fail_and_nothing_is_lost_or_doubled(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    CALLS_FAILED[failure] += fail_each_call(aws, STORIES[story], failure)


def test_every_call_was_failed_in_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Runs last: says how many calls there were."""
    with capsys.disabled():
        print(f"  calls failed in turn: {dict(CALLS_FAILED)}", end=" ")  # noqa: T201
    assert all(CALLS_FAILED[failure] > 0 for failure in Failure)
    assert CALLS_FAILED[Failure.BEFORE] == CALLS_FAILED[Failure.AFTER] > 150


def test_the_client_of_these_stories_is_the_one_that_sites_mean() -> None:
    assert MARIA.phone == "069123456"
