"""Archiving many at once, and what becomes of invitations to what is archived."""

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Due
from chalicelib.domain.networks.network import Service
from chalicelib.services.clients import consents
from chalicelib.services.networks import set_up
from chalicelib.services.networks.archive import MAX_AT_ONCE, Archived, ToArchive, archive_services
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW, a_service, a_town, access
from infra.testkit.failing_calls import Calls, Failure, WorkerDied
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.world import a_world

ALL = ToArchive()


def network_of(unreviewed: int) -> tuple[World, MemoryStore]:
    store = MemoryStore()
    a_town(store)
    store.save(*(a_service(f"srv_{n}", unreviewed=True) for n in range(unreviewed)))
    return a_world(store), store


def offered(world: World) -> list[Service]:
    return [each for each in world.fresh_directory(NETWORK).services.values() if not each.archived]


def test_five_hundred_are_archived_in_eleven_calls_and_the_rest_is_left_to_the_next_request() -> None:
    world, store = network_of(MAX_AT_ONCE + 10)
    with store.calls(Calls()) as made:
        assert archive_services(world, access(), ALL) == Archived(MAX_AT_ONCE, 10)
    assert len(made.made) == 1 + MAX_AT_ONCE // 50
    assert archive_services(world, access(), ALL) == Archived(10, 0)
    assert {each.id for each in offered(world)} == {"srv_cut", "srv_nails"}


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER, Failure.DIED])
@pytest.mark.parametrize("number", range(4))
def test_whichever_call_fails_done_again_all_are_archived(number: int, failure: Failure) -> None:
    world, store = network_of(120)
    with store.calls(Calls(number, failure)), pytest.raises((ConnectionError, WorkerDied)):
        archive_services(world, access(), ALL)
    archive_services(world, access(), ALL)
    assert {each.id for each in offered(world)} == {"srv_cut", "srv_nails"}


@pytest.mark.parametrize(
    ("archived", "reason"), [(("srv_cut",), None), (("srv_cut", "srv_nails"), "not_offered")]
)
def test_nobody_is_invited_to_what_is_archived(
    archived: tuple[str, ...], reason: str | None, driver: SalonDriver
) -> None:
    due = tuple(Due(service_id, NOW, "bkg_1") for service_id in ("srv_cut", "srv_nails"))
    client = replace(driver.client(), due=due)
    driver.store.save(replace(client, recent_visits=(), visits_count=1))
    statement = consents.Statement("asked", "key:test")
    consents.set_consents(driver.world, NETWORK, MARIA_ID, [("sms", "marketing")], statement, granted=True)
    for service_id in archived:
        set_up.change_service(driver.world, access(), service_id, {"archived": True})
    driver.drain()
    (message,) = driver.log()
    assert message.kind == "repeat_invitation"
    assert message.reason == reason
    if reason is None:
        (sent,) = driver.sender.sent
        assert "Haircut" not in sent.worded.text
        assert "Manicure" in sent.worded.text
