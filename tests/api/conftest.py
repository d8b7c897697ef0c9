"""HTTP on the test's world: the app as API Gateway calls it, with keys of every role."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.api.http import container
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.network import Key, Role
from chalicelib.functions import ReportsFunction
from chalicelib.passes.wallets import Wallets
from chalicelib.services.intake.receive_webhook import Receiving
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.sending import Sending
from chalicelib.services.networks.manage_keys import key_hash
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World
from chalicelib.wiring import CachedDirectories
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, Town, a_booking, a_town, save_booking
from infra.testkit.doubles import RecordingIntake, RecordingRegistry, RecordingSender

if TYPE_CHECKING:
    from chalice import Chalice

BASE_URL = "https://perennial.example/api"
SOURCE = "instagram"


class TestContainer(Struct):
    """The test's world in place of the wiring's."""

    __test__ = False

    the_world: World
    intake: RecordingIntake
    registry: RecordingRegistry = field(default_factory=RecordingRegistry)
    sender: RecordingSender = field(default_factory=RecordingSender)
    mail: RecordingSender = field(default_factory=lambda: RecordingSender("email"))
    the_wallets: Wallets = field(default_factory=Wallets)
    reports_function: Any = None
    """In place of the client of Lambda."""

    def reports(self) -> ReportsFunction:
        return ReportsFunction(lambda: self.reports_function, "reports")

    def wallets(self) -> Wallets:
        return self.the_wallets

    def world(self) -> World:
        return self.the_world

    def links(self) -> Links:
        return Links(secret=b"0123456789abcdef0123456789abcdef", base_url=BASE_URL)

    def own_identities(self) -> frozenset[str]:
        return frozenset({"salon@perennial.example"})

    def push_registry(self) -> RecordingRegistry:
        return self.registry

    def sending(self) -> Sending:
        from chalicelib.texts.wording import message_words

        senders = {"sms": self.sender, "email": self.mail}
        budgets = Budgets(self.the_world)
        return Sending(self.the_world, senders, self.links(), message_words, budgets)

    def receiving(self) -> Receiving:
        from chalicelib.booking_sites import ADAPTERS

        return Receiving(self.the_world, ADAPTERS, self.intake, lambda: BASE_URL)


def in_path(text: str) -> str:
    return quote(text, safe="")


@pytest.fixture
def given_container(world: World, intake_queue: RecordingIntake) -> Iterator[TestContainer]:
    made = TestContainer(world, intake_queue)
    container.use(made)
    yield made
    container.use(None)


@pytest.fixture
def town(world: World) -> Town:
    return a_town(world.store)


@pytest.fixture
def world(world: World, store: Any, clock: Any) -> World:
    """With set-up kept for a minute, as in a function."""
    return replace(world, directories=CachedDirectories(store.directory, clock))


@pytest.fixture
def keys(store: Any, town: Town) -> dict[str, str]:
    """A key of each role, all salons; the specialist is Anna, the partner's source Instagram."""
    secrets = {role: f"pk_{NETWORK[-10:]}.{role.value:0<32}" for role in Role}
    store.save(*(_key(role, secret) for role, secret in secrets.items()))
    return {role.value: secret for role, secret in secrets.items()}


def _key(role: Role, secret: str) -> Key:
    return Key(
        network_id=NETWORK,
        id=f"key_{role}",
        hash=key_hash(secret),
        role=role,
        name=role.value,
        created_at=NOW,
        staff_id="stf_anna" if role is Role.SPECIALIST else None,
        source=SOURCE if role is Role.PARTNER else None,
    )


@pytest.fixture(scope="session")
def app() -> "Chalice":
    from app import app

    return app


@pytest.fixture
def http(app: "Chalice", given_container: TestContainer, keys: dict[str, str]) -> Http:
    """Asks as the owner."""
    return Http(app, keys["owner"])


@pytest.fixture
def begun(world: World, town: Town) -> Booking:
    """Maria's booking with Anna, which begins right now."""
    return save_booking(world.store, a_booking(starts_at=NOW))


@pytest.fixture
def mine(world: World, town: Town) -> Booking:
    """Maria's booking with Anna, the day after tomorrow at ten in Chisinau."""
    return save_booking(world.store, a_booking())
