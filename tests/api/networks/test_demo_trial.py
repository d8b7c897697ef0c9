"""The story of the demo's trial, over HTTP: what would go out, what is missing, and going live."""

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.network import Key, Role
from chalicelib.services.networks.manage_keys import key_hash
from chalicelib.services.shared.world import World
from chalicelib.services.waking.handlers import wake_booking
from infra.demo.day.trial import NetworkTrial
from infra.demo.http import Caller
from infra.testkit.api_client import Http
from infra.testkit.doubles import SettableClock
from tests.api.conftest import TestContainer
from tests.api.loyalty.test_demo_bonuses import AppRequests
from tests.demo.demo_network import NETWORK, NOW, directory

if TYPE_CHECKING:
    from chalice import Chalice


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def trial(
    app: "Chalice", world: World, given_container: TestContainer, clock: SettableClock, told: list[str]
) -> NetworkTrial:
    known = directory()
    world.store.save(replace(known.network, trial=True))
    for value in (*known.salons.values(), *known.staff.values(), *known.services.values()):
        world.store.save(value)
    secret = f"pk_{NETWORK[-10:]}.{'owner':0<32}"
    world.store.save(
        Key(network_id=NETWORK, id="key_owner", hash=key_hash(secret), role=Role.OWNER, name="owner",
            created_at=NOW)
    )  # fmt: skip
    clock.now = NOW
    demo = {
        "salons": [{"id": each} for each in known.salons],
        "services": [{"id": each.id, "name": each.name} for each in known.services.values()],
    }

    def functions() -> None:
        """What the deployed functions do meanwhile."""
        for salon_id in known.salons:
            for booking in world.store.bookings_of_salon(NETWORK, salon_id, limit=200).items:
                if booking.wake is not None and booking.wake.at <= world.now():
                    found = world.store.get(Booking, network_id=NETWORK, id=booking.id)
                    wake_booking(given_container.sending(), found)

    owner = Caller(AppRequests(Http(app)), secret)
    return NetworkTrial(owner, demo, NOW, told.append, functions)


def test_the_trial_is_shown_and_ended(trial: NetworkTrial, told: list[str]) -> None:
    trial.shown()
    story = "\n".join(told)
    assert "would send  notice by sms" in story
    assert "would give  9 points" in story
    assert "missing     texts" in story
    trial.ended()
    assert trial.owner.get("/v1/network")["live"] is True
    assert "kept back 1 message" in told[-1]


def test_shown_again_it_doubles_nothing(trial: NetworkTrial, told: list[str]) -> None:
    trial.shown()
    trial.shown()
    trial.ended()
    lines = len(told)
    assert "kept back 1 message" in told[-1]
    trial.shown()
    trial.ended()
    assert len(told) == lines
