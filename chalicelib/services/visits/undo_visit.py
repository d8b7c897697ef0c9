"""The steps that a refund and a reversal have in common: read the visit, undo its entries."""

from collections.abc import Sequence

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.loyalty.reversal import NOT_REVERSIBLE, ReversalTerms
from chalicelib.domain.loyalty.reversal_history import reversal_id
from chalicelib.domain.shared.ids import entry_id
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.loyalty.reverse_entry import entries_across_merges, prepare_reversal
from chalicelib.services.loyalty.visit_points import posting_ids
from chalicelib.services.shared.world import World
from chalicelib.services.visits.visit_in_progress import VisitInProgress


def visit_to_undo(
    world: World, booking: Booking, chain: Sequence[Client], reason: str, actor: str
) -> VisitInProgress:
    """The completed visit with the surviving client's account as of now, and all entries that tell what was
    undone before.

    chain: the booking's client, the client whom they were merged into, and so on; empty where one is missing.
    """
    network_id, client_id, now = booking.network_id, str(booking.client_id), world.now()
    client = chain[-1] if chain else None
    holder_id = client.id if client is not None else client_id
    account, expirations = settled(world.store.account(network_id, holder_id), now)
    return VisitInProgress(
        directory=directory_for(world, booking),
        booking=booking,
        client=client,
        account=account,
        actor=actor,
        now=now,
        reason=reason,
        ledger=(*entries_across_merges(world, network_id, client_id, holder_id), *expirations),
        entries=expirations,
    )


def entries_of_visit(visit: VisitInProgress) -> list[Entry]:
    """The entries that the visit's completion, and corrections of its sum, posted to its client's account,
    earned points first. Undone in this order, spent points return to their lots untouched."""
    ids = {each for kind in EntryKind for each in posting_ids(visit.booking, kind, visit.ledger)}
    found = [entry for entry in visit.ledger if entry.id in ids and entry.kind not in NOT_REVERSIBLE]
    return sorted(found, key=lambda entry: entry.worth, reverse=True)


def correction_id(holder_id: str, correction: int, entry: Entry) -> str:
    """The id of the entry by which a correction of the sum takes back a part of the visit's entry."""
    return entry_id(holder_id, "correction", str(correction), entry.id)


def points_corrected(visit: VisitInProgress, entry: Entry) -> int:
    """How many points of the visit's entry corrections of the sum took back."""
    holders = {each.client_id for each in visit.ledger}
    numbers = range(1, visit.booking.corrections + 1)
    ids = {correction_id(holder, number, entry) for holder in holders for number in numbers}
    return sum(abs(each.worth) for each in visit.ledger if each.id in ids)


def with_entry_undone(
    visit: VisitInProgress, entry: Entry, *, undoing_id: str | None = None, points: int | None = None
) -> VisitInProgress:
    """The visit after an entry is undone: `points` of it, or all that is left. undoing_id: of the entry that
    undoes it. Raises CANNOT_REVERSE."""
    request = ReversalTerms(
        id=undoing_id or reversal_id(entry, visit.account.client_id),
        reason=visit.reason,
        actor=visit.actor,
        points=points,
    )
    posted = prepare_reversal(visit.directory, visit.account, entry, visit.ledger, request, visit.now)
    return visit.after(posted)
