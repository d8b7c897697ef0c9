"""What users of other systems complain about (docs/product.md, Complaints): reminders after cancelling,
copies, wrong hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.messages.messages import MessageState, Outcome, Worded
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.touches import GRACE, TouchKind, TouchState
from chalicelib.services.clients import consents, register_client
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.wake_items import wake_one
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.salon_driver import BASE_URL, SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)  # Wednesday, noon in Chisinau
LIFE_LONG = timedelta(days=90)
SENT, UNKNOWN = MessageState.SENT, MessageState.UNKNOWN


def consented(driver: SalonDriver) -> None:
    pairs = [("sms", "marketing")]
    consents.set_consents(
        driver.world,
        NETWORK,
        "cli_maria00000000001",
        pairs,
        consents.Statement("asked", "key:test"),
        granted=True,
    )


def test_a_visits_whole_life_is_six_messages_of_seven_kinds(driver: SalonDriver, clock: Any) -> None:
    consented(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(NOW + LIFE_LONG)
    assert driver.kinds_sent() == [
        "notice", "confirm_request", "control_reminder", "review_request", "repeat_invitation",
        "win_back",
    ]  # fmt: skip
    logged = [(message.kind.value, message.state.value) for message in driver.log()]
    assert len(logged) == 7
    assert {state for _, state in logged} == {"sent"}
    assert ("bonus_notice", "sent") in logged


def test_a_bonus_notice_that_goes_alone_leads_to_the_card(driver: SalonDriver) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    rules = MessageRules(off=(TouchKind.REVIEW_REQUEST,))
    driver.store.save(replace(network, rules=replace(network.rules, messages=rules)))
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(NOW + timedelta(days=4))
    notice = driver.sender.sent[-1]
    assert notice.kind == "bonus_notice"
    address, _, token = notice.link.rpartition("/w/")
    link = driver.sending().links.opened(driver.store, token, LinkPurpose.CARD, driver.world.now())
    assert (address, link.client_id, link.booking_id) == (BASE_URL, booking.client_id, booking.id)


def test_no_reminder_comes_after_a_cancellation(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=1))
    driver.cancel(booking)
    driver.run_until(NOW + LIFE_LONG)
    assert driver.kinds_sent() == ["notice", "notice"], "of the booking, and of its cancellation"


def test_no_reminder_comes_for_the_old_time_after_a_move(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=1))
    later = driver.move(booking, IN_TWO_DAYS + timedelta(days=7))
    driver.run_until(NOW + LIFE_LONG)
    assert driver.kinds_sent() == ["notice", "notice", "confirm_request", "control_reminder"]
    assert all(f"{later.starts_at:%d %H:%M}" in outgoing.worded.text for outgoing in driver.sender.sent[1:])


def test_a_cancellation_in_the_minute_before_the_reminder_is_in_time(driver: SalonDriver, clock: Any) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.starts_at - timedelta(hours=1, seconds=1))
    driver.cancel(booking)
    driver.run_until(booking.starts_at)
    assert driver.kinds_sent() == ["notice", "confirm_request", "notice"], "the last one of the cancellation"


def test_reminders_do_not_pile_up_right_after_booking(driver: SalonDriver) -> None:
    driver.book(NOW + timedelta(minutes=30))
    driver.run_until(NOW + timedelta(hours=2))
    assert driver.kinds_sent() == ["notice"]


def test_a_booking_entered_after_the_visit_writes_to_nobody(driver: SalonDriver, site: Any) -> None:
    from infra.testkit.site_events import reported

    driver.hear(site, reported("e-1", 1, NOW - timedelta(hours=3)))
    driver.run_until(NOW + timedelta(days=2))
    assert driver.kinds_sent() == []


def test_nothing_is_sent_twice_however_often_the_sweep_runs(driver: SalonDriver, clock: Any) -> None:
    booking = driver.book(IN_TWO_DAYS)
    for at in (NOW, IN_TWO_DAYS - timedelta(hours=24), IN_TWO_DAYS - timedelta(hours=1)):
        clock.now = at
        for _ in range(3):
            driver.drain()
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]
    assert driver.booking(booking.id).wake is None


def test_a_day_without_sweeps_is_caught_up_with_what_is_still_of_use(driver: SalonDriver, clock: Any) -> None:
    booking = driver.book(IN_TWO_DAYS)
    clock.now = IN_TWO_DAYS - timedelta(minutes=50)
    driver.drain()
    assert driver.kinds_sent() == ["control_reminder", "notice"]
    skipped = {message.kind.value: message.reason for message in driver.log() if message.state == "skipped"}
    assert skipped == {"confirm_request": "too_late"}
    assert driver.booking(booking.id).wake is None


def test_an_invitation_is_not_lost_by_a_missed_day(driver: SalonDriver, clock: Any) -> None:
    """Elsewhere a filter fires on the exact day only."""
    consented(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(booking.ends_at + timedelta(hours=3))
    clock.now = booking.starts_at + timedelta(days=37)
    driver.drain()
    assert driver.kinds_sent()[-1] == "repeat_invitation"


def test_a_review_request_comes_when_the_visit_is_closed_late(driver: SalonDriver, clock: Any) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at + timedelta(days=3))
    driver.complete(booking)
    closed = clock.now
    driver.run_until(closed + timedelta(hours=2, minutes=1))
    assert driver.kinds_sent()[-1] == "review_request"


@pytest.mark.parametrize(
    ("salon_id", "booked_at", "starts_at", "reminded_at"),
    [
        # Chisinau, the night of 25 October 2026, 04:00 EEST -> 03:00 EET: 10:00 is an hour later in UTC.
        (
            "sal_centru",
            datetime(2026, 10, 22, 9, tzinfo=UTC),
            datetime(2026, 10, 25, 10, tzinfo=UTC),
            "11:00",
        ),
        ("sal_centru", datetime(2026, 3, 26, 9, tzinfo=UTC), datetime(2026, 3, 29, 9, tzinfo=UTC), "11:00"),
        ("sal_york", datetime(2026, 10, 29, 15, tzinfo=UTC), datetime(2026, 11, 1, 17, tzinfo=UTC), "11:00"),
        ("sal_york", datetime(2026, 3, 5, 15, tzinfo=UTC), datetime(2026, 3, 8, 16, tzinfo=UTC), "11:00"),
    ],
)
def test_reminders_keep_the_right_hour_after_a_clock_change_and_in_another_zone(
    driver: SalonDriver, clock: Any, salon_id: str, booked_at: datetime, starts_at: datetime, reminded_at: str
) -> None:
    from zoneinfo import ZoneInfo

    clock.now = booked_at
    staff = "stf_vera"
    from chalicelib.services.bookings.book import WantedLine

    driver.book(starts_at, salon_id=salon_id, lines=[WantedLine(service_id="srv_cut", staff_id=staff)])
    driver.run_until(starts_at)
    zone = driver.world.directory(NETWORK).salons[salon_id].timezone
    (reminder,) = (message for message in driver.log() if message.kind is TouchKind.CONTROL_REMINDER)
    assert reminder.sent_at is not None
    assert f"{reminder.sent_at.astimezone(ZoneInfo(zone)):%H:%M}" == reminded_at
    assert f"{starts_at.astimezone(ZoneInfo(zone)):%H:%M}" == "12:00"


def test_who_stopped_messages_gets_none_and_the_log_says_why(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    consents.stop_messages(driver.world, NETWORK, "cli_maria00000000001", consents.Statement("stop page"))
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == []
    assert {(message.state.value, message.reason) for message in driver.log()} == {("skipped", "no_consent")}
    assert len(driver.log()) == 3


def test_who_has_a_future_booking_is_not_invited_until_it_is_over(driver: SalonDriver) -> None:
    consented(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    ahead = driver.book(IN_TWO_DAYS + timedelta(days=45))
    driver.run_until(ahead.starts_at - timedelta(days=1))
    assert "repeat_invitation" not in driver.kinds_sent()
    skips = [message for message in driver.log() if message.reason == "has_booking"]
    assert 1 <= len(skips) <= 3  # told once or twice, not each day
    driver.cancel(ahead)
    driver.run_until(ahead.starts_at + timedelta(days=30))
    assert driver.kinds_sent().count("repeat_invitation") == 1


def test_two_services_due_in_one_week_make_one_invitation(driver: SalonDriver) -> None:
    from chalicelib.services.bookings.book import WantedLine

    consented(driver)
    services = {service.id: service for service in driver.world.directory(NETWORK).services.values()}
    driver.store.save(replace(services["srv_nails"], repeat_after_days=33))
    booking = driver.book(
        IN_TWO_DAYS, lines=[WantedLine(service_id="srv_cut"), WantedLine(service_id="srv_nails")]
    )
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(NOW + LIFE_LONG)
    (invitation,) = (
        outgoing.worded.text for outgoing in driver.sender.sent if "invitation" in outgoing.worded.text
    )
    assert "Haircut" in invitation
    assert "Manicure" in invitation


def test_without_consent_to_marketing_nobody_is_invited(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(NOW + LIFE_LONG)
    assert "repeat_invitation" not in driver.kinds_sent()
    assert driver.client().wake.why == "birthday"  # type: ignore[union-attr]


def test_a_client_in_another_zone_is_not_woken_in_the_night(driver: SalonDriver, clock: Any) -> None:
    far = save_client(driver.store, a_client("cli_far0000000000001", phone="+12125550199", email=None,
                                           timezone="America/Los_Angeles"))  # fmt: skip
    driver.book(IN_TWO_DAYS, client=far.id)
    driver.run_until(IN_TWO_DAYS)
    for message in driver.log(far.id):
        if message.kind is not TouchKind.NOTICE and message.sent_at:
            assert 9 <= (message.sent_at - timedelta(hours=8)).hour < 21
    assert {message.kind for message in driver.log(far.id)} >= {
        TouchKind.CONFIRM_REQUEST,
        TouchKind.CONTROL_REMINDER,
    }


# --- when sending goes wrong


def test_a_message_whose_fate_is_unknown_is_not_sent_again_unless_it_must_arrive(
    driver: SalonDriver, clock: Any
) -> None:
    driver.sender.answers = [Outcome(UNKNOWN, reason="timed_out")] * 20
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == [
        "notice", "confirm_request", "confirm_request", "control_reminder", "control_reminder",
    ]  # fmt: skip
    at = [message.recorded_at for message in driver.log() if message.kind is TouchKind.CONTROL_REMINDER]
    assert at[1] - at[0] >= GRACE


def test_a_second_attempt_does_not_fall_into_the_night(driver: SalonDriver, clock: Any) -> None:
    """The confirm request is due at 20:59; its fate is unknown when the quiet hours begin."""
    driver.sender.answers = [Outcome(SENT, "p1"), Outcome(UNKNOWN, reason="timed_out")]
    driver.book(datetime(2026, 11, 26, 18, 59, tzinfo=UTC))
    driver.run_until(datetime(2026, 11, 25, 19, 30, tzinfo=UTC))
    assert driver.kinds_sent() == ["notice", "confirm_request"]


def test_what_the_provider_refuses_is_not_tried_again(driver: SalonDriver) -> None:
    driver.sender.answers = [Outcome(MessageState.FAILED, reason="OptedOut")]
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=1))
    assert driver.kinds_sent() == ["notice"]
    touch = driver.booking(booking.id).touches[TouchKind.NOTICE]
    assert (touch.state, touch.reason) == (TouchState.FAILED, "OptedOut")


def test_what_is_throttled_waits_and_goes_out_in_the_end(driver: SalonDriver, clock: Any) -> None:
    throttled = Outcome(MessageState.FAILED, reason="Throttling", throttled=True)
    driver.sender.answers = [throttled, throttled]
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=1))
    assert driver.kinds_sent() == ["notice"] * 3
    assert [message.state.value for message in driver.log()] == ["sent"]
    assert clock.now > NOW + timedelta(minutes=2)


def test_what_is_throttled_for_hours_goes_out_when_the_channel_takes_messages_again(
    driver: SalonDriver,
) -> None:
    throttled = Outcome(MessageState.FAILED, reason="Throttling", throttled=True)
    driver.sender.answers = [throttled] * 9
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert [message.kind.value for message in driver.log()] == [
        "notice",
        "confirm_request",
        "control_reminder",
    ]
    assert {message.state for message in driver.log()} == {MessageState.SENT}
    assert driver.store.get_all(Parked, network_id=NETWORK) == []


def test_a_notice_that_an_outage_has_held_up_does_not_wake_the_client_at_night(
    driver: SalonDriver, clock: Any
) -> None:
    """Booked at half past eight in the evening; the provider comes back at eleven."""
    clock.now = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    throttled = Outcome(MessageState.FAILED, reason="unreachable", throttled=True)
    driver.sender.answers = [throttled] * 12
    driver.book(IN_TWO_DAYS)
    driver.run_until(datetime(2026, 11, 24, 6, 59, tzinfo=UTC))
    assert driver.log() == []
    driver.sender.answers = []
    driver.run_until(datetime(2026, 11, 24, 7, 30, tzinfo=UTC))
    (notice,) = driver.log()
    assert (notice.state, notice.recorded_at.hour) == (MessageState.SENT, 7)


def test_what_is_throttled_until_it_is_of_no_use_is_skipped_on_record_and_nothing_is_parked(
    driver: SalonDriver,
) -> None:
    throttled = Outcome(MessageState.FAILED, reason="Throttling", throttled=True)
    driver.sender.answers = [throttled] * 1000
    driver.book(NOW + timedelta(hours=2))
    driver.run_until(NOW + timedelta(hours=3))
    reasons = {message.kind.value: message.reason for message in driver.log()}
    assert reasons == {"notice": "too_late", "control_reminder": "too_late"}
    assert driver.store.get_all(Parked, network_id=NETWORK) == []


def test_an_item_that_cannot_be_woken_waits_alone_and_is_parked_in_the_end(
    driver: SalonDriver, clock: Any
) -> None:
    """A text that cannot be made for one booking stops no other booking."""

    def broken(kind: str, channel: str, language: str, facts: Any, template: Any) -> Worded:
        if facts.services == ("Manicure",):
            raise KeyError("no such text")
        return Worded(kind)

    from chalicelib.services.bookings.book import WantedLine

    bad = driver.book(IN_TWO_DAYS, lines=[WantedLine(service_id="srv_nails")])
    good = driver.book(IN_TWO_DAYS + timedelta(hours=1))
    sending = replace(driver.sending(), texts=broken)
    for minutes in (0, 1, 3, 7, 15, 31, 63, 120, 200):
        clock.now = NOW + timedelta(minutes=minutes)
        for booking in (bad, good):
            wake_one(
                driver.world,
                handlers(sending, driver.intake_queue),
                f"NET#{NETWORK}#BKG#{booking.id}",
                "BOOKING",
            )
    assert driver.kinds_sent() == ["notice"]
    assert driver.booking(bad.id).trouble is not None
    assert "no such text" in driver.booking(bad.id).trouble.error  # type: ignore[union-attr]
    assert [parked.item for parked in driver.store.get_all(Parked, network_id=NETWORK)] == [
        f"BOOKING {bad.id}"
    ]
    assert driver.booking(good.id).trouble is None


def test_a_move_while_the_old_notice_is_on_its_way_is_told_once(driver: SalonDriver, clock: Any) -> None:
    """During a slow send the booking is moved, and another worker sends the new time."""
    booking = driver.book(IN_TWO_DAYS)
    later = IN_TWO_DAYS + timedelta(days=1)
    recording, moving = driver.sender, []

    class Slow:
        channel = "sms"

        def send(self, outgoing: Any) -> Outcome:
            outcome: Outcome = recording.send(outgoing)
            if not moving:
                moving.append(outgoing)
                driver.move(booking, later)
                driver.drain()
            return outcome

    driver.sender = Slow()
    driver.drain()
    driver.sender = recording
    driver.run_until(NOW + timedelta(hours=2))
    assert [outgoing.worded.text for outgoing in recording.sent] == [
        f"notice {IN_TWO_DAYS:%d %H:%M} Haircut", f"notice {later:%d %H:%M} Haircut",
    ]  # fmt: skip


def test_completing_a_booking_asks_for_one_review_however_often_it_is_completed(
    driver: SalonDriver, clock: Any
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    for _ in range(3):
        driver.complete(booking)
        driver.run_until(clock.now + timedelta(hours=3))
        driver.reopen(booking)
    assert driver.kinds_sent().count("review_request") == 1


def test_a_changed_phone_is_the_one_that_is_written_to(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=1))
    register_client.change_client(driver.world, access(), "cli_maria00000000001", {"phone": "069 999 888"})
    driver.run_until(IN_TWO_DAYS)
    assert [outgoing.to for outgoing in driver.sender.sent] == ["+37369123456"] + ["+37369999888"] * 2


def test_a_booking_without_a_client_is_nobodys_business(driver: SalonDriver, site: Any) -> None:
    from infra.testkit.site_events import reported

    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=None, anonymous=True))
    driver.run_until(IN_TWO_DAYS + timedelta(days=1))
    assert driver.only_booking().status is Status.BOOKED
    assert driver.kinds_sent() == []
