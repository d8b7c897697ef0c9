"""Simulate a network's past under two programmes. A walk passes its clients, each with all past visits, so
that memory does not grow with their number."""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.birthdays import birthday_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.simulations.past_visits import PastVisit, Span
from chalicelib.domain.simulations.simulation import ClientSums, simulate_client
from chalicelib.domain.simulations.simulations import Simulation, with_clients
from chalicelib.domain.waking.walks import SUPERSEDED, Simulating, Walk
from chalicelib.services.loyalty.visit_points import bill_of_booking, visited_on
from chalicelib.services.shared.world import World

BATCH_SIZE = 100
PAGES_BATCH_SIZE = 10
READ_BATCH_SIZE = 200
"""A slice ends after PAGES_BATCH_SIZE pages of clients, or once it has read the visits of READ_BATCH_SIZE
clients. So a shard waits some seconds for it at most."""


def simulate_some(world: World, walk: Walk[Simulating]) -> Walk[Simulating]:
    """The walk after its next slice. The simulation keeps its progress and its sums in one item. So a walk
    that a crash has left behind catches up and counts no client again. Raises SaveConflict."""
    simulation = world.store.get(Simulation, network_id=walk.network_id, id=walk.state.simulation_id)
    if simulation is None:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    if simulation.finished_at is None:
        simulation = world.store.save(_after_slice(world, simulation))[0]
    return replace(
        walk,
        stage=simulation.stage,
        cursor=simulation.cursor,
        seen=simulation.seen,
        finished_at=simulation.finished_at,
    )


def _after_slice(world: World, simulation: Simulation) -> Simulation:
    read = 0
    for _ in range(PAGES_BATCH_SIZE):
        page = world.store.clients(simulation.network_id, limit=BATCH_SIZE, cursor=simulation.cursor)
        came = [client for client in page.items if _may_have_come(client, simulation.span)]
        past = _completed(world, simulation, came)
        sums = _simulate_clients(world, simulation, came, past)
        simulation = with_clients(simulation, sums, len(page.items), len(past), page.cursor, world.now())
        read += len(came)
        if simulation.finished_at is not None or read >= READ_BATCH_SIZE:
            break
    return simulation


def _may_have_come(client: Client, span: Span) -> bool:
    """Whether the last visit is not before the span. The bookings of other clients are not read."""
    last = client.last_visit_on
    return last is not None and last >= local_date(span.warm_from, span.zone) - timedelta(days=1)


def _completed(world: World, simulation: Simulation, clients: Sequence[Client]) -> list[Booking]:
    """All completed bookings of these clients that started in the span."""
    store, network_id, span = world.store, simulation.network_id, simulation.span
    booking_ids = [
        booking_id
        for client in clients
        for booking_id, _ in store.starts_of_client(network_id, client.id, span.warm_from, span.until)
    ]
    found = store.bookings(network_id, booking_ids) if booking_ids else []
    return [booking for booking in found if booking.status is Status.COMPLETED]


def _simulate_clients(
    world: World, simulation: Simulation, clients: Sequence[Client], past: Sequence[Booking]
) -> list[ClientSums]:
    salons = {booking.salon_id for booking in past}
    directory = world.directory(simulation.network_id, lambda known: salons <= known.salons.keys())
    visits: dict[str | None, list[PastVisit]] = {client.id: [] for client in clients}
    for booking in past:
        if booking.client_id in visits:  # a merge may be moving it to another client
            visits[booking.client_id].append(past_visit(booking, directory))
    present, proposed, span = simulation.present, simulation.proposed, simulation.span
    return [simulate_client(visits[each.id], _birth_date(each), present, proposed, span) for each in clients]


def _birth_date(client: Client) -> date | None:
    """The client's birth date; None for a placeholder, and for a client who was merged into another."""
    is_known = client.birth_date is not None and birthday_of(client.birth_date, None).day is not None
    return client.birth_date if is_known and client.merged is None else None


def past_visit(booking: Booking, directory: Directory) -> PastVisit:
    """A completed booking as a simulation sees it. The refunded part counts as never paid."""
    bill_minor, refunds = booking.paid_minor or 0, booking.refunds
    paid = bill_minor - booking.refunded_minor
    goods = (booking.goods_minor or 0) * paid // bill_minor if bill_minor else 0
    return PastVisit(
        at=booking.visited_at,
        on=visited_on(booking, directory),
        salon_id=booking.salon_id,
        salon_zone=directory.salons[booking.salon_id].timezone,
        currency=booking.currency,
        bill=bill_of_booking(booking, directory, paid, goods),
        redeemed_points=booking.redeemed_points - sum(each.points_back for each in refunds),
        earned_points=booking.earned_points - sum(each.points_taken for each in refunds),
    )
