"""Several people share one booking of Cal.com: each has a booking of their own here."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.receive_webhook import replay
from infra.testkit.builders import NETWORK, NOW, a_booking, a_connection, a_town
from infra.testkit.calcom_site import START, CalcomSite, a_person, of_calcom
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.world import a_world

ALLA, BELLA, VIKA = (a_person(name, f"+3736900000{n}") for n, name in enumerate(("Alla", "Bella", "Vika"), 1))
LATER = START + timedelta(days=1)


def phone(person: dict[str, Any]) -> str:
    return str(person["phoneNumber"])


@pytest.fixture
def calcom() -> CalcomSite:
    store: Any = MemoryStore()
    a_town(store)
    (connection,) = store.save(a_connection("calcom", "con_calcom"))
    return CalcomSite(SalonDriver(a_world(store)), connection)


@pytest.fixture
def full(calcom: CalcomSite) -> CalcomSite:
    """A class of three, each of whom took a seat by herself."""
    for person in (ALLA, BELLA, VIKA):
        calcom.tell("CREATED", seats("u1", person))
    return calcom


def seats(uid: str, *people: dict[str, Any], **more: Any) -> dict[str, Any]:
    return of_calcom(uid, *people, seatsPerTimeSlot=6, **more)


def statuses(calcom: CalcomSite) -> list[list[str]]:
    return [calcom.status_of(phone(person)) for person in (ALLA, BELLA, VIKA)]


def test_each_seat_is_a_booking_of_its_own(full: CalcomSite) -> None:
    assert statuses(full) == [["booked"], ["booked"], ["booked"]]


def test_who_gives_up_a_seat_touches_nobody_else(full: CalcomSite) -> None:
    item = full.tell("CANCELLED", seats("u1", VIKA, status="CANCELLED"))
    assert item.state is InboxState.APPLIED
    assert statuses(full) == [["booked"], ["booked"], ["cancelled"]]


def test_who_gave_up_a_seat_may_take_it_again(full: CalcomSite) -> None:
    full.tell("CANCELLED", seats("u1", VIKA))
    full.tell("CREATED", seats("u1", VIKA))
    assert statuses(full) == [["booked"], ["booked"], ["booked"]]


def test_who_moves_her_seat_moves_nobody_else(full: CalcomSite) -> None:
    full.tell("RESCHEDULED", seats("u2", BELLA, at=LATER, rescheduleUid="u1"))
    assert statuses(full) == [["booked"], ["booked"], ["booked"]]
    assert [full.bookings_of(phone(each))[0].starts_at for each in (ALLA, BELLA, VIKA)] == [
        START,
        LATER,
        START,
    ]


def test_who_moved_away_stays_when_the_others_are_cancelled(full: CalcomSite) -> None:
    full.tell("RESCHEDULED", seats("u2", BELLA, at=LATER, rescheduleUid="u1"))
    full.tell("CANCELLED", seats("u1", status="CANCELLED"))
    assert statuses(full) == [["cancelled"], ["booked"], ["cancelled"]]
    full.tell("CANCELLED", seats("u2", status="CANCELLED"))
    assert statuses(full) == [["cancelled"], ["cancelled"], ["cancelled"]]


def test_a_host_who_cancels_and_names_all_cancels_all(full: CalcomSite) -> None:
    full.tell("CANCELLED", seats("u1", ALLA, BELLA, VIKA))
    assert statuses(full) == [["cancelled"], ["cancelled"], ["cancelled"]]


def test_a_cancellation_that_names_nobody_is_of_all(full: CalcomSite) -> None:
    item = full.tell("CANCELLED", seats("u1"))
    assert (item.state, len(item.booking_ids)) == (InboxState.APPLIED, 3)
    assert statuses(full) == [["cancelled"], ["cancelled"], ["cancelled"]]


def test_a_seat_that_is_heard_of_after_all_were_cancelled_is_cancelled_too(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", seats("u1", ALLA))
    calcom.tell("CANCELLED", seats("u1"), at=NOW + timedelta(seconds=50))
    calcom.tell("CREATED", seats("u1", BELLA), at=NOW + timedelta(seconds=2))
    calcom.tell("CREATED", seats("u1", VIKA), at=NOW + timedelta(seconds=60))
    assert statuses(calcom) == [["cancelled"], ["cancelled"], ["booked"]]


def test_a_host_who_moves_the_booking_moves_all_who_still_come(full: CalcomSite) -> None:
    full.tell("CANCELLED", seats("u1", VIKA))
    full.tell("RESCHEDULED", seats("u1", ALLA, at=LATER))
    assert statuses(full) == [["booked"], ["booked"], ["cancelled"]]
    assert [full.bookings_of(phone(each))[0].starts_at for each in (ALLA, BELLA)] == [LATER, LATER]


def test_a_host_who_moves_all_to_another_booking_moves_each(full: CalcomSite) -> None:
    full.tell("RESCHEDULED", seats("u2", ALLA, BELLA, VIKA, at=LATER, rescheduleUid="u1"))
    assert statuses(full) == [["booked"], ["booked"], ["booked"]]
    assert {full.bookings_of(phone(each))[0].starts_at for each in (ALLA, BELLA, VIKA)} == {LATER}


def test_a_move_that_lists_those_who_were_there_before_moves_only_the_mover(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", seats("u1", ALLA))
    calcom.tell("CREATED", seats("u2", BELLA, at=LATER))
    calcom.tell("RESCHEDULED", seats("u2", BELLA, ALLA, at=LATER, rescheduleUid="u1"))
    assert statuses(calcom) == [["booked"], ["booked"], []]
    assert calcom.bookings_of(phone(ALLA))[0].starts_at == LATER


def test_of_a_body_that_lists_all_the_newest_took_a_seat(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", seats("u1", ALLA))
    calcom.tell("CREATED", seats("u1", ALLA, BELLA))
    no_form = seats("u1", ALLA, BELLA, VIKA, responses={})
    calcom.tell("CREATED", no_form)
    assert statuses(calcom) == [["booked"], ["booked"], ["booked"]]


def test_a_seat_may_be_named_by_its_id_alone(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", seats("u1", ALLA, attendeeSeatId="s-1"))
    calcom.tell("CREATED", seats("u1", BELLA, attendeeSeatId="s-2"))
    calcom.tell("CANCELLED", seats("u1", ALLA, BELLA, attendeeSeatId="s-2"))
    assert statuses(calcom) == [["booked"], ["cancelled"], []]
    calcom.tell("CANCELLED", seats("u1", attendeeSeatId="s-1"))
    assert statuses(calcom) == [["cancelled"], ["cancelled"], []]


def test_a_seat_that_nobody_can_tell_is_a_task_and_changes_nothing(full: CalcomSite) -> None:
    item = full.tell("CANCELLED", seats("u1", ALLA, BELLA, attendeeSeatId="s-9"))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "SEAT_UNKNOWN")
    assert statuses(full) == [["booked"], ["booked"], ["booked"]]
    (task,) = full.driver.store.get_all(Task, network_id=NETWORK)
    assert task.kind is TaskKind.SITE_UNCLEAR
    replay(full.driver.receiving(), NETWORK, item.id)
    assert full.ingest(item).state is InboxState.IGNORED


def test_a_no_show_is_of_one_seat(full: CalcomSite) -> None:
    full.driver.clock.forward(days=4)
    mark = {"bookingUid": "u1", "attendees": [{"email": BELLA["email"], "noShow": True}]}
    full.tell("NO_SHOW_UPDATED", mark, at=full.driver.world.now())
    assert statuses(full) == [["booked"], ["no_show"], ["booked"]]


def test_each_mark_of_one_body_is_of_its_own_seat(full: CalcomSite) -> None:
    full.driver.clock.forward(days=4)
    marks = [{"email": each["email"], "noShow": missed} for each, missed in ((ALLA, True), (VIKA, False))]
    full.tell("NO_SHOW_UPDATED", {"bookingUid": "u1", "attendees": marks}, at=full.driver.world.now())
    assert statuses(full) == [["no_show"], ["booked"], ["booked"]]


def test_a_payment_that_does_not_tell_of_seats_is_of_its_payer(full: CalcomSite) -> None:
    paid = of_calcom("u1", ALLA, BELLA, VIKA, price=9000, metadata={"bookerEmail": BELLA["email"]})
    full.tell("PAID", paid)
    assert statuses(full) == [["booked"], ["booked"], ["booked"]]
    assert len(full.driver.bookings()) == 3


def test_a_cancellation_that_does_not_tell_of_seats_is_of_those_whom_it_names(full: CalcomSite) -> None:
    full.tell("CANCELLED", of_calcom("u1", VIKA, status="CANCELLED"))
    assert statuses(full) == [["booked"], ["booked"], ["cancelled"]]


def test_guests_of_a_booking_that_nobody_shares_have_none_of_their_own(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", of_calcom("u1", ALLA, BELLA, seatsPerTimeSlot=None))
    calcom.tell("CANCELLED", of_calcom("u1", ALLA, BELLA))
    assert statuses(calcom) == [["cancelled"], [], []]


def test_a_seat_that_an_earlier_version_stored_is_found(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", of_calcom("u1", ALLA))  # as all seats were taken in then
    calcom.tell("CREATED", seats("u1", BELLA))
    assert statuses(calcom) == [["booked"], ["booked"], []]
    calcom.tell("CANCELLED", seats("u1", BELLA))
    assert statuses(calcom) == [["booked"], ["cancelled"], []]
    calcom.tell("RESCHEDULED", seats("u2", ALLA, at=LATER, rescheduleUid="u1"))
    assert statuses(calcom) == [["booked"], ["cancelled"], []]
    calcom.tell("CANCELLED", seats("u2", ALLA))
    assert statuses(calcom) == [["cancelled"], ["cancelled"], []]


def test_a_seat_that_an_earlier_version_stored_is_found_after_its_client_was_merged(
    calcom: CalcomSite,
) -> None:
    calcom.tell("CREATED", of_calcom("u1", ALLA))
    (seat,) = calcom.bookings_of(phone(ALLA))
    calcom.driver.clock.now = START + timedelta(days=3)  # so that the merge leaves the booking where it is
    calcom.driver.merge(str(seat.client_id), MARIA_ID)
    calcom.tell("CANCELLED", seats("u1", ALLA), at=calcom.driver.world.now())
    assert [each.status for each in calcom.driver.bookings()] == [Status.CANCELLED]


def test_all_seats_are_cancelled_with_one_that_an_earlier_version_stored(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", of_calcom("u1", ALLA))
    calcom.tell("CREATED", seats("u1", BELLA))
    calcom.tell("CANCELLED", seats("u1"))
    assert statuses(calcom) == [["cancelled"], ["cancelled"], []]


def test_the_same_body_twice_changes_nothing(full: CalcomSite) -> None:
    for trigger, payload in (
        ("CANCELLED", seats("u1", VIKA)),
        ("RESCHEDULED", seats("u2", BELLA, at=LATER, rescheduleUid="u1")),
        ("CANCELLED", seats("u1")),
    ):
        full.tell(trigger, payload, at=NOW + timedelta(minutes=1))
        before = [replace(each, version=0) for each in full.driver.bookings()]
        full.tell(trigger, payload, at=NOW + timedelta(minutes=1))
        assert [replace(each, version=0) for each in full.driver.bookings()] == before


def test_a_visit_that_took_place_is_not_cancelled_with_the_rest(full: CalcomSite) -> None:
    (done,) = full.bookings_of(phone(ALLA))
    full.driver.clock.forward(days=4)
    full.driver.complete(done, paid_minor=20_000)
    full.tell("CANCELLED", seats("u1"), at=full.driver.world.now())
    assert full.driver.booking(done.id).status is Status.COMPLETED
    assert statuses(full)[1:] == [["cancelled"], ["cancelled"]]


def test_a_booking_of_the_desk_is_none_of_the_group(full: CalcomSite) -> None:
    full.driver.store.save(a_booking())
    full.tell("CANCELLED", seats("u1"))
    assert full.driver.booking(a_booking().id).status is Status.BOOKED


def test_the_zone_of_the_browser_that_booked_does_not_move_a_reminder_into_the_salons_night(
    driver: SalonDriver,
) -> None:
    """Who books a visit in Chisinau from New York is in Chisinau an hour before."""
    (connection,) = driver.store.save(a_connection("calcom", "con_calcom"))
    calcom = CalcomSite(driver, connection)
    calcom.tell("CREATED", of_calcom("u1", {**ALLA, "timeZone": "America/New_York"}))
    (booking,) = calcom.bookings_of(phone(ALLA))
    assert driver.client(str(booking.client_id)).timezone is None
    driver.run_until(START)
    sent = {message.kind.value: message.sent_at for message in driver.log(str(booking.client_id))}
    assert sent["control_reminder"] == START - timedelta(hours=1)
