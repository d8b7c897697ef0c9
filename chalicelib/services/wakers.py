"""What waking means for each kind of item: a booking, a client, a webhook that was never taken in."""

from dataclasses import replace

from chalicelib.domain.bookings import Booking
from chalicelib.domain.clients import Client
from chalicelib.domain.inbox import RETRY_LOST, InboxItem, quarantined
from chalicelib.domain.waking import Wake, after_failure
from chalicelib.services.attach_client import attach_client
from chalicelib.services.plan_booking import directory_for, with_wake
from chalicelib.services.ports import IntakeQueue
from chalicelib.services.send_touches import Sending, send_due
from chalicelib.services.subjects import about_booking, about_client
from chalicelib.services.wake_items import Wakers


def wakers(sending: Sending, intake: IntakeQueue) -> Wakers:
    return Wakers(
        booking=lambda booking: wake_booking(sending, booking),
        client=lambda client: wake_client(sending, client),
        inbox=lambda item: wake_inbox_item(sending, intake, item),
    )


def wake_booking(sending: Sending, booking: Booking) -> None:
    """Sends what is due of a booking. One whose client the site had not told is looked up; until then it says
    nothing."""
    world = sending.world
    directory = directory_for(world, booking)
    if booking.waiting_for is not None:
        if attach_client(world, booking) is None:
            world.store.save(with_wake(booking, directory, None, world.now()))
        return
    client = world.store.client(booking.network_id, booking.client_id) if booking.client_id else None
    if client is None:
        world.store.save(replace(booking, wake=None))
        return
    send_due(sending, about_booking(booking, client, directory))


def wake_client(sending: Sending, client: Client) -> None:
    send_due(sending, about_client(client, sending.world.directory(client.network_id)))


def wake_inbox_item(sending: Sending, intake: IntakeQueue, item: InboxItem) -> None:
    """Hands a webhook to intake again, and looks after it once more should that be lost too. One that intake
    never comes to an end with is put before a person."""
    world = sending.world
    trouble = after_failure(item.trouble, "intake has not come to an end with it", world.now())
    if trouble.parked:
        world.store.save(quarantined(replace(item, trouble=trouble), "NOT_TAKEN_IN", trouble.error))
        return
    again = max(world.now() + RETRY_LOST, trouble.retry_at)
    (saved,) = world.store.save(replace(item, trouble=trouble, wake=Wake(again, "take_in")))
    intake.take_in(saved)
