"""Whoever said a fact of a booking last holds it: what the desk or the client did stays until the site says
something that it has not said before; and where both differ, the desk is asked once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import CANCELLED_BY_CLIENT, Booking, Status
from chalicelib.domain.bookings.facts import Fact, Party
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_events import BookingReported, SiteClient, SiteStatus
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.bookings import change_booking, step_booking
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.networks.set_up import change_salon
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import LINE, client_reported, reported, thin

SOON = NOW + timedelta(hours=2)
IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
LATER = IN_TWO_DAYS + timedelta(days=1)
ELENA = SiteClient("c-2", "Elena", "069000111")


def says(version: int, starts_at: Any = IN_TWO_DAYS, **fields: Any) -> BookingReported:
    return reported("e-1", version, starts_at, **fields)


def questions(driver: SalonDriver) -> list[str]:
    """What the desk is asked about."""
    tasks = driver.store.get_page(Task, network_id=NETWORK).items
    return [str(task.words) for task in tasks if task.kind is TaskKind.SITE_DISAGREES]


# --- the desk's step stays, whatever the site says that is no new word about it


def completed(driver: SalonDriver) -> Booking:
    return driver.complete(driver.only_booking(), paid_minor=40_000).booking


def cancelled(driver: SalonDriver) -> Booking:
    return driver.cancel(driver.only_booking())


def missed(driver: SalonDriver) -> Booking:
    return driver.mark_no_show(driver.only_booking())


def confirmed(driver: SalonDriver) -> Booking:
    return driver.confirm(driver.only_booking())


def postponed(driver: SalonDriver) -> Booking:
    return driver.move(driver.only_booking(), LATER)


def cancelled_by_link(driver: SalonDriver) -> Booking:
    visitor = LinkVisitor(NETWORK, MARIA_ID)
    return step_booking.cancel(driver.world, visitor, driver.only_booking().id, CANCELLED_BY_CLIENT)


STEPS = [completed, cancelled, missed, confirmed, postponed, cancelled_by_link]
NO_NEW_WORD: dict[str, Callable[[], BookingReported]] = {
    "a note": lambda: says(2, note="allergic to latex"),
    "the same body again": lambda: says(2),
    "a payment": lambda: says(2, paid_minor=40_000),
    "a lifted mark": lambda: replace(thin(says(2)), status=SiteStatus.BOOKED),
    "a rename": lambda: says(2, lines=(replace(LINE, service_name="Haircut, short", staff_name="Anna R."),)),
    "nothing but its source": lambda: replace(thin(says(2)), status=None, source="kiosk"),
}


def held(booking: Booking) -> tuple[Any, ...]:
    return booking.status, booking.starts_at, booking.paid_minor, booking.earned_points, booking.closed_at


@pytest.mark.parametrize("word", NO_NEW_WORD)
@pytest.mark.parametrize("step", STEPS)
def test_a_site_that_says_nothing_new_undoes_nothing(
    driver: SalonDriver, site: Any, step: Callable[[SalonDriver], Booking], word: str
) -> None:
    driver.hear(site, says(1))
    driver.drain()
    before = step(driver)
    points, log = driver.store.account(NETWORK, MARIA_ID).balance, len(driver.log())
    driver.hear(site, NO_NEW_WORD[word]())
    driver.drain()
    assert held(driver.only_booking()) == held(before)
    assert driver.store.account(NETWORK, MARIA_ID).balance == points
    assert len(driver.log()) <= log + (step is postponed)
    assert questions(driver) == []
    assert driver.ledger_faults() == []


def test_a_repeated_word_about_a_moved_booking_is_still_no_new_word(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    postponed(driver)
    for version in range(2, 6):
        driver.hear(site, says(version, note=f"note {version}"))
    assert driver.only_booking().starts_at == LATER
    driver.hear(site, says(6, IN_TWO_DAYS + timedelta(hours=3)))
    assert driver.only_booking().starts_at == IN_TWO_DAYS + timedelta(hours=3)


# --- a new word of the site


CASES = {
    "completed here, cancelled on the site": (completed, SiteStatus.CANCELLED, Status.COMPLETED, True),
    "completed here, missed on the site": (completed, SiteStatus.NO_SHOW, Status.COMPLETED, True),
    "completed here, to be moved on the site": (completed, SiteStatus.MOVING, Status.COMPLETED, True),
    "completed here, and on the site": (completed, SiteStatus.COMPLETED, Status.COMPLETED, False),
    "completed here, confirmed on the site": (completed, SiteStatus.CONFIRMED, Status.COMPLETED, False),
    "cancelled here, came on the site": (cancelled, SiteStatus.COMPLETED, Status.COMPLETED, True),
    "cancelled here, missed on the site": (cancelled, SiteStatus.NO_SHOW, Status.CANCELLED, False),
    "cancelled here, and on the site": (cancelled, SiteStatus.CANCELLED, Status.CANCELLED, False),
    "cancelled here, confirmed on the site": (cancelled, SiteStatus.CONFIRMED, Status.CANCELLED, False),
    "cancelled by link, came on the site": (cancelled_by_link, SiteStatus.COMPLETED, Status.COMPLETED, True),
    "missed here, came on the site": (missed, SiteStatus.COMPLETED, Status.COMPLETED, True),
    "missed here, cancelled on the site": (missed, SiteStatus.CANCELLED, Status.NO_SHOW, False),
    "confirmed here, cancelled on the site": (confirmed, SiteStatus.CANCELLED, Status.CANCELLED, False),
    "confirmed here, missed on the site": (confirmed, SiteStatus.NO_SHOW, Status.NO_SHOW, False),
    "moved here, cancelled on the site": (postponed, SiteStatus.CANCELLED, Status.CANCELLED, False),
}


@pytest.mark.parametrize("name", CASES)
def test_the_table_decides_between_two_words_of_the_status(driver: SalonDriver, site: Any, name: str) -> None:
    step, word, status, is_asked = CASES[name]
    driver.hear(site, says(1))
    step(driver)
    for version in (2, 3):
        driver.hear(site, says(version, status=word, note=f"note {version}"))
    assert driver.only_booking().status is status
    assert len(questions(driver)) == is_asked
    assert driver.ledger_faults() == []


def test_the_same_disagreement_again_makes_no_second_task(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    completed(driver)
    for version in range(2, 10, 2):
        driver.hear(site, says(version, status=SiteStatus.CANCELLED))
        driver.hear(site, says(version + 1))
    assert questions(driver) == ["standard, status: the site says cancelled, here it is completed"]
    assert driver.only_booking().status is Status.COMPLETED


def test_a_booking_that_the_client_cancelled_lives_again_when_the_site_books_it_anew(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    cancelled_by_link(driver)
    driver.hear(site, says(2, status=SiteStatus.CANCELLED))
    driver.hear(site, says(3))
    assert (driver.only_booking().status, questions(driver)) == (Status.BOOKED, [])


def test_a_no_show_of_the_desk_stays_when_the_site_lifts_its_own_mark_and_the_desk_is_asked(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    missed(driver)
    driver.hear(site, replace(thin(says(2)), status=SiteStatus.NO_SHOW))
    driver.hear(site, replace(thin(says(3)), status=SiteStatus.BOOKED))
    assert (driver.only_booking().status, len(questions(driver))) == (Status.NO_SHOW, 1)


def test_what_the_site_said_itself_it_may_take_back(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    driver.hear(site, says(2, status=SiteStatus.COMPLETED, paid_minor=40_000))
    driver.hear(site, says(3))
    assert driver.only_booking().status is Status.BOOKED
    assert driver.store.account(NETWORK, MARIA_ID).balance == 0
    assert questions(driver) == []


def test_a_visit_that_the_desk_opened_again_stays_open_while_the_site_repeats_that_it_came(
    driver: SalonDriver, site: Any
) -> None:
    came = says(2, status=SiteStatus.COMPLETED, paid_minor=40_000)
    for event in (says(1), came):
        driver.hear(site, event)
    driver.reopen(driver.only_booking())
    driver.hear(site, says(3, status=SiteStatus.COMPLETED, paid_minor=40_000, note="scarf"))
    assert driver.only_booking().status is Status.BOOKED
    driver.hear(site, says(4, status=SiteStatus.NO_SHOW))
    assert driver.only_booking().status is Status.NO_SHOW


def test_a_confirmation_is_said_by_the_client_too_who_repeats_that_of_the_site(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    driver.hear(site, says(2, status=SiteStatus.CONFIRMED))
    step_booking.confirm(driver.world, LinkVisitor(NETWORK, MARIA_ID), driver.only_booking().id)
    version = driver.only_booking().version
    step_booking.confirm(driver.world, LinkVisitor(NETWORK, MARIA_ID), driver.only_booking().id)
    assert driver.only_booking().version == version
    assert driver.only_booking().authors[Fact.STATUS].by is Party.CLIENT
    driver.hear(site, says(3))
    assert driver.only_booking().status is Status.CONFIRMED


# --- when it begins


def test_of_two_moves_the_later_one_holds_and_the_desk_is_asked(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    driver.hear(site, says(1))
    clock.forward(hours=1)
    postponed(driver)
    clock.forward(hours=1)
    driver.hear(site, says(2, LATER + timedelta(days=1)))
    assert driver.only_booking().starts_at == LATER + timedelta(days=1)
    words = "the site says 2026-11-27 12:00, here it is 2026-11-26 12:00"
    assert questions(driver) == [f"standard, start: {words}"]


def test_a_move_that_the_site_made_before_the_desk_did_comes_too_late(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    driver.hear(site, says(1))
    moved_at = clock.now
    clock.forward(hours=1)
    postponed(driver)
    driver.hear(site, says(2, LATER + timedelta(days=1), occurred_at=moved_at))
    assert driver.only_booking().starts_at == LATER
    assert len(questions(driver)) == 1


def test_the_same_move_at_the_desk_and_on_the_site_is_no_question(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    postponed(driver)
    driver.hear(site, says(2, LATER))
    assert (driver.only_booking().starts_at, driver.only_booking().moves) == (LATER, 1)
    assert questions(driver) == []


@pytest.mark.parametrize("step", [cancelled, missed, cancelled_by_link])
def test_a_closed_booking_that_the_site_moves_afterwards_is_booked_again(
    driver: SalonDriver, site: Any, clock: Any, step: Callable[[SalonDriver], Booking]
) -> None:
    driver.hear(site, says(1))
    step(driver)
    clock.forward(hours=1)
    driver.hear(site, says(2, LATER))
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at, len(questions(driver))) == (Status.BOOKED, LATER, 1)


def test_a_visit_that_the_desk_completed_is_not_moved_and_the_desk_is_asked(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    completed(driver)
    for version in (2, 3):
        driver.hear(site, says(version, LATER))
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at, len(questions(driver))) == (Status.COMPLETED, IN_TWO_DAYS, 1)


def test_a_confirmation_that_the_site_tells_with_a_move_is_one_of_the_new_start(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    driver.confirm(driver.only_booking())
    driver.hear(site, says(2, LATER, status=SiteStatus.CONFIRMED))
    assert (driver.only_booking().status, driver.only_booking().starts_at) == (Status.CONFIRMED, LATER)
    driver.hear(site, says(3, LATER + timedelta(days=1)))
    assert driver.only_booking().status is Status.BOOKED


def test_a_visit_took_place_when_the_site_says_that_it_did_though_the_desk_had_moved_it(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    driver.hear(site, says(1))
    postponed(driver)
    clock.now = LATER
    moved = LATER + timedelta(hours=1)
    driver.hear(site, says(2, moved, status=SiteStatus.COMPLETED, paid_minor=40_000))
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at, len(questions(driver))) == (Status.COMPLETED, moved, 1)


# --- what it is for, and what was paid


def test_lines_that_the_desk_changed_stay_until_the_site_says_others(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    nails = {"lines": [WantedLine(service_id="srv_nails")]}
    change_booking.change_booking(driver.world, access(), driver.only_booking().id, nails)
    driver.hear(site, says(2, note="x"))
    assert [line.service_id for line in driver.only_booking().lines] == ["srv_nails"]
    driver.hear(site, says(3, lines=(replace(LINE, minutes=90),)))
    assert [line.minutes for line in driver.only_booking().lines] == [90]
    assert len(questions(driver)) == 1


def test_what_the_desk_took_is_what_was_paid(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    completed(driver)
    for version, paid_minor in enumerate((60_000, 60_000, 40_000, 60_000), start=2):
        driver.hear(site, says(version, status=SiteStatus.COMPLETED, paid_minor=paid_minor))
    assert (driver.only_booking().paid_minor, driver.store.account(NETWORK, MARIA_ID).balance) == (40_000, 20)
    assert len(questions(driver)) == 1


def test_what_the_desk_wrote_stays_above_the_note_of_the_site(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    change_booking.change_booking(driver.world, access(), driver.only_booking().id, {"note": "no latex"})
    for version in (2, 3):
        driver.hear(site, says(version, note="window seat"))
    assert driver.only_booking().note == "no latex\nwindow seat"


# --- thin and late words


def test_a_thin_word_does_not_silence_an_older_one_about_another_fact(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    clock.now = LATER
    for event in (says(1), thin(says(3, status=SiteStatus.NO_SHOW)), says(2, LATER, note="by the window")):
        driver.hear(site, event)
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at, booking.note) == (Status.NO_SHOW, LATER, "by the window")


def test_a_repeated_word_between_two_others_keeps_its_place_in_the_order(
    driver: SalonDriver, site: Any
) -> None:
    for event in (says(1), says(3), says(2, LATER)):
        driver.hear(site, event)
    assert driver.only_booking().starts_at == IN_TWO_DAYS


# --- whose it is


def test_a_client_who_was_taken_off_hears_nothing_and_earns_nothing(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    driver.drain()
    driver.hear(site, says(2, client=None, anonymous=True))
    driver.run_until(IN_TWO_DAYS)
    driver.hear(site, says(3, client=None, anonymous=True, status=SiteStatus.COMPLETED, paid_minor=40_000))
    assert (driver.only_booking().client_id, driver.kinds_sent()) == (None, ["notice"])
    assert driver.store.account(NETWORK, MARIA_ID).balance == 0
    assert driver.client().visits_count == 0


def test_points_held_for_a_client_who_was_taken_off_are_free_again(driver: SalonDriver, site: Any) -> None:
    driver.post("grant", 100)
    driver.hear(site, says(1))
    driver.hold(driver.only_booking(), 60)
    driver.hear(site, says(2, client=None, anonymous=True))
    assert driver.store.account(NETWORK, MARIA_ID).held == 0
    assert driver.only_booking().held_points == 0


def test_a_visit_that_the_site_counted_is_nobodys_once_it_takes_the_client_off(
    driver: SalonDriver, site: Any
) -> None:
    came = says(2, status=SiteStatus.COMPLETED, paid_minor=40_000)
    for event in (says(1), came, replace(came, guard=says(3).guard, client=None, anonymous=True)):
        driver.hear(site, event)
    booking = driver.only_booking()
    assert (booking.status, booking.client_id, booking.paid_minor) == (Status.COMPLETED, None, 40_000)
    assert (driver.client().visits_count, driver.store.account(NETWORK, MARIA_ID).balance) == (0, 0)
    assert driver.ledger_faults() == []


def test_a_visit_that_the_desk_completed_keeps_its_client_and_the_desk_is_asked(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    completed(driver)
    driver.hear(site, says(2, client=None, anonymous=True))
    assert (driver.only_booking().client_id, len(questions(driver))) == (MARIA_ID, 1)


def test_a_site_that_cancels_without_naming_the_client_takes_nobody_off(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    driver.hear(site, says(2, client=None, anonymous=True, status=SiteStatus.CANCELLED))
    assert driver.only_booking().client_id == MARIA_ID


def test_a_client_of_whom_only_a_new_id_is_known_takes_the_place_of_the_former_one(
    driver: SalonDriver, site: Any
) -> None:
    """Square names its customers by ids: messages for the new one must not go to the former one."""
    driver.hear(site, says(1))
    driver.drain()
    driver.hear(site, says(2, client=SiteClient("c-77")))
    booking = driver.only_booking()
    assert (booking.client_id, booking.waiting_for) == (None, "c-77")
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice"]


# --- bookings that were stored before words were kept


def as_stored_before(driver: SalonDriver) -> None:
    driver.store.save(replace(driver.only_booking(), reported=None, authors={}))


@pytest.mark.parametrize("step", [completed, cancelled, missed, confirmed, cancelled_by_link])
def test_the_first_word_about_a_booking_of_before_undoes_nothing(
    driver: SalonDriver, site: Any, step: Callable[[SalonDriver], Booking]
) -> None:
    driver.hear(site, says(1))
    before = step(driver)
    as_stored_before(driver)
    for version in (2, 3):
        driver.hear(site, says(version, note=f"note {version}"))
    assert held(driver.only_booking()) == held(before)


def test_the_first_word_about_a_booking_of_before_may_move_and_cancel_it(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    as_stored_before(driver)
    driver.hear(site, says(2, LATER))
    assert (driver.only_booking().starts_at, driver.only_booking().moves) == (LATER, 1)
    as_stored_before(driver)
    driver.hear(site, says(3, LATER, status=SiteStatus.CANCELLED))
    assert driver.only_booking().status is Status.CANCELLED


def test_a_bill_of_before_is_not_undone_on_a_doubt(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    completed(driver)
    as_stored_before(driver)
    driver.hear(site, says(2, status=SiteStatus.CANCELLED))
    assert (driver.only_booking().status, len(questions(driver))) == (Status.COMPLETED, 1)


# --- where it is, and by which clock


@pytest.fixture
def mapped(driver: SalonDriver, site: Any) -> Any:
    """The site has two locations: A in Chisinau, B in New York."""
    settings = {"salon:A": "sal_centru", "salon:B": "sal_york"}
    (saved,) = driver.store.save(replace(site, salon_id=None, settings=settings))
    driver.world.directories.forget(NETWORK)
    return saved


def test_a_booking_that_goes_to_another_branch_follows_with_zone_and_currency_and_the_client_is_told(
    driver: SalonDriver, mapped: Any
) -> None:
    at_ten = (IN_TWO_DAYS + timedelta(hours=2)).replace(tzinfo=None, hour=10, minute=0)
    driver.hear(mapped, says(1, at_ten, salon_external_id="A"))
    driver.drain()
    driver.confirm(driver.only_booking())
    driver.clock.forward(minutes=2)
    driver.hear(mapped, says(2, at_ten, salon_external_id="B"))
    driver.drain()
    assert driver.bookings() == []
    (booking,) = driver.bookings("sal_york")
    assert (booking.currency, booking.starts_at.hour, booking.status) == ("USD", 15, Status.BOOKED)
    assert driver.kinds_sent() == ["notice", "notice"]
    driver.hear(mapped, says(3, at_ten, salon_external_id="B", note="x"))
    (again,) = driver.bookings("sal_york")
    assert (again.moves, again.starts_at) == (booking.moves, booking.starts_at)


def test_a_visit_that_took_place_stays_in_its_salon(driver: SalonDriver, mapped: Any) -> None:
    driver.hear(mapped, says(1, salon_external_id="A"))
    completed(driver)
    driver.hear(mapped, says(2, salon_external_id="B"))
    assert driver.only_booking().salon_id == "sal_centru"
    assert len(questions(driver)) == 1


def test_a_zone_put_right_keeps_the_wall_clock_that_the_site_said(driver: SalonDriver, site: Any) -> None:
    at_ten = IN_TWO_DAYS.replace(tzinfo=None, hour=10, minute=0)
    driver.hear(site, says(1, at_ten))
    driver.drain()
    before = driver.only_booking()
    change_salon(driver.world, access(), "sal_centru", {"timezone": "Asia/Almaty"})
    driver.run_until(NOW + timedelta(minutes=10))
    booking = driver.only_booking()
    assert (booking.starts_at, booking.moves) == (before.starts_at - timedelta(hours=3), before.moves)
    driver.hear(site, says(2, at_ten, note="x"))
    assert driver.only_booking().starts_at == booking.starts_at
    assert driver.kinds_sent() == ["notice"]


def test_a_start_that_the_desk_said_stays_an_instant_when_the_zone_is_put_right(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1, IN_TWO_DAYS.replace(tzinfo=None)))
    postponed(driver)
    change_salon(driver.world, access(), "sal_centru", {"timezone": "Asia/Almaty"})
    driver.run_until(NOW + timedelta(minutes=10))
    assert driver.only_booking().starts_at == LATER


@pytest.mark.parametrize("year", [2029, 2126])
def test_a_year_that_nobody_can_mean_waits_for_a_person(driver: SalonDriver, site: Any, year: int) -> None:
    far = IN_TWO_DAYS.replace(year=year)
    item = driver.hear(site, says(1, far))
    assert (item.state, item.reason, driver.bookings()) == (InboxState.QUARANTINED, "START_TOO_FAR", [])
    driver.store.save(replace(item, state=InboxState.RECEIVED, released=True))
    driver.ingest(item)
    assert driver.only_booking().starts_at == far


def test_a_move_to_a_year_that_nobody_can_mean_waits_and_the_booking_stays(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1))
    assert driver.hear(site, says(2, IN_TWO_DAYS.replace(year=2126))).reason == "START_TOO_FAR"
    assert driver.only_booking().starts_at == IN_TWO_DAYS


# --- a client who never comes


def unknown_clients(driver: SalonDriver) -> list[str]:
    tasks = driver.store.get_page(Task, network_id=NETWORK).items
    return [str(task.words) for task in tasks if task.kind is TaskKind.SITE_CLIENT_UNKNOWN]


def test_the_desk_is_asked_once_for_a_client_of_whom_the_site_never_tells(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, says(1, client=SiteClient("OLD-CUSTOMER")))
    driver.run_until(NOW + timedelta(minutes=59))
    assert unknown_clients(driver) == []
    driver.hear(site, says(2, client=SiteClient("OLD-CUSTOMER"), note="x"))
    driver.run_until(IN_TWO_DAYS + timedelta(days=3))
    assert unknown_clients(driver) == ["standard names the client OLD-CUSTOMER"]


def test_nobody_is_asked_for_a_client_whom_the_site_tells_in_time(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1, client=SiteClient("c-9")))
    driver.hear(site, client_reported("c-9", 1, ELENA))
    driver.run_until(IN_TWO_DAYS)
    assert unknown_clients(driver) == []


def test_the_desk_is_asked_before_the_visit_begins(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1, NOW + timedelta(minutes=40), client=SiteClient("c-9")))
    driver.run_until(NOW + timedelta(minutes=15))
    assert len(unknown_clients(driver)) == 1


# --- another specialist


def with_rule(driver: SalonDriver) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    messages = replace(network.rules.messages, notice_again_when_staff_changes=True)
    driver.store.save(replace(network, rules=replace(network.rules, messages=messages)))
    driver.world.directories.forget(NETWORK)


VERA = replace(LINE, staff_id="p-2", staff_name="Vera")


@pytest.mark.parametrize("is_told", [False, True])
def test_another_specialist_is_told_where_the_network_wants_it(
    driver: SalonDriver, site: Any, is_told: bool
) -> None:
    if is_told:
        with_rule(driver)
    driver.hear(site, says(1))
    driver.drain()
    driver.clock.forward(minutes=2)
    driver.confirm(driver.only_booking())
    for version in (2, 3):
        driver.hear(site, says(version, lines=(VERA,), note=f"note {version}"))
        driver.drain()
    assert driver.kinds_sent() == ["notice"] * (1 + is_told)
    assert driver.only_booking().status is Status.CONFIRMED


def test_another_specialist_whom_the_desk_chose_is_told_too(driver: SalonDriver) -> None:
    with_rule(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    driver.clock.forward(minutes=2)
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_vera")]
    change_booking.change_booking(driver.world, access(), booking.id, {"lines": lines})
    driver.drain()
    assert driver.kinds_sent() == ["notice", "notice"]
