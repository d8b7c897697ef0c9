"""Every AWS call of a partner's requests about a known client fails in turn; done again, all is there
once."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.first_source import partner_word
from chalicelib.domain.networks.network import Role
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.clients.partner_clients import find_record, register_for_partner
from chalicelib.services.clients.register_client import NewClient, change_client
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW, a_town, access
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls
from infra.testkit.salon_driver import MARIA_ID

PARTNER = access(Role.PARTNER, source="instagram")
PHONE, EMAIL, OTHER_PHONE = "+37369123456", "maria@example.com", "+37369600999"
PERSON = NewClient(name="Maria P.", phone=PHONE, email=EMAIL)
SAME_EMAIL = NewClient(name="Ion P.", phone=OTHER_PHONE, email=EMAIL)

Job = Callable[[World], Any]


def register(world: World) -> None:
    register_for_partner(world, PARTNER, PERSON, request_id="r-1")


def book_for_partner(world: World) -> None:
    book_for(world, PERSON)


def book_for(world: World, client: str | NewClient) -> None:
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_anna")]
    wanted = NewBooking(salon_id="sal_centru", client=client, starts_at=NOW + timedelta(days=2), lines=lines)
    book(world, PARTNER, wanted, "r-2")


def records(world: World) -> list[Client]:
    return [each for each in world.store.clients(NETWORK).items if partner_word(each) == "instagram"]


def after_each_failure(world: World, before: Job, job: Job, failure: Failure, holds: Job) -> None:
    """Fails each call of the job in turn, does the job again, and checks what holds."""
    for number in range(40):
        laid_out(world)
        before(world)
        with calls(Calls(number, failure)) as failing, contextlib.suppress(WorkerDied, Exception):
            job(world)
        job(world)
        holds(world)
        if len(failing.made) <= number:
            return
    raise AssertionError("so many calls are not needed")


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize(("job", "bookings"), [(register, 0), (book_for_partner, 1)])
def test_whichever_call_fails_done_again_there_is_one_record(
    job: Job, bookings: int, failure: Failure, world: World
) -> None:
    def holds(world: World) -> None:
        (record,) = records(world)
        assert record.merged is not None
        assert record.merged.into == MARIA_ID
        page = world.store.bookings_of_client(NETWORK, MARIA_ID)
        assert [each.booked_as for each in page.items] == [record.id] * bookings

    after_each_failure(world, lambda _: None, job, failure, holds)


def phone_put_right(world: World) -> None:
    """The partner has a record of Maria; then the desk puts her phone and her e-mail right."""
    register(world)
    changes = {"phone": "+37369600777", "email": "real@example.com"}
    change_client(world, access(), MARIA_ID, changes)


def book_by_old_id(world: World) -> None:
    book_for(world, min(records(world), key=lambda each: each.merged is None).id)


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("job", [book_for_partner, book_by_old_id])
def test_whichever_call_fails_a_stale_record_is_replaced_once(
    job: Job, failure: Failure, world: World
) -> None:
    def holds(world: World) -> None:
        assert len(records(world)) == 2
        (new,) = (each for each in records(world) if each.merged is None)
        assert (new.phone, new.email, new.name) == (PHONE, EMAIL, "Maria P.")
        assert find_record(world, PARTNER, phone=PHONE, email=None) == new
        assert len(world.store.bookings_of_client(NETWORK, new.id).items) == 1
        assert world.store.bookings_of_client(NETWORK, MARIA_ID).items == []

    after_each_failure(world, phone_put_right, job, failure, holds)


@pytest.mark.parametrize("failure", list(Failure))
def test_whichever_call_fails_who_shares_an_email_becomes_one_client(failure: Failure, world: World) -> None:
    def holds(world: World) -> None:
        (record,) = records(world)
        others = {each.id: each for each in world.store.clients(NETWORK).items if each.id != record.id}
        (ion,) = (each for each in others.values() if each.id != MARIA_ID)
        assert record.merged is not None
        assert (record.email, record.merged.into) == (EMAIL, ion.id)
        assert (ion.phone, ion.email, ion.source) == (OTHER_PHONE, None, "instagram")
        assert world.store.alias(NETWORK, "email", EMAIL) == MARIA_ID
        (booking,) = world.store.bookings_of_client(NETWORK, ion.id).items
        assert booking.booked_as == record.id

    after_each_failure(world, lambda _: None, lambda world: book_for(world, SAME_EMAIL), failure, holds)


def laid_out(world: World) -> None:
    table: Any = world.store
    table.item.delete_table()
    table.item.create_table(billing_mode="PAY_PER_REQUEST")
    a_town(table)
