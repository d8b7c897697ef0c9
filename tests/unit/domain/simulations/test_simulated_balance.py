"""A simulated balance has the points of the real ledger, whatever is granted, spent and left to expire."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post, settled
from chalicelib.domain.loyalty.lots import with_activity
from chalicelib.domain.loyalty.programme import LotTerms
from chalicelib.domain.simulations.simulated_balance import SimulatedBalance
from infra.testkit.builders import NETWORK, NOW

ZONE = "Europe/Chisinau"
EMPTY = Account(network_id=NETWORK, client_id="cli_maria00000000001")

grants = st.tuples(
    st.just("grant"),
    st.integers(1, 500),
    st.integers(0, 3),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(1, 40),
)
spends = st.tuples(st.just("spend"), st.integers(1, 100))
visits = st.tuples(st.just("visit"))
waits = st.integers(0, 20 * 24)
operations = st.lists(st.tuples(waits, st.one_of(grants, spends, visits)), max_size=25)


@given(operations)
def test_a_simulated_balance_is_the_ledger_without_its_entries(done: Sequence[tuple[int, Any]]) -> None:
    account, simulated, now, expired, of_ledger = EMPTY, SimulatedBalance(), NOW, 0, 0
    for number, (hours, (what, *said)) in enumerate(done):
        now += timedelta(hours=hours)
        account, expirations = settled(account, now)
        of_ledger -= sum(entry.points for entry in expirations)
        expired += sum(lot.remaining for lot in simulated.expired(now))
        assert simulated.available(now) == account.available(now)
        posting = Posting(
            id=f"ent_{number}", kind=EntryKind.CASHBACK, points=1, reason="test", actor="key:test"
        )
        if what == "grant":
            points, pending, lasts, idle_days = said
            available_at = now + timedelta(days=pending)
            expires_at = None if lasts is None else available_at + timedelta(days=lasts, hours=1)
            terms = LotTerms(available_at, expires_at, idle_days if expires_at else None)
            simulated.grant(points, terms, "MDL")
            posting = replace(posting, points=points, available_at=available_at, expires_at=expires_at,
                              idle_days=terms.idle_days)  # fmt: skip
            account = post(account, posting, now).account
        elif what == "spend" and (points := account.available(now) * said[0] // 100):
            simulated.spend(points, now)
            account = post(account, replace(posting, points=-points), now).account
        elif what == "visit":
            simulated.visited(now, ZONE)
            account = with_activity(account, now, ZONE)
        assert _lots(simulated) == [
            (lot.available_at, lot.expires_at, lot.remaining, lot.idle_days) for lot in account.lots
        ]
        assert expired == of_ledger


def test_points_are_gone_from_their_last_instant_on() -> None:
    simulated, end = SimulatedBalance(), NOW + timedelta(days=3)
    simulated.grant(10, LotTerms(NOW, end), "MDL")
    assert simulated.expired(end - timedelta(microseconds=1)) == []
    assert [lot.remaining for lot in simulated.expired(end)] == [10]
    assert simulated.available(end) == 0


def _lots(simulated: SimulatedBalance) -> list[Any]:
    return [
        (
            lot.available_at,
            None if lot.expires_at.year == 9999 else lot.expires_at,
            lot.remaining,
            lot.idle_days,
        )
        for lot in simulated.lots
    ]
