"""docs/ledger.md's example, lived through: every figure of its table comes out."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.networks.bonus_rules import BonusRules, Expiry, ExpiryModel
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.zones import local_instant
from chalicelib.services.loyalty.hold_points import hold_for_booking
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.visits.refund_visit import refund
from infra.testkit.builders import NETWORK, access, an_amount
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import SalonDriver

MARIA, CHISINAU = "cli_maria00000000001", "Europe/Chisinau"
PAGE = (Path(__file__).parents[3] / "docs/ledger.md").read_text(encoding="utf-8")
RULES = BonusRules(grace_days=14, expiry=Expiry(ExpiryModel.DAYS, 30))


def rows() -> list[list[str]]:
    (table,) = (part for part in PAGE.split("\n\n") if part.startswith("| day | what | entry"))
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def noon(text: str) -> datetime:
    return local_instant(date(2027, 6, int(text.split()[0])), time(12), CHISINAU)


def by_hand(driver: SalonDriver, kind: str, points: int, until: int | None = None) -> None:
    day = date(2027, 6, until) if until else None
    asked = PostingByHand(kind=kind, points=points, reason="x", expires_on=day)
    post_by_hand(driver.world, access(), MARIA, asked, f"{kind}{points}")


def story(driver: SalonDriver) -> Iterator[None]:
    """What is done, up to each row in turn; two rows of one deed come out of it together."""
    by_hand(driver, "grant", 60, until=10)
    yield
    first = driver.book(noon("2").replace(hour=12))
    driver.complete(first, paid_minor=80_000)
    yield
    second = driver.book(noon("12").replace(hour=12))
    hold_for_booking(driver.world, access(), second.id, 80, an_amount(40_000))
    yield
    yield
    driver.complete(second, paid_minor=40_000, redeem_points=80)
    yield
    yield
    refund(driver.world, access(), second.id, an_amount(20_000), "half", "half")
    yield
    yield
    by_hand(driver, "redeem", 68)
    yield
    driver.reopen(first)
    yield
    by_hand(driver, "grant", 50)
    yield


def lots_of(account: Account) -> set[str]:
    def until(day: date) -> str:
        return f"until {day.day} {day:%B}"

    return {
        f"{lot.remaining} {until(last_day(lot.expires_at, CHISINAU)) if lot.expires_at else 'for good'}"
        for lot in account.lots
    }


def test_every_figure_of_the_example_comes_out(driver: SalonDriver, clock: SettableClock) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=RULES)))
    driver.world.directories.forget(NETWORK)
    told, done, posted = rows(), story(driver), 0
    for number, (day, _, kind, points, balance, available, debt, lots) in enumerate(told):
        clock.now = noon(day)
        next(done)
        assert driver.ledger_faults() == []
        entries: list[Entry] = driver.store.entries(NETWORK, MARIA)
        if kind:
            entry = entries[posted]
            posted += 1
            assert (entry.kind, f"{entry.points:+d}") == (kind, points if points != "0" else "+0"), day
            assert str(entry.balance_after) == balance, day
        is_last_of_deed = number + 1 == len(told) or told[number + 1][0] != day
        if is_last_of_deed:
            assert len(entries) == posted
            account, expirations = settled(driver.store.account(NETWORK, MARIA), clock.now)
            assert expirations == ()
            figures: list[Any] = [account.balance, account.available(clock.now), account.debt]
            assert [str(each) for each in figures] == [balance, available, debt], day
            assert lots_of(account) == {each.strip() for each in lots.split(",") if each.strip()}, day
    assert posted == len(entries)


def test_the_page_names_every_kind_of_operation() -> None:
    for kind in ("cashback", "redeem", "hold", "release", "expiry", "reversal", "merge"):
        assert f"`{kind}`" in PAGE


@pytest.mark.parametrize(
    "name", ["domain/loyalty/account.py", "domain/loyalty/ledger.py", "domain/loyalty/ledger_check.py"]
)
def test_the_page_names_files_that_are_there(name: str) -> None:
    assert name in PAGE
    assert (Path(__file__).parents[3] / "chalicelib" / name).exists()
