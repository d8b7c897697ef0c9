"""Receive a webhook: make sure who sent it, make it durable, hand it to intake. Three AWS calls, then
the answer."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.intake.inbox import RETRY_LOST, InboxItem, InboxState, quarantined
from chalicelib.domain.intake.site_events import (
    BadSignature,
    Ignored,
    SiteContext,
    UnprovenBecause,
    WebhookNotUnderstood,
)
from chalicelib.domain.intake.source_ranges import is_within
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError, ErrorKind, missing
from chalicelib.domain.shared.ids import digest, network_of, time_ordered
from chalicelib.domain.shared.quotas import QuotaUse, with_taken
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.intake.booking_site import BookingSite, Delivery
from chalicelib.services.shared.ports import IntakeQueue, SaveConflict
from chalicelib.services.shared.world import World

MAX_BODY = 256 * 1024
NEWEST = 200
"""The newest webhooks of a network, of which it is counted through which connection they came."""
REFUSED_SAVED = timedelta(minutes=10)
"""How often a process saves how many deliveries of a connection it has refused."""
REFUSED_KEPT = timedelta(days=40)
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


class Receiving(Struct, frozen=True):
    """What receiving needs. base_url: answers with the public address that the sites were given."""

    world: World
    sites: Mapping[str, BookingSite]
    intake: IntakeQueue
    base_url: Callable[[], str]


class WebhookReceipt(Struct, frozen=True):
    status: str
    inbox_id: str


def receive(
    receiving: Receiving,
    site: str,
    token: str,
    raw: bytes,
    headers: Mapping[str, str],
    sent_from: str | None = None,
    admit: Callable[[Connection], None] = lambda connection: None,
    note_refused: Callable[[Connection, UnprovenBecause], None] = lambda connection, reason: None,
) -> WebhookReceipt:
    """Stores one delivery. Answers accepted, duplicate, ignored or quarantined once the delivery is durable.

    sent_from: the sender's address on the internet.
    admit: counts a delivery whose signature fits, before it is stored, and raises what refuses it.
    note_refused: counts a delivery whose sender did not prove who it is.

    Raises NOT_FOUND for an unknown site or token, SOURCE_REFUSED, BAD_SIGNATURE, TOO_LARGE, and what `admit`
    raises.
    """
    if len(raw) > MAX_BODY:
        raise DomainError(ErrorKind.TOO_LARGE, "TOO_LARGE", "A webhook has at most 256 kB.", bytes=len(raw))
    connection = known_connection(receiving.world, site, token)
    _ensure_source(connection, sent_from)
    adapter, now = receiving.sites[site], receiving.world.now()
    context = replace(context_of(connection, receiving.base_url()), received_at=now)
    try:
        adapter.verify(raw, headers, context, now)
    except BadSignature as error:
        note_refused(connection, error.reason)
        raise DomainError(
            ErrorKind.UNAUTHENTICATED, "BAD_SIGNATURE", "The signature does not fit."
        ) from error
    admit(connection)
    return hand_over(receiving, connection, raw, headers)


def hand_over(
    receiving: Receiving, connection: Connection, raw: bytes, headers: Mapping[str, str]
) -> WebhookReceipt:
    """Stores a body that is known to be the site's, once, and hands it to intake."""
    adapter, now = receiving.sites[connection.site], receiving.world.now()
    context = replace(context_of(connection, receiving.base_url()), received_at=now)
    item = _judged(_received(connection, raw, adapter.identify(raw, headers), now), adapter, context)
    try:
        (item,) = receiving.world.store.save(item)
    except SaveConflict:
        return _receipt_of_known(receiving, item)
    if item.state is InboxState.RECEIVED:
        receiving.intake.ingest(item)
    return WebhookReceipt("accepted" if item.state is InboxState.RECEIVED else item.state.value, item.id)


class RefusedDeliveries:
    """Counts refused deliveries by connection and reason, as one process meets them. The first one of a
    connection is saved at once, later ones with the first that comes ten minutes after. So a flood of them
    costs a process six reads and writes an hour and connection; at most ten minutes' counts are lost with the
    process. What could not be saved goes with the next save; what was saved unheard counts twice then."""

    def __init__(self, world: World, max_connections: int = 1000) -> None:
        self._world, self._max = world, max_connections
        self._held: dict[tuple[str, str], tuple[datetime | None, Counter[str]]] = {}

    def note(self, connection: Connection, reason: UnprovenBecause) -> None:
        key, now = (connection.network_id, connection.id), self._world.now()
        while key not in self._held and len(self._held) >= self._max:
            del self._held[next(iter(self._held))]
        saved_at, counts = self._held.setdefault(key, (None, Counter()))
        counts[reason] += 1
        if saved_at is None or now - saved_at >= REFUSED_SAVED:
            self._held[key] = (now, Counter())
            try:
                self._world.retrying(lambda: self._save(connection, counts))
            except Exception:  # a count is worth no error: the sender is told of the signature
                self._held[key] = (now, counts)

    def _save(self, connection: Connection, counts: Mapping[str, int]) -> None:
        use = _refused(self._world, connection)
        for reason, count in counts.items():
            use = with_taken(use, reason, count)
        self._world.store.save(use)


