"""Messages of clients and of salons, and what was reserved for a month's."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.domain.facts.touch_facts import ListedMessage, summary_of
from chalicelib.domain.messages.messages import Message, MessageSummary
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.services.shared.ports import Page
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class MessageReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def messages_named(
        self, network_id: str, named: Sequence[tuple[str, str]], *, whole: bool = False
    ) -> list[Message]:
        """The messages of these clients and ids; those that are not on record are left out."""
        places = [
            keys.key("MSG", network_id=network_id, client_id=client_id, id=each_id)
            for client_id, each_id in dict.fromkeys(named)
        ]
        return self._reader.batch(Message, places, whole=whole)

    def messages_since(self, network_id: str, client_id: str, since: datetime) -> list[Message]:
        """A client's messages from that instant on, the oldest first; perhaps as they were a second ago."""
        pk, first = keys.key(
            "MSG", network_id=network_id, client_id=client_id, id=time_ordered("msg", since, "")
        )
        _, last = keys.key("MSG", network_id=network_id, client_id=client_id, id="~")
        found = self._reader.item.query(pk, self._reader.item.sk.between(first, last))
        return self._reader.readable(Message, found)

    def messages_of_salon(
        self,
        network_id: str,
        salon_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Message]:
        page = self._reader.index_page(
            self._reader.item.by_salon,
            keys.messages_of_salon(network_id, salon_id),
            since=since,
            until=until,
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return Page(self._reader.batch(Message, page.items), page.cursor)

    def message_summaries_of_salon(
        self, network_id: str, salon_id: str, since: datetime, until: datetime
    ) -> Iterator[MessageSummary]:
        """What the index tells of a salon's messages between two instants; none of them is read."""
        pages = self._reader.item.by_salon.query(
            keys.messages_of_salon(network_id, salon_id),
            self._reader.between(since, until),
            attributes_to_get=["status"],
        ).page_iter
        return (summary_of(each["status"]["S"]) for page in pages for each in page["Items"] if each)

    def listed_messages(
        self, network_id: str, salon_id: str, since: datetime | None, until: datetime | None
    ) -> Iterator[ListedMessage]:
        pages = self._reader.item.by_salon.query(
            keys.messages_of_salon(network_id, salon_id), self._reader.between(since, until)
        ).page_iter
        for page in pages:
            for each in page["Items"]:  # a hundred thousand a salon and year
                client_id, message_id = each["PK"]["S"].rpartition("#")[2], each["SK"]["S"].partition("#")[2]
                at, words = datetime.fromisoformat(each["at"]["S"]), each["status"]["S"]
                yield ListedMessage(client_id, message_id, at, words)

    def spending(self, network_id: str, month: str) -> Spending:
        return self._reader.get_or_empty(Spending, network_id=network_id, month=month)
