"""Whatever becomes of messages, pages of facts and their marked days tell of them what the logs tell."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS, PageName
from chalicelib.domain.facts.touch_facts import tells_reason
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.services.facts.record_facts import FactRecorder
from chalicelib.services.facts.renew_page import renew_page
from chalicelib.store.keys import place_of
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import FolderObjects
from infra.testkit.failing_calls import Calls, calls
from infra.testkit.salon_driver import SalonDriver
from tests.services.facts.pages import files_of, pages, renew_due, reported
from tests.services.facts.touches import delivered, hold_out_all, invite, told_by_logs

TODAY = date(2026, 11, 23)
NOVEMBER = PageName(TOUCHES, "sal_centru", "2026-11")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


def the_night(driver: SalonDriver) -> None:
    driver.clock.now = max(page.wake.at for page in pages(driver, TOUCHES) if page.wake is not None)


def renew(driver: SalonDriver, objects: FolderObjects) -> None:
    the_night(driver)
    renew_due(driver, objects, table=TOUCHES)
    assert [page.days for page in pages(driver, TOUCHES)] == [()]


def agree(driver: SalonDriver, objects: FolderObjects) -> bool:
    told = told_by_logs(driver)
    assert told
    return reported(driver, objects, table=TOUCHES) == told


def test_a_message_marks_its_day_on_a_page_of_its_own(driver: SalonDriver, objects: FolderObjects) -> None:
    invite(driver)
    (page,) = pages(driver, TOUCHES)
    assert (page.id, page.days, page.part) == ("touches.sal_centru.2026-11", (TODAY,), None)
    assert pages(driver, VISITS) == []
    assert agree(driver, objects)


def test_a_page_is_renewed_in_the_night_and_costs_nothing_afterwards(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    invite(driver)
    renew(driver, objects)
    assert agree(driver, objects)
    (page,) = pages(driver, TOUCHES)
    assert (page.rows, page.wake) == (1, None)
    folder = f"facts/touches/v1/network={NETWORK}/salon=sal_centru/month=2026-11"
    assert str(page.part).startswith(f"{folder}/part-")


def test_a_held_out_client_is_told_with_the_reason(driver: SalonDriver, objects: FolderObjects) -> None:
    hold_out_all(driver)
    invite(driver)
    assert agree(driver, objects)
    (fact,) = reported(driver, objects, table=TOUCHES)
    assert (fact.kind, fact.state, fact.reason) == ("repeat_invitation", "skipped", "held_out")
    assert (fact.touch_on, fact.client, fact.cost_micros) == (TODAY, "cli_maria00000000001", 0)


def test_a_receipt_of_an_older_message_is_seen_at_once_and_after_the_next_night(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    message = invite(driver)
    renew(driver, objects)
    driver.clock.forward(days=2)
    delivered(driver, message)
    (page,) = pages(driver, TOUCHES)
    assert page.days == (TODAY,)
    assert agree(driver, objects)
    renew(driver, objects)
    assert agree(driver, objects)
    (fact,) = reported(driver, objects, table=TOUCHES)
    assert (fact.state, fact.cost_micros, fact.charged) == ("delivered", 70_000, True)


def test_a_receipt_that_says_nothing_new_marks_nothing(driver: SalonDriver, objects: FolderObjects) -> None:
    message = invite(driver)
    delivered(driver, message)
    renew(driver, objects)
    (page,) = pages(driver, TOUCHES)
    driver.store.prepared_by(FactRecorder(driver.world))
    delivered(driver, message)
    assert pages(driver, TOUCHES) == [page]


def test_a_process_marks_a_day_once(driver: SalonDriver) -> None:
    hold_out_all(driver)
    invite(driver)
    (page,) = pages(driver, TOUCHES)
    driver.clock.forward(hours=1)
    with calls(Calls()) as made:
        invite(driver)
    assert pages(driver, TOUCHES) == [page]
    assert made.made.count("PutItem") == 3  # laid out, recorded, settled


def test_what_goes_along_in_another_message_is_no_fact(driver: SalonDriver, objects: FolderObjects) -> None:
    """A bonus notice in the text of a review request: its message is in the client's log alone."""
    driver.complete(driver.book(NOW + timedelta(hours=1)), paid_minor=45_000)
    driver.clock.forward(hours=4)
    driver.drain()
    assert {each.kind.value for each in driver.log()} >= {"review_request", "bonus_notice"}
    assert agree(driver, objects)
    assert "bonus_notice" not in {fact.kind for fact in reported(driver, objects, table=TOUCHES)}


def test_a_day_of_a_page_is_one_of_utc_and_a_touch_is_of_the_salons_date(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    """At 00:30 on 1 December in Chisinau it is 22:30 on 30 November by UTC."""
    driver.clock.now = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
    driver.book(driver.clock.now + timedelta(days=3))
    driver.drain()
    (page,) = pages(driver, TOUCHES)
    assert (page.month, page.days) == ("2026-11", (date(2026, 11, 30),))
    (fact,) = reported(driver, objects, table=TOUCHES)
    assert fact.touch_on == date(2026, 12, 1)
    assert agree(driver, objects)


def test_a_page_is_rebuilt_from_nothing_with_the_same_bytes(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    hold_out_all(driver)
    for _ in range(3):
        invite(driver)
        renew(driver, objects)
        driver.clock.forward(hours=9)
    (page,) = pages(driver, TOUCHES)
    content = objects.get(str(page.part))
    again = renew_page(driver.world, files_of(objects), NETWORK, NOVEMBER, whole=True)
    assert (again.rows, again.part != page.part) == (3, True)
    assert objects.get(str(again.part)) == content


@pytest.mark.parametrize("content", [None, b"", b"PAR1 damaged"])
def test_a_missing_or_damaged_part_is_made_again(
    driver: SalonDriver, objects: FolderObjects, content: bytes | None
) -> None:
    invite(driver)
    renew(driver, objects)
    (page,) = pages(driver, TOUCHES)
    objects.remove(str(page.part))
    if content is not None:
        objects.put(str(page.part), content)
    again = renew_page(driver.world, files_of(objects), NETWORK, NOVEMBER)
    assert again.part != page.part
    assert agree(driver, objects)


def test_of_an_earlier_release_a_skip_of_marketing_is_read_for_its_reason(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    hold_out_all(driver)
    message = invite(driver)
    as_before(driver, message, "repeat_invitation skipped sms 0 0 0")
    (fact,) = reported(driver, objects, table=TOUCHES)
    assert fact.reason == "held_out"
    assert agree(driver, objects)


def test_of_an_earlier_release_another_message_is_told_by_the_index_alone(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    message = invite(driver)
    as_before(driver, message, "repeat_invitation sent sms 1 64000 0")
    with calls(Calls()) as made:
        (fact,) = reported(driver, objects, table=TOUCHES)
    assert "BatchGetItem" not in made.made
    assert (fact.state, fact.cost_micros, fact.touch_on) == (MessageState.SENT, 64_000, TODAY)


def as_before(driver: SalonDriver, message: Message, words: str) -> None:
    """The message's item with a status of an earlier release."""
    item = driver.store.item.get(place_of(message).pk, place_of(message).sk)
    assert tells_reason(item.status)
    item.status = words
    item.save()
