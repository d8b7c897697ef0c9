"""Watches messages go out: what the providers took, with what the log says of it. It only looks: the deployed
sweep, wake, intake and receipts do the work by themselves."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.masks import masked_phone
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.store.keys import shard_names
from chalicelib.store.table import Table

LOOK_EVERY_SECONDS = 1
TELL_EVERY_SECONDS = 5
SETTLED_SECONDS = 4
SHOWN_OF_A_KIND = 2
"""So many messages of a kind and channel are shown, the others are counted."""
SHOWN_CHARACTERS = 90
OVERDUE = timedelta(days=30)
_WITHOUT_ID = frozenset({MessageState.SKIPPED, MessageState.FAILED, MessageState.UNKNOWN})


@dataclass
class Watch:
    """One network's messages since an instant.

    taken: the ids of every message that a provider took, as the local cloud tells it. api_url: left out
    of addresses, which are long.
    """

    table: Table
    network_id: str
    salon_ids: list[str]
    since: datetime
    taken: Callable[[], set[str]]
    print_line: Callable[[str], None]
    api_url: str
    seen: set[str] = field(default_factory=set)
    shown: Counter[tuple[TouchKind, str]] = field(default_factory=Counter)

    def forget_past(self) -> None:
        """What was sent before is not shown."""
        self.seen |= self.taken()

    def messages(self) -> list[Message]:
        """The log since then: sent, skipped, failed. What the year laid out has no provider's id. A skip is
        on record for the instant at which it was due, which may be long ago."""
        found: list[Message] = []
        for salon_id in self.salon_ids:
            cursor: str | None = ""
            while cursor is not None:
                page = self.table.messages_of_salon(
                    self.network_id, salon_id, since=self.since - OVERDUE, limit=200, cursor=cursor or None
                )
                found += page.items
                cursor = page.cursor
        found += self._along(found)
        real = [each for each in found if each.provider_id or each.state in _WITHOUT_ID]
        return sorted(real, key=lambda message: (message.recorded_at, message.id))

    def _along(self, found: list[Message]) -> list[Message]:
        """What went along in the text of these, which only the client's log has a line of."""
        lines = [
            self.table.get(Message, network_id=each.network_id, client_id=each.client_id, id=each.carries)
            for each in found
            if each.carries
        ]
        return [line for line in lines if line is not None]

    def is_due(self) -> bool:
        """Whether anything is waiting for the functions: a pointer that is due, a webhook not taken in."""
        now = datetime.now(UTC)
        shards = shard_names(self.table.shards)
        return any(self.table.due(shard, now, limit=1) for shard in shards)

    def inbox(self) -> list[InboxItem]:
        """All webhooks that were received, the newest first."""
        found: list[InboxItem] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.table.inbox(self.network_id, limit=200, cursor=cursor or None)
            found += page.items
            cursor = page.cursor
        return found

    def waiting(self) -> int:
        """Webhooks that are not taken in yet."""
        return sum(item.state is InboxState.RECEIVED for item in self.inbox())

    def until_quiet(self, seconds: float, awaited: Callable[[], str] = lambda: "") -> list[Message]:
        """Prints messages as they go out, until nothing is due any more; at most so many seconds. awaited:
        what is under way besides, in words; empty when it is over."""
        deadline = time.monotonic() + seconds
        changed = reported = time.monotonic()
        while time.monotonic() < deadline:
            if self._show():
                changed = time.monotonic()
            quiet = time.monotonic() - changed > SETTLED_SECONDS
            if quiet and not awaited() and not self.is_due() and not self.waiting():
                break
            if time.monotonic() - reported > TELL_EVERY_SECONDS:
                reported = time.monotonic()
                words = awaited() or "waiting for the deployed sweep, which runs once a minute"
                self.print_line(f"... {len(self.seen)} messages so far; {words}")
            time.sleep(LOOK_EVERY_SECONDS)
        self._show()
        return self.messages()

    def _show(self) -> int:
        """Prints what is new, a few of each kind; a bonus notice that goes along with a review request is
        named beside it. Returns how many are new."""
        if not (self.taken() - self.seen):
            return 0
        log = self.messages()
        along = {message.with_message: message for message in log if message.with_message}
        new = [each for each in log if each.provider_id and each.provider_id not in self.seen]
        for message in (each for each in new if each.with_message is None):
            self.seen.add(str(message.provider_id))
            sort = message.kind, message.channel
            self.shown[sort] += 1
            if self.shown[sort] <= SHOWN_OF_A_KIND:
                riding = (each.kind for carrier_id, each in along.items() if carrier_id == message.id)
                kinds = [message.kind, *riding]
                self.print_line(self._line(message, " + ".join(kinds)))
        return len(new)

    def _line(self, message: Message, kinds: str) -> str:
        text = " ".join(message.text.replace(self.api_url, "…").split())
        cut = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
        return f"{kinds:31}{message.channel:6}{_masked(message):16}  {cut}"


def _masked(message: Message) -> str:
    to = message.to or ""
    if message.channel == "email":
        name, _, domain = to.partition("@")
        return f"{name[:1]}***@{domain}"
    return f"***{to[-6:]}" if message.channel == "push" else str(masked_phone(to))
