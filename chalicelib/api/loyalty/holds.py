"""Holds: points set aside for a booking, or for a bill that is being made out at the desk."""

from chalicelib.api.http.endpoint import DESK, Ask, endpoint, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Id, Money, amount_of
from chalicelib.api.loyalty.bonuses import EntryAnswer, Points, bill_of_request, booking_of, entry_answer
from chalicelib.domain.shared.errors import malformed
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.loyalty.hold_points import hold_at_desk, hold_for_booking, redeem_hold, release_hold
from chalicelib.services.networks.set_up import get_salon


class HoldRequest(Body):
    """A hold for a booking (bill: what the visit will come to, by default the sum of its lines), or for a
    bill in a salon."""

    points: Points
    booking_id: Id | None = None
    salon_id: Id | None = None
    bill: Money | None = None
    goods: Money | None = None


class RedeemHoldRequest(Body):
    """points: all held points, or fewer; the rest is free again."""

    points: Points
    salon_id: Id


@post("/v1/clients/{client_id}/bonus/holds")
@endpoint(roles=DESK, body=HoldRequest, answer=EntryAnswer, status=201)
def hold(ask: Ask, client_id: str) -> EntryAnswer:
    """A repetition for a booking answers with the existing hold. The id of the entry is the id of the
    hold."""
    request: HoldRequest = ask.body
    client = get_client(ask.world, ask.access, client_id)
    booking = booking_of(ask, request.booking_id, client_id)
    if booking is not None:
        expected = amount_of(request.bill) if request.bill else None
        return entry_answer(hold_for_booking(ask.world, ask.access, booking.id, request.points, expected))
    if request.salon_id is None or request.bill is None:
        raise malformed("MISSING_FIELD", "Give booking_id, or salon_id and bill.", field="booking_id")
    salon = get_salon(ask.world, ask.access, request.salon_id)
    bill = bill_of_request(request.bill, request.goods, [salon.currency])
    return entry_answer(
        hold_at_desk(ask.world, ask.access, client, request.points, salon.id, bill, ask.request_id)
    )


@post("/v1/bonus/holds/{hold_id}/release")
@endpoint(roles=DESK, answer=EntryAnswer)
def release(ask: Ask, hold_id: str) -> EntryAnswer:
    """A repetition answers with the same release."""
    return entry_answer(release_hold(ask.world, ask.access, hold_id))


@post("/v1/bonus/holds/{hold_id}/redeem")
@endpoint(roles=DESK, body=RedeemHoldRequest, answer=EntryAnswer, status=201)
def redeem(ask: Ask, hold_id: str) -> EntryAnswer:
    """Spends points that were held at the desk. Points held for a booking pay when the booking is
    completed."""
    salon = get_salon(ask.world, ask.access, ask.body.salon_id)
    return entry_answer(redeem_hold(ask.world, ask.access, hold_id, ask.body.points, salon.id))
