"""The list of sources: no word belongs to two, and words that no source has are noted once a day."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Role
from chalicelib.domain.networks.sources import MonthCost, Source, SourceType
from chalicelib.domain.shared.currencies import Amount
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.clients.register_client import NewClient, change_client, register_client
from chalicelib.services.networks.hear_source import MAX_HEARD, hear_source
from chalicelib.services.networks.manage_sources import (
    MAX_ALIASES,
    MAX_SOURCES,
    add_source,
    change_source,
    set_cost,
    unknown_words,
)
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NETWORK, NOW, a_connection, a_town, access
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported
from infra.testkit.world import a_world


@pytest.fixture
def driver() -> SalonDriver:
    """A network in memory, whose set-up is kept for a minute as in a function."""
    store: Any = MemoryStore()
    a_town(store)
    clock = SettableClock(NOW)
    return SalonDriver(a_world(store, clock, directories=CachedDirectories(store.directory, clock)))


def listed(driver: SalonDriver, name: str = "Instagram", **fields: Any) -> Source:
    return add_source(driver.world, access(), {"name": name, "type": SourceType.SOCIAL, **fields})


def changed(driver: SalonDriver, source: Source, **changes: Any) -> Source:
    return change_source(driver.world, access(), source.id, changes)


def heard(driver: SalonDriver) -> dict[str, int]:
    """The unknown words, each with on how many days it was heard."""
    found = unknown_words(driver.world.fresh_directory(NETWORK))
    return {each.word: each.heard.days for each in found if each.heard is not None}


def registered(driver: SalonDriver, number: int = 0, source: str | None = "Tik Tok") -> str:
    new = NewClient(name="Ion", phone=f"+3736911{number:04}", source=source)
    return register_client(driver.world, access(), new).id


# --- the list


def test_a_source_is_made_once_whatever_is_repeated(driver: SalonDriver) -> None:
    fields = {"name": "Instagram", "type": SourceType.SOCIAL, "aliases": ("insta",)}
    made = [add_source(driver.world, access(), fields, "r-1") for _ in range(2)]
    assert made[0] == made[1]
    assert list(driver.world.directory(NETWORK).sources.values()) == made[:1]


@pytest.mark.parametrize("word", ["instagram", "INSTA?utm_medium=x", "Insta "])
def test_a_word_belongs_to_one_source(word: str, driver: SalonDriver) -> None:
    first, other = listed(driver, aliases=("Insta",)), listed(driver, "Google")
    for attempt in (
        lambda: listed(driver, word),
        lambda: listed(driver, "New", aliases=("x", word)),
        lambda: changed(driver, other, aliases=(word,)),
        lambda: changed(driver, other, name=word),
    ):
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.code == "SOURCE_TAKEN"
        assert refusal.value.details["source_id"] == first.id


def test_a_word_of_an_archived_source_is_taken_too(driver: SalonDriver) -> None:
    changed(driver, listed(driver), archived=True)
    with pytest.raises(DomainError, match="Instagram has that word"):
        listed(driver, "instagram")


def test_the_former_name_stays_an_alias(driver: SalonDriver) -> None:
    source = changed(driver, listed(driver, aliases=("insta",)), name="Instagram Lotos")
    assert source.aliases == ("insta", "instagram")
    assert changed(driver, source, name="INSTAGRAM lotos").aliases == source.aliases


def test_a_change_names_the_version_that_it_was_made_from(driver: SalonDriver) -> None:
    source = listed(driver)
    changed(driver, source, name="X", version=source.version)
    with pytest.raises(DomainError) as refusal:
        changed(driver, source, name="Y", version=source.version)
    assert refusal.value.code == "STALE_VERSION"


def test_sources_and_aliases_have_bounds(driver: SalonDriver) -> None:
    for number in range(MAX_SOURCES):
        listed(driver, f"s{number}")
    many = tuple(f"a{number}" for number in range(MAX_ALIASES + 1))
    first = next(iter(driver.world.directory(NETWORK).sources.values()))
    for attempt in (lambda: listed(driver), lambda: changed(driver, first, aliases=many)):
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.code == "OUT_OF_RANGE"


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "?!"}, {"aliases": ("ok", "–")}])
def test_a_word_has_letters_or_digits(fields: dict[str, Any], driver: SalonDriver) -> None:
    with pytest.raises(DomainError) as refusal:
        listed(driver, **fields)
    assert refusal.value.code == "INVALID_NAME"


# --- costs


def test_a_cost_is_told_told_again_and_taken_away(driver: SalonDriver) -> None:
    source = listed(driver)

    def told(month: str, minor: int | None) -> dict[str, MonthCost]:
        cost = Amount(minor, "MDL") if minor is not None else None
        return dict(set_cost(driver.world, access(), source.id, month, cost).costs)

    assert told("2026-10", 5_000) == {"2026-10": MonthCost(5_000, "MDL")}
    assert list(told("2026-03", 0)) == ["2026-03", "2026-10"]
    assert told("2026-10", 7_000)["2026-10"] == MonthCost(7_000, "MDL")
    assert told("2026-10", None) == {"2026-03": MonthCost(0, "MDL")}
    assert told("2026-10", None) == {"2026-03": MonthCost(0, "MDL")}


@pytest.mark.parametrize("month", ["2016-10", "2027-12", "2026-13", "2026-1", "x", "2026-10-01", "202610"])
def test_a_month_is_one_of_ten_years_back_and_one_ahead(month: str, driver: SalonDriver) -> None:
    source = listed(driver)
    for known in ("2016-11", "2027-11"):
        set_cost(driver.world, access(), source.id, known, Amount(1, "MDL"))
    with pytest.raises(DomainError) as refusal:
        set_cost(driver.world, access(), source.id, month, Amount(1, "MDL"))
    assert refusal.value.code == "INVALID_MONTH"


@pytest.mark.parametrize(
    ("minor", "currency", "code"),
    [(-1, "MDL", "OUT_OF_RANGE"), (10**12 + 1, "MDL", "OUT_OF_RANGE"), (1, "XXX", "INVALID_CURRENCY")],
)
def test_a_cost_is_a_usual_sum_in_a_real_currency(
    minor: int, currency: str, code: str, driver: SalonDriver
) -> None:
    source = listed(driver)
    with pytest.raises(DomainError) as refusal:
        set_cost(driver.world, access(), source.id, "2026-10", Amount(minor, currency))
    assert refusal.value.code == code


# --- unknown words


def test_a_word_is_noted_once_a_day_whoever_comes_with_it(driver: SalonDriver) -> None:
    registered(driver, 1)
    driver.world.directory(NETWORK)
    with driver.store.calls(Calls()) as made:
        for number in range(2, 6):
            registered(driver, number, "tik tok")
    assert made.made == ["save"] * 4
    assert heard(driver) == {"Tik Tok": 1}
    driver.clock.now += timedelta(days=1)
    registered(driver, 7, "TIK-TOK")
    assert heard(driver) == {"TIK-TOK": 2}


def test_two_processes_that_hear_a_word_on_one_day_count_it_once(driver: SalonDriver) -> None:
    registered(driver, 1)
    driver.clock.now += timedelta(days=1)
    stale = driver.store.directory(NETWORK)
    for _ in range(2):
        kept = CachedDirectories(lambda _: stale, driver.clock)
        hear_source(a_world(driver.store, driver.clock, directories=kept), NETWORK, "Tik Tok")
    assert heard(driver) == {"Tik Tok": 2}


def test_a_word_of_a_source_and_no_word_cost_nothing(driver: SalonDriver) -> None:
    listed(driver, aliases=("tik tok",))
    driver.world.directory(NETWORK)
    with driver.store.calls(Calls()) as made:
        for number, word in enumerate(("Tik Tok", None, "…")):
            registered(driver, number, word)
    assert made.made == ["save"] * 3


def test_a_word_is_adopted_and_counts_for_clients_of_before(driver: SalonDriver) -> None:
    registered(driver)
    source = listed(driver, aliases=tuple(heard(driver)))
    assert heard(driver) == {}
    changed(driver, source, aliases=())
    assert heard(driver) == {"Tik Tok": 1}


def test_the_word_that_was_not_heard_for_the_longest_time_gives_way(driver: SalonDriver) -> None:
    for number in range(MAX_HEARD):
        hear_source(driver.world, NETWORK, f"word {number}")
        driver.clock.now += timedelta(minutes=1)
    hear_source(driver.world, NETWORK, "one too many today")
    assert "one too many today" not in heard(driver)
    driver.clock.now += timedelta(days=1)
    for number in range(1, MAX_HEARD):
        hear_source(driver.world, NETWORK, f"word {number}")
    hear_source(driver.world, NETWORK, "new")
    assert len(heard(driver)) == MAX_HEARD
    assert "new" in heard(driver)
    assert "word 0" not in heard(driver)


def test_a_connections_own_word_costs_nothing_and_is_listed_first(driver: SalonDriver) -> None:
    site = driver.store.save(a_connection())[0]
    registered(driver)
    ion = SiteClient("c-9", "Ion", "069000009")
    driver.hear(site, reported("b-1", 1, NOW + timedelta(days=1), client=ion))
    found = unknown_words(driver.world.fresh_directory(NETWORK))
    assert [(each.word, each.heard is None) for each in found] == [("standard", True), ("Tik Tok", False)]
    listed(driver, "Our bridge", aliases=("standard",))
    assert [each.word for each in unknown_words(driver.world.directory(NETWORK))] == ["Tik Tok"]


def test_a_corrected_source_and_a_partners_are_heard_too(driver: SalonDriver) -> None:
    change_client(driver.world, access(), MARIA_ID, {"source": "Billboard"})
    partner = access(Role.PARTNER, source="blog")
    register_client(driver.world, partner, NewClient(name="Ion", phone="+37369110000"))
    assert heard(driver) == {"Billboard": 1, "blog": 1}
