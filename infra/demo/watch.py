"""Watches messages go out: what SNS took, with what the log says of it. It only looks: the deployed sweep,
wake and intake do the work by themselves."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.inbox import InboxItem, InboxState
from chalicelib.domain.messages import Message
from chalicelib.domain.phones import masked_phone
from chalicelib.domain.touches import TouchKind
from chalicelib.store.keys import shard_names
from chalicelib.store.table import Table

LOOK_EVERY_SECONDS = 1
TELL_EVERY_SECONDS = 10
SETTLED_SECONDS = 4


@dataclass
class Watch:
    """One network's messages since an instant.

    texts: every SMS that the provider took, as the local cloud tells it (PhoneNumber, Message, MessageId).
    """

    table: Table
    network_id: str
    salon_ids: list[str]
    since: datetime
    texts: Callable[[], list[dict[str, Any]]]
    print_line: Callable[[str], None]
    shown: set[str] = field(default_factory=set)

    def forget_past(self) -> None:
        """What was sent before is not shown."""
        self.shown |= {text["MessageId"] for text in self.texts()}

    def messages(self) -> list[Message]:
        """The log since then: sent, skipped, failed."""
        found: list[Message] = []
        for salon_id in self.salon_ids:
            cursor: str | None = ""
            while cursor is not None:
                page = self.table.messages_of_salon(
                    self.network_id, salon_id, since=self.since, limit=200, cursor=cursor or None
                )
                found += page.items
                cursor = page.cursor
        return sorted(found, key=lambda message: message.recorded_at)

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

    def until_quiet(self, seconds: float) -> list[Message]:
        """Prints each message as it goes out, until nothing is due any more; at most so many seconds."""
        deadline = time.monotonic() + seconds
        changed = told = time.monotonic()
        while time.monotonic() < deadline:
            if self._show():
                changed = told = time.monotonic()
            quiet = time.monotonic() - changed > SETTLED_SECONDS
            if quiet and not self.is_due() and not self.waiting():
                break
            if time.monotonic() - told > TELL_EVERY_SECONDS:
                told = time.monotonic()
                self.print_line("... waiting for the deployed sweep, which runs once a minute")
            time.sleep(LOOK_EVERY_SECONDS)
        self._show()
        return self.messages()

    def _show(self) -> int:
        """Prints what is new; a bonus notice that goes along with a review request is named beside it."""
        new = [text for text in self.texts() if text["MessageId"] not in self.shown]
        if not new:
            return 0
        log = self.messages()
        by_provider: dict[str, list[TouchKind]] = {}
        for message in log:
            if message.provider_id:
                by_provider.setdefault(message.provider_id, []).append(message.kind)
        for text in new:
            kinds = by_provider.get(text["MessageId"])
            if kinds is None:
                continue  # sent, but not recorded yet: next time
            self.shown.add(text["MessageId"])
            named = " + ".join(kind for kind in TouchKind if kind in kinds)
            self.print_line(f"{named:31}{masked_phone(text['PhoneNumber'])}  {text['Message']}")
        return len(new)
