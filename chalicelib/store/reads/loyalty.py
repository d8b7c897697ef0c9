"""Clients' accounts with their entries and coupons."""

from collections.abc import Sequence

from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class LoyaltyReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def account(self, network_id: str, client_id: str) -> Account:
        return self._reader.get_or_empty(Account, network_id=network_id, client_id=client_id)

    def accounts_named(self, network_id: str, client_ids: Sequence[str]) -> list[Account]:
        """The accounts of those clients; clients to whom nothing was ever posted have none."""
        places = [
            keys.key("ACCOUNT", network_id=network_id, client_id=each) for each in dict.fromkeys(client_ids)
        ]
        return self._reader.batch(Account, places)

    def entries(self, network_id: str, client_id: str, *, fresh: bool = True) -> list[Entry]:
        """All entries of a client, in the order in which they were posted. Raises Unreadable: entries are
        added up."""
        key = {"network_id": network_id, "client_id": client_id}
        found = self._reader.every(Entry, consistent=fresh, whole=True, **key)
        return sorted(found, key=lambda entry: entry.number)

    def coupons(self, network_id: str, client_id: str) -> list[Coupon]:
        """All coupons that a client ever had, the oldest first."""
        found = self._reader.get_all(Coupon, network_id=network_id, client_id=client_id)
        return sorted(found, key=lambda each: (each.issued_at, each.id))
