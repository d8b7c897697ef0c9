"""Clients of a network, and who is meant by an alias."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.packed_changes import ListedCategory, is_packed
from chalicelib.domain.shared.aliases import Alias
from chalicelib.services.shared.ports import Page
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class ClientReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def alias(self, network_id: str, kind: str, value: str) -> str | None:
        found = self._reader.get(Alias, network_id=network_id, kind=kind, value=value)
        return found.leads_to if found else None

    def clients(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Client]:
        page = self._reader.index_page(
            self._reader.item.by_network,
            keys.clients_of(network_id),
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return Page(self._reader.batch(Client, page.items), page.cursor)

    def clients_of_category(
        self,
        network_id: str,
        category: str,
        *,
        since: str | None = None,
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Client]:
        """The clients whose recorded category it is."""
        page = self._reader.index_page(
            self._reader.item.by_category,
            keys.clients_of_category(network_id, category),
            condition=self._reader.item.category_at >= since if since else None,
            newest_first=newest_first,
            limit=limit,
            cursor=cursor,
        )
        return Page(self._reader.batch(Client, page.items), page.cursor)

    def listed_categories(self, network_id: str, category: str, since: date) -> Iterator[ListedCategory]:
        """Read from the index alone."""
        pages = self._reader.item.by_category.query(
            keys.clients_of_category(network_id, category),
            self._reader.item.category_at >= since.isoformat(),
            attributes_to_get=["PK", "category_at", "changes"],
        ).page_iter
        for page in pages:
            for each in page["Items"]:  # a hundred thousand in a large network
                text = each.get("changes")
                yield ListedCategory(
                    each["PK"]["S"].rpartition("#")[2],
                    category,
                    each["category_at"]["S"],
                    text["S"] if text is not None and is_packed(text["S"]) else None,
                )

    def count_of_category(self, network_id: str, category: str, before: date) -> int:
        """Counted in the index."""
        found: int = self._reader.item.by_category.count(
            keys.clients_of_category(network_id, category),
            self._reader.item.category_at < before.isoformat(),
        )
        return found

    def merged_clients(self, network_id: str) -> Iterator[tuple[str, str]]:
        """Read from the index alone."""
        listed = keys.clients_of_category(network_id, keys.MERGED)
        for page in self._reader.item.by_category.query(listed).page_iter:
            for each in page["Items"]:
                source = keys.key_facts(each["PK"]["S"], each["SK"]["S"])["id"]
                yield source, each["category_at"]["S"].partition(keys.INTO)[2]

    def client_ids(
        self,
        network_id: str,
        *,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """The ids of the same list of clients, read from the index alone."""
        page = self._reader.index_page(
            self._reader.item.by_network,
            keys.clients_of(network_id),
            until=until,
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return Page([keys.key_facts(*place)["id"] for place in page.items], page.cursor)

    def clients_named(
        self, network_id: str, client_ids: Sequence[str], *, whole: bool = False
    ) -> list[Client]:
        """The clients of those ids; those that are gone are left out."""
        places = [keys.key("CLIENT", network_id=network_id, id=each) for each in dict.fromkeys(client_ids)]
        return self._reader.batch(Client, places, whole=whole)
