"""Messages name the service and the specialist from the first minute, and never by an id."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib.domain.intake.site_events import SiteLine
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Connection, Template
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.networks import set_up
from chalicelib.texts.wording import message_words
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NETWORK, NOW, a_connection, a_service, a_town, access
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import MARIA, reported
from infra.testkit.world import a_world

IDS = ("RU3PBTZTK7DX", "TMXUrsBWWcHTt79t")
IN_TWO_DAYS = NOW + timedelta(days=2)
UNNAMED = MessageFacts(
    salon_name="Lotos",
    now=NOW,
    zone="Europe/Chisinau",
    starts_at=IN_TWO_DAYS,
    unnamed_service=True,
    unnamed_staff=True,
)
NEUTRAL = {
    "ru": "Ждём: ваш визит, ваш мастер",
    "ro": "Asteptam: vizita dvs., specialistul dvs.",
    "en": "Come: your visit, your specialist",
}


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    a_town(store)
    store.save(a_connection("square", "con_square"))
    return store


def process(store: MemoryStore, clock: SettableClock, site: SalonDriver | None = None) -> SalonDriver:
    """A function that is warm: it keeps the set-up for a minute."""
    world = a_world(store, clock, directories=CachedDirectories(store.directory, clock))
    driver = SalonDriver(world, texts=message_words)
    return replace(driver, site=site.site) if site else driver


def square(driver: SalonDriver) -> Connection:
    return driver.world.directory(NETWORK).connections["con_square"]


def texts_of(driver: SalonDriver) -> list[str]:
    return [outgoing.worded.text for outgoing in driver.sender.sent]


@pytest.mark.parametrize("language", ["ru", "ro", "en"])
def test_a_site_that_tells_only_ids_is_never_quoted(language: str, store: MemoryStore) -> None:
    driver = process(store, SettableClock())
    store.save(replace(driver.client(), language=language))
    service_id, staff_id = IDS
    line = SiteLine(service_id, None, staff_id, None, minutes=45)
    driver.hear(square(driver), reported("e-1", 1, IN_TWO_DAYS, client=MARIA, lines=(line,)))
    for _ in range(48):
        driver.drain()
        driver.clock.forward(hours=1)
    kinds = driver.kinds_sent()
    assert {"notice", "confirm_request", "control_reminder"} <= set(kinds)
    for text in texts_of(driver):
        assert not any(each in text for each in (*IDS, "nnamed"))


def test_once_the_name_is_told_it_is_used(store: MemoryStore) -> None:
    driver = process(store, SettableClock())
    for version, names in enumerate([(None, None), ("Peeling", "Olga")], 1):
        line = SiteLine(IDS[0], names[0], IDS[1], names[1], minutes=45)
        driver.hear(square(driver), reported("e-1", version, IN_TWO_DAYS, client=MARIA, lines=(line,)))
    driver.drain()
    assert "Peeling, мастер Olga" in texts_of(driver)[0]


def test_a_name_that_a_person_gives_is_used(store: MemoryStore) -> None:
    driver = process(store, SettableClock())
    line = SiteLine(IDS[0], None, IDS[1], None, minutes=45)
    driver.hear(square(driver), reported("e-1", 1, IN_TWO_DAYS, client=MARIA, lines=(line,)))
    (booked,) = driver.only_booking().lines
    set_up.change_service(driver.world, access(), booked.service_id, {"name": "Peeling"})
    driver.drain()
    assert "Peeling" in texts_of(driver)[0]
    assert "мастер" not in texts_of(driver)[0]


def test_a_booking_without_a_service_is_a_visit_in_the_clients_language(store: MemoryStore) -> None:
    driver = process(store, SettableClock())
    driver.hear(square(driver), reported("e-1", 1, IN_TWO_DAYS, client=MARIA, lines=()))
    driver.drain()
    assert "Visit" not in texts_of(driver)[0]


# --- from the first minute


def test_a_notice_names_what_another_process_added_a_moment_ago(store: MemoryStore) -> None:
    clock = SettableClock()
    intake = process(store, clock)
    waking = process(store, clock, intake)
    waking.world.directory(NETWORK)
    line = SiteLine("s-9", "Peeling", "p-9", "Olga", minutes=45)
    intake.hear(square(intake), reported("e-1", 1, IN_TWO_DAYS, client=MARIA, lines=(line,)))
    clock.forward(seconds=3)
    with store.calls(Calls()) as made:
        waking.drain()
    assert "Peeling, мастер Olga" in texts_of(waking)[0]
    assert made.made.count("directory") == 1


def test_what_the_set_up_has_is_read_for_no_notice(store: MemoryStore) -> None:
    driver = process(store, SettableClock())
    driver.book(IN_TWO_DAYS)
    with store.calls(Calls()) as made:
        driver.drain()
    assert "Haircut, мастер Anna" in texts_of(driver)[0]
    assert "directory" not in made.made


# --- a network's own words


@pytest.mark.parametrize("language", NEUTRAL)
def test_an_own_text_has_neutral_words_until_the_name_is_known(language: str) -> None:
    before = {"ru": "Ждём: {services}, мастер {staff}", "ro": "Asteptam: {services}, {staff}",
              "en": "Come: {services}, {staff}"}  # fmt: skip
    assert own(language, before[language], UNNAMED).text == NEUTRAL[language]
    named = replace(UNNAMED, services=("Peeling",), staff="Olga")
    assert "Peeling" in own(language, before[language], named).text
    assert "Olga" in own(language, before[language], named).text


def own(language: str, text: str, of: MessageFacts) -> Worded:
    fields = {"kind": TouchKind.NOTICE, "channel": "sms", "language": language, "text": text}
    template = Template(network_id=NETWORK, changed_at=NOW, actor="key:test", **fields)
    return message_words("notice", "sms", language, of, template)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "your visit with your specialist"),
        ("ru", "ваш визит"),
        ("ro", "vizita dvs. cu specialistul dvs."),
    ],
)
def test_whatsapps_registered_text_has_them_too(language: str, words: str) -> None:
    worded = message_words("notice", "whatsapp", language, UNNAMED, None)
    assert words in worded.text
    assert "–" not in worded.parameters[1:4]


def test_a_service_of_an_earlier_version_is_not_named_by_its_id(store: MemoryStore) -> None:
    driver = process(store, SettableClock())
    store.save(a_service("srv_old", name="88010", external_ids=("con_square:88010",), made_by="con_square"))
    driver.book(IN_TWO_DAYS, lines=[WantedLine(service_id="srv_old", staff_id="stf_anna")])
    driver.drain()
    assert "мастер Anna" in texts_of(driver)[0]
    assert "88010" not in texts_of(driver)[0]
