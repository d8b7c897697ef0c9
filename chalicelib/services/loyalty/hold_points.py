"""Hold points for a bill that is not closed yet. A hold for a booking lasts until the booking is completed
(the hold pays) or cancelled (the points are free again). A hold at the desk is for a bill without a
booking."""

from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import Requester, counted_change, ensure_may_change
from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Hold, Posting
from chalicelib.domain.loyalty.ledger import Posted, ensure_same, hold_points, post, release_points, settled
from chalicelib.domain.loyalty.programme import Bill, Quote, programme_for, quote, same_programme
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.currencies import Amount, ensure_currency
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import client_of_entry, entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.bookings.follow_hold import held_until, release_posting
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.read_booking import read_requested
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.loyalty.visit_points import (
    bill_of_booking,
    ensure_minimum_and_step,
    ensure_redeemable,
    programme_of,
)
from chalicelib.services.networks.go_live import ensure_live
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

DESK_HOLD = timedelta(hours=12)
"""How long a bill may be open at a desk: a working day. A forgotten hold ends by the next morning, so that
the client can spend the points in any salon."""


def hold_for_booking(
    world: World, requester: Requester, booking_id: str, points: int, bill: Amount | None = None
) -> Entry:
    """Sets points aside for an upcoming booking. A repetition answers with the existing hold.

    bill: what the visit will come to; None: what the booking's lines come to. Raises NOT_FOUND, FORBIDDEN,
    CURRENCY_MISMATCH, WRONG_STATUS, NO_CLIENT, HOLD_EXISTS (another number is held), OVER_CAP, UNDER_MINIMUM,
    WRONG_STEP, INSUFFICIENT_POINTS, NOT_LIVE, TOO_MANY_CHANGES.
    """
    ensure_live(world, requester.network_id)
    return world.retrying(partial(_hold_once, world, requester, booking_id, points, bill))


def _hold_once(
    world: World, requester: Requester, booking_id: str, points: int, bill: Amount | None
) -> Entry:
    booking = read_requested(world, requester, booking_id)
    ensure_may_change(requester, booking, world.now())
    ensure_currency(bill, booking.currency, "bill")
    client = _client_of(world, booking)
    now, directory = world.now(), directory_for(world, booking)
    account, expirations = settled(world.store.account(booking.network_id, client.id), now)
    existing = account.hold_of_booking(booking.id)
    if existing is not None:
        return _same_hold(world, client, existing, points)
    paid_minor = booking.total_minor if bill is None else bill.minor
    ensure_redeemable(
        points,
        bill_of_booking(booking, directory, paid_minor, 0),
        programme_of(booking, directory),
        directory.rules.bonuses,
        booking.currency,
    )
    posting = Posting(
        id=entry_id(client.id, "hold", booking.id, str(account.entries)),
        kind=EntryKind.HOLD,
        points=points,
        reason="booking",
        actor=requester.actor,
        booking_id=booking.id,
        salon_id=booking.salon_id,
    )
    done = hold_points(account, posting, held_until(booking, directory), now)
    held = replace(booking, held_points=points, client_id=client.id)
    world.store.save(
        with_wake(counted_change(requester, booking, held), directory, client, now),
        account_plan.with_wake(done.account, directory, now, client),
        *expirations,
        *done.entries,
    )
    return done.entry


def release_for_booking(world: World, requester: Requester, booking_id: str) -> None:
    """Frees what is held for an upcoming booking. Nothing happens where nothing is held. Raises NOT_FOUND,
    FORBIDDEN, WRONG_STATUS, NO_CLIENT."""
    world.retrying(partial(_release_once, world, requester, booking_id))


def _release_once(world: World, requester: Requester, booking_id: str) -> None:
    booking = read_requested(world, requester, booking_id)
    ensure_may_change(requester, booking, world.now())
    client = _client_of(world, booking)
    now, directory = world.now(), directory_for(world, booking)
    account = world.store.account(booking.network_id, client.id)
    hold = settled(account, now)[0].hold_of_booking(booking.id)
    if hold is None:
        return
    done = release_points(account, hold.id, release_posting(hold, account, requester.actor), now)
    booking = replace(booking, held_points=0)
    world.store.save(
        with_wake(booking, directory, client, now),
        account_plan.with_wake(done.account, directory, now, client),
        *done.entries,
    )


def quote_for_booking(booking: Booking, directory: Directory, account: Account, now: datetime) -> Quote:
    """The most points that may be held now for a booking, whose bill is the sum of its lines. account:
    settled as of now."""
    bill = bill_of_booking(booking, directory, booking.total_minor, 0)
    value = directory.rules.bonuses.point_value(booking.currency)
    return quote(account.available(now), bill, programme_of(booking, directory), value)


def _client_of(world: World, booking: Booking) -> Client:
    if not booking.is_upcoming:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Points are held for a booking that is to come.", status=status)
    client = None
    if booking.client_id is not None:
        named = world.store.get(Client, network_id=booking.network_id, id=booking.client_id, fresh=False)
        client = surviving_client(world, named)
    if client is None:
        raise refused("NO_CLIENT", "The booking has no client whose points could be held.")
    return client


def _same_hold(world: World, client: Client, existing: Hold, points: int) -> Entry:
    entry = world.store.get(Entry, network_id=client.network_id, client_id=client.id, id=existing.id)
    if entry is None or existing.points != points:
        raise conflict(
            "HOLD_EXISTS",
            f"{existing.points} points are held for this booking already: release them first.",
            hold_id=existing.id,
            points=existing.points,
        )
    return entry


