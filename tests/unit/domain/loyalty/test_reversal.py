"""Reversals after something has changed: lots were put off or expired, clients were merged and unmerged."""

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, post, settled
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.lots import with_activity
from chalicelib.domain.loyalty.reversal import ReversalTerms, reverse
from chalicelib.domain.loyalty.reversal_history import points_expired, points_undone
from chalicelib.domain.merging.since_merge import SinceMerge
from chalicelib.domain.merging.transfer import transfer_in, transfer_out
from chalicelib.domain.merging.unmerging import unmerge_source, unmerge_target
from infra.testkit.builders import NETWORK, NOW

EMPTY = Account(network_id=NETWORK, client_id="cli_maria00000000001")
OTHER = replace(EMPTY, client_id="cli_petru00000000001")
LATER, GRACE = NOW + timedelta(days=20), NOW + timedelta(days=50)


def posting(points: int, kind: EntryKind = EntryKind.GRANT, **said: object) -> Posting:
    item_id = said.pop("id", f"ent_{kind}{points}")
    return Posting(id=str(item_id), kind=kind, points=points, reason="test", actor="key:test", **said)


def granted(account: Account, points: int, days: int, **said: object) -> Posted:
    return post(account, posting(points, expires_at=NOW + timedelta(days=days), **said), NOW)


def undone(account: Account, entry: Entry, entries: list[Entry]) -> Posted:
    request = ReversalTerms(id="ent_undone", reason="mistake", actor="key:test", grace_until=GRACE)
    return reverse(account, entry, request, LATER, points_undone=points_undone(entry, entries))


def test_spent_points_return_to_a_lot_that_was_put_off_since() -> None:
    gift = granted(EMPTY, 10, 10, idle_days=10)
    spent = post(gift.account, posting(-4, EntryKind.REDEEM), NOW)
    active = with_activity(spent.account, NOW + timedelta(days=9), "UTC")
    (lot,) = active.lots
    back = undone(
        replace(active, lots=(replace(lot, expires_at=LATER + timedelta(days=1)),)), spent.entry, []
    )
    assert [(each.number, each.remaining) for each in back.account.lots] == [(0, 10)]


def test_points_that_expired_unspent_are_not_taken_back_again() -> None:
    """Granted 100, of which 40 were spent and 60 expired: 40 are left to be taken."""
    gift = granted(EMPTY, 100, 10)
    spent = post(gift.account, posting(-40, EntryKind.REDEEM), NOW)
    account, (expiry,) = settled(spent.account, LATER)
    entries = [gift.entry, spent.entry, expiry]
    assert points_undone(gift.entry, entries) == 60
    back = undone(account, gift.entry, entries)
    assert (back.account.debt, back.account.balance) == (40, 0)
    assert faults(back.account, [*entries, back.entry]) == []


def test_an_expiry_that_was_reversed_does_not_count() -> None:
    gift = granted(EMPTY, 100, 10)
    account, (expiry,) = settled(gift.account, LATER)
    back = undone(account, expiry, [gift.entry, expiry])
    assert back.account.available(LATER) == 100
    undone_before = points_undone(gift.entry, [gift.entry, expiry, back.entry])
    request = ReversalTerms(id="ent_gift_back", reason="mistake", actor="key:test")
    again = reverse(back.account, gift.entry, request, LATER, points_undone=undone_before)
    assert (again.account.balance, again.account.debt) == (0, 0)


def test_points_that_expired_on_the_target_are_gone_for_both_after_unmerging() -> None:
    """The source's 100 points go to the target, which spends 40; 60 expire there. After unmerging the target
    owes 40, and the source has 40 in a grace lot."""
    gift = granted(EMPTY, 100, 10)
    out = transfer_out(gift.account, posting(0, EntryKind.MERGE, id="ent_out"), NOW)
    into = transfer_in(OTHER, out.entry, posting(0, EntryKind.MERGE, id="ent_in"), NOW)
    spent = post(into.account, posting(-40, EntryKind.REDEEM), NOW)
    there, expirations = settled(spent.account, LATER)
    expired = points_expired(into.entry, [into.entry, spent.entry, *expirations])
    assert expired == 60
    apart = posting(0, EntryKind.MERGE, id="ent_apart")
    since = SinceMerge(points_expired=expired, grace_until=GRACE)
    left = unmerge_target(there, into.entry, apart, LATER, since)
    back = unmerge_source(out.account, out.entry, apart, LATER, since)
    assert (left.account.balance, left.account.debt) == (0, 40)
    assert [(lot.remaining, lot.expires_at) for lot in back.account.lots] == [(40, GRACE)]


def test_lots_are_in_order_of_age_whatever_has_returned_to_them() -> None:
    first = granted(EMPTY, 10, 30, id="ent_1")
    both = granted(first.account, 10, 30, id="ent_2")
    spent = post(both.account, posting(-10, EntryKind.REDEEM), NOW)
    back = undone(spent.account, spent.entry, [])
    assert [lot.number for lot in back.account.lots] == [0, 1]
