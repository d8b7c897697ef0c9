"""What needs a person: webhooks that were not understood, and items that failed too often or cannot be
read."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Ask, delete, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Listing, PageOf, in_pages, sifted
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.shared.errors import forbidden, missing, refused
from chalicelib.domain.shared.operations import Parked
from chalicelib.services.intake.connect_site import reaches
from chalicelib.services.intake.receive_webhook import replay
from chalicelib.services.waking.many_parked import (
    MAX_PARKED_AT_ONCE,
    ManyParked,
    ParkedChoice,
    remove_many,
    retry_many,
)
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked


class InboxFilter(Listing):
    state: InboxState | None = None


class InboxAnswer(Answered):
    """reason: why it was ignored, waits, or is quarantined. notes: fields of the body that were left out, and
    what is wrong in them."""

    id: str
    connection_id: str
    site: str
    state: str
    reason: str | None
    detail: str | None
    booking_ids: tuple[str, ...]
    tries: int
    notes: tuple[str, ...]
    received_at: datetime


class WholeInboxAnswer(InboxAnswer):
    """body: as it was received; bytes that are no text are replaced."""

    body: str


class ParkedFilter(Listing):
    """removed: the records of items that were removed from the list, for 90 days."""

    removed: bool = False


class ParkedAnswer(Answered):
    """kind: of the item, such as booking or template. item: kind and id. error: what is wrong. at: since
    when. unread: it was set aside without being read, since it cannot be read or ends its worker."""

    id: str
    kind: str
    item: str
    error: str
    at: datetime
    unread: bool
    removed_at: datetime | None
    removed_by: str | None


class WhichParked(Body):
    """Items to which all that is given applies; at least one of ids, kind and error. error: a part of it.
    after: the `next` of an earlier answer."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_PARKED_AT_ONCE)] | None = None
    kind: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    error: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    after: Annotated[str, Meta(max_length=400)] | None = None


class LeftParkedAnswer(Answered):
    """code, message: why the item stays on the list."""

    id: str
    code: str
    message: str


class ManyParkedAnswer(Answered):
    """done: how many were retried, or removed. next: asked again with it as `after`, the rest follows."""

    done: int
    left: tuple[LeftParkedAnswer, ...]
    next: str | None


def _facts(item: InboxItem) -> dict[str, Any]:
    facts = {name: getattr(item, name) for name in InboxAnswer.__struct_fields__}
    return {**facts, "state": item.state.value}


def _is_reached(ask: Ask, item: InboxItem) -> bool:
    connection = ask.world.directory(ask.access.network_id).connections.get(item.connection_id)
    return reaches(ask.access, connection) if connection is not None else ask.access.sees_whole_network


@get("/v1/inbox")
@endpoint(roles=OFFICE, query=InboxFilter, answer=PageOf[InboxAnswer])
def find(ask: Ask) -> PageOf[InboxAnswer]:
    """Newest first, by the event's own time."""
    asked: InboxFilter = ask.query
    indexed = asked.state if asked.state is InboxState.QUARANTINED else None
    found, cursor = sifted(
        lambda limit, cursor: ask.world.store.inbox(
            ask.access.network_id, state=indexed, limit=limit, cursor=cursor
        ),
        lambda item: asked.state in (None, item.state) and _is_reached(ask, item),
        asked,
    )
    return PageOf(items=[InboxAnswer(**_facts(item)) for item in found], next_cursor=cursor)


@get("/v1/inbox/{inbox_id}")
@endpoint(roles=OFFICE, answer=WholeInboxAnswer)
def see(ask: Ask, inbox_id: str) -> WholeInboxAnswer:
    item = _reached(ask, inbox_id)
    return WholeInboxAnswer(**_facts(item), body=item.raw.decode("utf-8", "replace"))


@post("/v1/inbox/{inbox_id}/replay")
@endpoint(roles=OFFICE, answer=InboxAnswer)
def take_in_again(ask: Ask, inbox_id: str) -> InboxAnswer:
    """Ingests the webhook as if it came now: after a salon was mapped or an adapter mended. A webhook that
    was applied stays unchanged."""
    _reached(ask, inbox_id)
    return InboxAnswer(**_facts(replay(ask.container.receiving(), ask.access.network_id, inbox_id)))


def _reached(ask: Ask, inbox_id: str) -> InboxItem:
    item = ask.world.store.get(InboxItem, network_id=ask.access.network_id, id=inbox_id)
    if item is None:
        raise missing("inbox item", inbox_id)
    if not _is_reached(ask, item):
        raise forbidden("This key does not reach that connection.", inbox_id=inbox_id)
    return item


# --- parked


def _parked(parked: Parked) -> ParkedAnswer:
    return ParkedAnswer(
        id=parked.id,
        kind=parked.kind,
        item=parked.item,
        error=parked.error,
        at=parked.at,
        unread=parked.pk != "",
        removed_at=parked.removed_at,
        removed_by=parked.removed_by,
    )


def _ensure_whole_network(ask: Ask) -> None:
    ask.access.ensure_whole_network()


@get("/v1/parked")
@endpoint(roles=OFFICE, query=ParkedFilter, answer=PageOf[ParkedAnswer])
def find_parked(ask: Ask) -> PageOf[ParkedAnswer]:
    """Items that failed so often that they are not woken, and items that cannot be read, until a person
    retries or removes them."""
    _ensure_whole_network(ask)
    found = list_parked(ask.world, ask.access.network_id, removed_ones=ask.query.removed)
    return in_pages(map(_parked, found), ask.query)


@post("/v1/parked/{item_id}/retry")
@endpoint(roles=OFFICE, answer=ParkedAnswer)
def retry(ask: Ask, item_id: str) -> ParkedAnswer:
    _ensure_whole_network(ask)
    return _parked(retry_parked(ask.world, ask.access.network_id, item_id))


@delete("/v1/parked/{item_id}")
@endpoint(roles=OFFICE, status=204)
def remove(ask: Ask, item_id: str) -> None:
    """Removes an item from the list, on record. One that cannot be read is deleted; one that can be read
    stays as it is, and is woken no more until it changes."""
    _ensure_whole_network(ask)
    remove_parked(ask.world, ask.access, item_id)


@post("/v1/parked/retry")
@endpoint(roles=OFFICE, body=WhichParked, answer=ManyParkedAnswer)
def retry_all(ask: Ask) -> ManyParkedAnswer:
    """Wakes many again, a hundred at once."""
    _ensure_whole_network(ask)
    return _many(retry_many(ask.world, ask.access.network_id, _choice(ask.body)))


@post("/v1/parked/remove")
@endpoint(roles=OFFICE, body=WhichParked, answer=ManyParkedAnswer)
def remove_all(ask: Ask) -> ManyParkedAnswer:
    """Removes many, a hundred at once, each as by DELETE."""
    _ensure_whole_network(ask)
    return _many(remove_many(ask.world, ask.access, _choice(ask.body)))


def _choice(body: WhichParked) -> ParkedChoice:
    if body.ids is None and body.kind is None and body.error is None:
        raise refused("INVALID_CHOICE", "Name ids, a kind, or a part of the error.")
    return ParkedChoice(body.ids, body.kind, body.error, body.after)


def _many(found: ManyParked) -> ManyParkedAnswer:
    left = tuple(LeftParkedAnswer(id=each.id, code=each.code, message=each.message) for each in found.left)
    return ManyParkedAnswer(done=found.done, left=left, next=found.following)
