"""Every AWS call of a partner's requests about a known client fails in turn; done again, all is there
once."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain.networks.network import Role
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.clients.partner_clients import register_for_partner
from chalicelib.services.clients.register_client import NewClient
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW, a_town, access
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls
from infra.testkit.salon_driver import MARIA_ID

PARTNER = access(Role.PARTNER, source="instagram")
PERSON = NewClient(name="Maria P.", phone="+37369123456", email="maria@example.com")


def register(world: World) -> None:
    register_for_partner(world, PARTNER, PERSON, request_id="r-1")


def book_for_partner(world: World) -> None:
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_anna")]
    wanted = NewBooking(
        salon_id="sal_centru", client=PERSON, starts_at=NOW + timedelta(days=2), lines=lines
    )
    book(world, PARTNER, wanted, "r-2")


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize(("job", "bookings"), [(register, 0), (book_for_partner, 1)])
def test_whichever_call_fails_done_again_there_is_one_record(
    job: Callable[[World], None], bookings: int, failure: Failure, world: World
) -> None:
    for number in range(40):
        laid_out(world)
        with calls(Calls(number, failure)) as failing, contextlib.suppress(WorkerDied, Exception):
            job(world)
        job(world)
        records = [each for each in world.store.clients(NETWORK).items if each.source == "instagram"]
        assert [each.merged.into for each in records if each.merged] == [MARIA_ID]
        assert len(records) == 1
        page = world.store.bookings_of_client(NETWORK, MARIA_ID)
        assert [each.booked_as for each in page.items] == [records[0].id] * bookings
        if len(failing.made) <= number:
            return
    raise AssertionError("so many calls are not needed")


def laid_out(world: World) -> None:
    table = world.store
    table.item.delete_table()  # type: ignore[attr-defined]
    table.item.create_table(billing_mode="PAY_PER_REQUEST")  # type: ignore[attr-defined]
    a_town(table)
