"""Upcoming bookings follow their service or specialist after a split, a page after the other."""

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.waking.walks import DONE, Splitting, Walk
from chalicelib.services.bookings.plan_booking import replanned
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

BATCH_SIZE = 100
READS_BATCH_SIZE = 25
"""A slice ends after so many bookings, or after so many reads where the salons have few."""
LOOKED_BACK = timedelta(days=1)
"""How long after its start a booking may still be open."""


def follow_some(world: World, walk: Walk[Splitting]) -> Walk[Splitting]:
    """The walk after its next slice, salon by salon. A slice that is done again after a crash changes nothing
    more."""
    salons = sorted(world.directory(walk.network_id).salons)
    enough = walk.seen + BATCH_SIZE
    for _ in range(READS_BATCH_SIZE):
        salon_id = walk.stage or next(iter(salons), None)
        if salon_id is None or not walk.state.connection_ids:
            return replace(walk, stage=DONE, cursor=None, finished_at=world.now())
        walk = _after_page(world, replace(walk, stage=salon_id))
        if walk.cursor is None:
            following = next((each for each in salons if each > salon_id), None)
            if following is None:
                return replace(walk, stage=DONE, finished_at=world.now())
            walk = replace(walk, stage=following)
        if walk.seen >= enough:
            break
    return walk


def _after_page(world: World, walk: Walk[Splitting]) -> Walk[Splitting]:
    page = world.store.bookings_of_salon(
        walk.network_id,
        walk.stage,
        since=walk.begun_at - LOOKED_BACK,
        status=Status.BOOKED,
        limit=BATCH_SIZE,
        cursor=walk.cursor,
    )
    changed = sum(_follows(world, booking, walk.state) for booking in page.items)
    return replace(walk, cursor=page.cursor, seen=walk.seen + len(page.items), changed=walk.changed + changed)


def _follows(world: World, booking: Booking, split: Splitting) -> bool:
    """Whether the booking had to be changed. A change by another writer is read again, never undone."""
    for _ in world.tries():
        wanted = _with_split(booking, split)
        if wanted is booking:
            return False
        try:
            world.store.save(replanned(world, wanted))
        except SaveConflict:
            current = world.store.get(Booking, network_id=booking.network_id, id=booking.id)
            if current is None:
                return False
            booking = current
        else:
            return True
    raise SaveConflict(booking)


def _with_split(booking: Booking, split: Splitting) -> Booking:
    if not booking.is_upcoming or booking.connection_id not in split.connection_ids:
        return booking
    lines = tuple(_line(line, split) for line in booking.lines)
    return booking if lines == booking.lines else replace(booking, lines=lines)


def _line(line: Line, split: Splitting) -> Line:
    if line.service_id == split.source_id:
        return replace(line, service_id=split.split_id)
    return replace(line, staff_id=split.split_id) if line.staff_id == split.source_id else line