def _refused(world: World, connection: Connection) -> QuotaUse:
    """The refused deliveries of this month (UTC): by reason, in place of hours."""
    now, caller = world.now(), f"refused of {connection.id}"
    month, network_id = f"{now:%Y-%m}", connection.network_id
    existing = world.store.get(QuotaUse, network_id=network_id, caller=caller, day=month)
    return existing or QuotaUse(
        network_id=network_id, caller=caller, day=month, expires_at=now + REFUSED_KEPT
    )


class Deliveries(Struct, frozen=True):
    """What came through a connection. last_at, delivered, quarantined: among the newest of the network's
    inbox. refused: this month, by reason."""

    last_at: datetime | None
    delivered: int
    quarantined: int
    refused: Mapping[str, int]


def deliveries(world: World, connections: Sequence[Connection]) -> dict[str, Deliveries]:
    """The deliveries of each connection, by its id. Costs a page of the inbox, a page of what is quarantined,
    and a read for each connection whose site signs."""
    if not connections:
        return {}
    network_id = connections[0].network_id
    newest = world.store.inbox(network_id, limit=NEWEST).items
    held = world.store.inbox(network_id, state=InboxState.QUARANTINED, limit=NEWEST).items
    found = {}
    for each in connections:
        own = [item for item in newest if item.connection_id == each.id]
        by_reason = _refused(world, each).by_hour if each.is_signed else {}
        found[each.id] = Deliveries(
            last_at=max((item.received_at for item in own), default=None),
            delivered=len(own),
            quarantined=sum(item.connection_id == each.id for item in held),
            refused={reason.value: by_reason.get(reason, 0) for reason in UnprovenBecause},
        )
    return found


def known_connection(world: World, site: str, token: str) -> Connection:
    """The connection of a webhook's address, as the table has it now: an address that was deleted or rotated
    is refused at once. One read of one unit; the set-up that this process keeps may be a minute old. Raises
    NOT_FOUND."""
    connection = (
        world.store.get(Connection, network_id=network_of(token), token=token) if token.isascii() else None
    )
    if connection is None or connection.site != site or connection.deleted_at is not None:
        raise missing("webhook address", "")
    return connection


def _ensure_source(connection: Connection, sent_from: str | None) -> None:
    """Raises SOURCE_REFUSED for a sender outside of the networks that the connection's settings name."""
    ranges = connection.settings.get("source_ranges")
    if ranges and not is_within(ranges, sent_from):
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "SOURCE_REFUSED",
            "Webhooks are taken only from the addresses that the connection's source_ranges name.",
        )


def context_of(connection: Connection, base_url: str) -> SiteContext:
    url = connection.settings.get("url") or hook_url(connection, base_url)
    return SiteContext(url=url, secret=connection.secret, settings=dict(connection.settings))


def hook_url(connection: Connection, base_url: str) -> str:
    return f"{base_url}/hooks/{connection.site}/{connection.token}"


def _received(connection: Connection, raw: bytes, delivery: Delivery, now: datetime) -> InboxItem:
    """The inbox item. Its id is made from the event's own time, so that a retry meets the first delivery. An
    event without a sensible time is known by its day of receipt."""
    at = delivery.occurred_at
    if at is None or not _OLDEST < at < now + _AHEAD:
        at = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return InboxItem(
        network_id=connection.network_id,
        id=time_ordered("inb", at, digest(connection.id, delivery.dedupe_key, length=12)),
        connection_id=connection.id,
        site=connection.site,
        raw=raw,
        received_at=now,
        wake=Wake(now + RETRY_LOST, "take_in"),
    )


def _judged(item: InboxItem, adapter: BookingSite, context: SiteContext) -> InboxItem:
    """The item, marked at once where it needs no intake: its events say nothing to us, or cannot be read."""
    try:
        events = adapter.normalise(item.raw, context)
    except WebhookNotUnderstood as error:
        return quarantined(item, error.code, error.message)
    if events and all(isinstance(event, Ignored) for event in events):
        first = next(event for event in events if isinstance(event, Ignored))
        return replace(
            item, state=InboxState.IGNORED, reason=first.reason, detail=first.detail or None, wake=None
        )
    return item


def _receipt_of_known(receiving: Receiving, item: InboxItem) -> WebhookReceipt:
    """The receipt of a known delivery. A delivery that was never ingested is handed on once more: an earlier
    call may have stopped before it handed the item on."""
    existing = receiving.world.store.get(InboxItem, network_id=item.network_id, id=item.id)
    if existing is not None and existing.state is InboxState.RECEIVED:
        receiving.intake.ingest(existing)
    return WebhookReceipt("duplicate", item.id)


def replay(receiving: Receiving, network_id: str, inbox_id: str) -> InboxItem:
    """Ingests a webhook again, as if it came now: after a salon was mapped or an adapter mended, or because a
    person looked at what was held back. A webhook that was applied stays as it is. Raises NOT_FOUND."""
    world = receiving.world
    item = world.store.get(InboxItem, network_id=network_id, id=inbox_id)
    if item is None:
        raise missing("inbox item", inbox_id)
    if item.state is InboxState.APPLIED:
        return item
    wake = Wake(world.now() + RETRY_LOST, "take_in")
    received = replace(
        item,
        state=InboxState.RECEIVED,
        reason=None,
        detail=None,
        tries=0,
        trouble=None,
        wake=wake,
        released=True,
    )
    (saved,) = world.store.save(received)
    receiving.intake.ingest(saved)
    return saved