# --- by hand


def hold_at_desk(
    world: World,
    access: Access,
    client: Client,
    points: int,
    salon_id: str,
    bill: Bill,
    request_id: str | None,
) -> Entry:
    """Sets points aside for an open bill in a salon, without a booking. A client has one such hold in a salon
    at a time, so the second of two receptionists learns of the first. The same request_id holds once.

    Raises HOLD_EXISTS, OVER_CAP, UNDER_MINIMUM, WRONG_STEP, INSUFFICIENT_POINTS, NOT_LIVE.
    """
    ensure_live(world, access.network_id)
    cause = ("request", request_id) if request_id else ("random", world.randomness(16))
    posting = Posting(
        id=entry_id(client.id, "hold", *cause),
        kind=EntryKind.HOLD,
        points=points,
        reason="desk",
        actor=access.actor,
        salon_id=salon_id,
    )

    def operation(account: Account, now: datetime) -> Posted:
        directory = world.directory(access.network_id)
        salon, rules = directory.salons[salon_id], directory.rules.bonuses
        _ensure_no_other(settled(account, now)[0], salon_id)
        terms = programme_for(rules, salon_id, local_date(now, salon.timezone))
        ensure_redeemable(points, bill, terms, rules, salon.currency)
        return hold_points(account, posting, now + DESK_HOLD, now)

    return post_once(
        world,
        access.network_id,
        client.id,
        posting.id,
        operation,
        client=client,
        ensure_same=lambda existing: ensure_same(posting, existing),
    )


def _ensure_no_other(account: Account, salon_id: str) -> None:
    open_here = (hold for hold in account.holds if hold.booking_id is None and hold.salon_id == salon_id)
    if (hold := next(open_here, None)) is not None:
        raise conflict(
            "HOLD_EXISTS",
            f"{hold.points} points are held for a bill in this salon already: redeem or release them first.",
            hold_id=hold.id,
            points=hold.points,
        )


def release_hold(world: World, access: Access, hold_id: str) -> Entry:
    """Frees held points, for a booking or at the desk. A repetition answers with the same release. Raises
    NOT_FOUND, HOLD_CLOSED."""
    client_id = client_of_entry(hold_id)
    entry = _hold_entry(world, access, client_id, hold_id)
    booking_id = entry.booking_id

    def operation(account: Account, now: datetime) -> Posted:
        hold = Hold(entry.id, now, (), booking_id, entry.salon_id)
        return release_points(account, hold_id, release_posting(hold, account, access.actor), now)

    def also_saved(done: Posted) -> list[Storable]:
        booking = (
            world.store.get(Booking, network_id=access.network_id, id=booking_id) if booking_id else None
        )
        return [replace(booking, held_points=0)] if booking else []

    release_id = entry_id(client_id, "release", hold_id)
    return post_once(world, access.network_id, client_id, release_id, operation, also_saved=also_saved)


def redeem_hold(world: World, access: Access, hold_id: str, points: int, salon_id: str) -> Entry:
    """Spends points that were held at the desk, wholly or in part; the rest is free again. A repetition
    answers with the same entry.

    Raises NOT_FOUND, HOLD_CLOSED, HELD_FOR_BOOKING (complete the booking instead), HELD_ELSEWHERE (the salon
    has another programme or currency), OVER_CAP; for a part of the hold also UNDER_MINIMUM, WRONG_STEP.
    """
    client_id = client_of_entry(hold_id)
    entry = _hold_entry(world, access, client_id, hold_id)
    if entry.booking_id is not None:
        raise refused(
            "HELD_FOR_BOOKING",
            "These points pay when their booking is completed.",
            booking_id=entry.booking_id,
        )
    if not 0 < points <= entry.held:
        raise refused("OVER_CAP", f"{entry.held} points are held.", cap=entry.held, wanted=points)
    posting = Posting(
        id=entry_id(client_id, "redeem", hold_id),
        kind=EntryKind.REDEEM,
        points=-points,
        reason="desk",
        actor=access.actor,
        salon_id=salon_id,
        cause=hold_id,
    )

    def operation(account: Account, now: datetime) -> Posted:
        directory = world.directory(access.network_id)
        day = local_date(now, directory.zone)
        salons = (directory.salons.get(each_id or "") for each_id in (entry.salon_id, salon_id))
        currencies = {salon.currency for salon in salons if salon is not None}
        if len(currencies) > 1 or not same_programme(directory.rules.bonuses, entry.salon_id, salon_id, day):
            message = "They are held in a salon with another programme, or another currency."
            raise refused("HELD_ELSEWHERE", message, salon_id=entry.salon_id)
        if points < entry.held:
            ensure_minimum_and_step(points, programme_for(directory.rules.bonuses, salon_id, day))
        return post(account, posting, now, hold_id=hold_id)

    return post_once(
        world,
        access.network_id,
        client_id,
        posting.id,
        operation,
        ensure_same=lambda existing: ensure_same(posting, existing),
    )


def _hold_entry(world: World, access: Access, client_id: str, hold_id: str) -> Entry:
    entry = world.store.get(Entry, network_id=access.network_id, client_id=client_id, id=hold_id)
    if entry is None or entry.kind is not EntryKind.HOLD:
        raise missing("hold", hold_id)
    if entry.salon_id is not None and not access.reaches_salon(entry.salon_id):
        raise missing("hold", hold_id)
    return entry
