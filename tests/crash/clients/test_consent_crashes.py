"""Every AWS call of what changes consents and devices fails in turn; done again, all is there once."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.clients.clients import CHANNELS, Client
from chalicelib.domain.intake.site_events import ClientReported, SiteClient, guard
from chalicelib.domain.shared.aliases import Alias, site_client
from chalicelib.services.clients.consents import Statement, history, set_consents, stop_messages
from chalicelib.services.clients.devices import add_device
from chalicelib.services.clients.register_client import NewClient, change_client, register_client
from chalicelib.services.intake.apply_client import apply_client
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, a_connection, a_town, access
from infra.testkit.doubles import RecordingRegistry
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls

MARIA = "cli_maria00000000001"
NEW_PHONE = "+37369777777"


def agree(world: World) -> None:
    pairs = [(channel, "marketing") for channel in CHANNELS]
    set_consents(world, NETWORK, MARIA, pairs, Statement("asked", "key:1"), granted=True)


def stop(world: World) -> None:
    stop_messages(world, NETWORK, MARIA, Statement("stop page"))


def move(world: World) -> None:
    change_client(world, access(), MARIA, {"phone": NEW_PHONE})


def report(world: World) -> None:
    connection = world.directory(NETWORK).connections["con_standard"]
    reported = SiteClient(external_id="77", phone=NEW_PHONE)
    apply_client(world, connection, ClientReported("77", guard(version=2), reported))


def register(world: World) -> None:
    new = NewClient(name="Ion", phone="069222333", consents=(("sms", "marketing", True, "form"),))
    register_client(world, access(), new, request_id="r-1")


def add(world: World) -> None:
    add_device(world, access(), RecordingRegistry(), MARIA, "android", "token-1")


def as_it_is(world: World) -> tuple[Any, ...]:
    """What the clients allow, by which address, how it came about, and which devices they have."""
    found: list[Client] = list(world.store.clients(NETWORK).items)
    return tuple(
        (
            client.phone,
            sorted((each.channel, each.purpose, each.granted) for each in client.consents),
            [(line.consent.channel, line.consent.purpose, line.consent.granted, line.void)
             for line in history(world, NETWORK, client.id)],
            [device.endpoint for device in client.devices],
        )
        for client in sorted(found, key=lambda client: client.name)
    )  # fmt: skip


@pytest.fixture
def begun(world: World, store: Any) -> Callable[[], None]:
    """Lays the same state out again, as often as it is called."""

    def begin() -> None:
        store.item.delete_table()
        store.item.create_table(billing_mode="PAY_PER_REQUEST")
        a_town(store)
        known_as = Alias(network_id=NETWORK, kind=site_client("con_standard"), value="77", leads_to=MARIA)
        store.save(a_connection(), known_as)
        agree(world)

    return begin


@pytest.mark.parametrize("job", [stop, move, report, register, add])
def test_whichever_call_fails_done_again_all_is_there_once(
    job: Callable[[World], None], world: World, begun: Callable[[], None]
) -> None:
    begun()
    before = as_it_is(world)
    with calls(Calls()) as dry:
        job(world)
    expected = as_it_is(world)
    assert expected != before
    for number in range(len(dry.made)):
        for failure in Failure:
            begun()
            failing = Calls(fails_at=number, failure=failure)
            with calls(failing), contextlib.suppress(WorkerDied, Exception):
                job(world)
            job(world)
            assert as_it_is(world) == expected, (number, failure, failing.made)
