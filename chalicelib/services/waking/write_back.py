"""Write back: the booking's site takes the step that its client took here, by the site's API.

The call is made when the booking wakes, before the booking is saved. A crash in between repeats the call,
and each call may be repeated: a site that has the booking so already has taken the step. What the site then
reports is no news here. A step that the site's API does not take becomes a task of the desk.
"""

import logging

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, pending_write_back
from chalicelib.domain.bookings.write_back import WriteBack, after_try
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.trust import companies
from chalicelib.domain.networks.network import Connection, Directory
from chalicelib.domain.shared.ids import digest
from chalicelib.services.bookings.desk_tasks import connection_of, with_task_on_site
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome, TakeStep
from chalicelib.services.clients.contact_person import reached
from chalicelib.services.intake.ask_person import ask_about_token
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)


def write_back(
    world: World, take_step: TakeStep, booking: Booking, directory: Directory, client: Client | None
) -> Booking:
    """The booking after its site was asked to take the step that is due, saved. The very same booking where
    nothing is due. Raises SaveConflict: then the site is asked again."""
    pending, now = pending_write_back(booking), world.now()
    if pending is None or pending.due_at > now:
        return booking
    connection = connection_of(booking, directory)
    if connection is None or connection.api_token is None:
        answer = StepAnswer(StepOutcome.REFUSED, "the connection has no token any more")
    else:
        contact = reached(world, client) if client is not None else None
        step = _step(booking, pending, connection, connection.api_token, directory, contact)
        answer = _asked(take_step, step)
    if answer.outcome is StepOutcome.TOKEN_REFUSED and connection is not None:
        ask_about_token(world, connection, answer.reason)
    again, tasks = None, list[Storable]()
    if answer.outcome is StepOutcome.LATER:
        again = after_try(pending, now, answer.wait, until=booking.starts_at)
    after = replace(booking, write_back=again, trouble=None)
    if again is None and answer.outcome is not StepOutcome.TAKEN and connection is not None:
        after, task = with_task_on_site(world, after, pending.step)
        tasks.append(task)
    saved: Booking = world.store.save(with_wake(after, directory, client, now), *tasks)[0]
    return saved


def _asked(take_step: TakeStep, step: StepOnSite) -> StepAnswer:
    """The site's answer. What fails here fails for this step alone: the booking's messages go out."""
    try:
        answer = take_step(step)
    except Exception:
        log.exception("a step on a booking site broke off", extra={"site": step.site})
        answer = StepAnswer(StepOutcome.LATER, "it broke off")
    extra = {"site": step.site, "step": step.step.value, "outcome": answer.outcome.value}
    log.info("a booking site was asked to take a step: %s", answer.reason, extra=extra)
    return answer


def _step(
    booking: Booking,
    pending: WriteBack,
    connection: Connection,
    token: str,
    directory: Directory,
    contact: Client | None,
) -> StepOnSite:
    """contact: the client as messages reach them."""
    salon = directory.salons[booking.salon_id]
    addresses = (contact.phone, contact.email) if contact is not None else ()
    return StepOnSite(
        site=connection.site,
        step=pending.step,
        external_id=booking.external_id or "",
        location=_location(booking, connection),
        token=token,
        key=digest(booking.id, pending.step, pending.at.isoformat()),
        language=salon.language or directory.network.language,
        contacts=tuple(each for each in addresses if each),
    )


def _location(booking: Booking, connection: Connection) -> str | None:
    """The site's id of the booking's salon: as it was told with the booking, else the only one that the
    connection names."""
    if booking.reported is not None and booking.reported.salon is not None:
        return booking.reported.salon
    named = companies(connection.settings) or frozenset()
    return next(iter(named)) if len(named) == 1 else None
