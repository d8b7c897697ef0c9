"""Handlers: what waking means for each kind of item. Bookings, clients, accounts, recipients of campaigns,
walks, promotions, polls of booking sites, pages of facts and chosen metrics wake, and so do webhooks that
were never ingested."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import asks_for_client_at, unconfirmed_at, with_wake
from chalicelib.domain.bookings.bookings import Booking, pending_write_back
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.intake.inbox import RETRY_LOST, InboxItem, quarantined
from chalicelib.domain.intake.site_polls import INTERVAL, SitePoll, resting
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.account_plan import PASSES, passes_are_stale
from chalicelib.domain.loyalty.ledger import next_expiration, settled
from chalicelib.domain.loyalty.passes import Pass, PassDevice
from chalicelib.domain.marketing.campaigns import Campaign, Recipient
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.reports.chosen_metrics import ChosenMetric
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.shared.waking import Wake, after_failure
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.same_visit import rules_of
from chalicelib.services.bookings.site_steps import TakeStep, no_site
from chalicelib.services.clients.booked_ahead import followed, with_look_ahead
from chalicelib.services.clients.contact_person import reached
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.facts.fact_ports import RenewalQueue
from chalicelib.services.facts.wake_page import wake_page
from chalicelib.services.intake.attach_client import attach_client
from chalicelib.services.loyalty.give_birthday import give_birthday_gift
from chalicelib.services.loyalty.passes import update_wallets
from chalicelib.services.marketing.about_recipient import about_recipient
from chalicelib.services.marketing.merged_recipients import give_to_survivor
from chalicelib.services.marketing.step_promotion import step_promotion
from chalicelib.services.messages.about_account import about_account
from chalicelib.services.messages.about_booking import about_booking
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.send_touches import send_due
from chalicelib.services.messages.sending import Sending
from chalicelib.services.reports.measure_metric import wake_metric
from chalicelib.services.shared.ports import IntakeQueue, PassUpdates
from chalicelib.services.shared.world import World
from chalicelib.services.waking.wake_items import Handlers
from chalicelib.services.waking.walk_on import walk_on, walk_steps

if TYPE_CHECKING:
    from chalicelib.services.waking.poll_site import Polling

NO_SALON_YET = timedelta(days=1)
"""How long a client waits to be looked at again whose network has no salon yet."""

SETTLED_AFTER = timedelta(seconds=10)
"""How long an eventual read may miss a write."""


class NoWallets:
    """For a deployment without wallets."""

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        return True


NO_WALLETS = NoWallets()


def handlers(
    sending: Sending,
    intake: IntakeQueue,
    updates: PassUpdates = NO_WALLETS,
    take_step: TakeStep = no_site,
    polling: "Callable[[], Polling] | None" = None,
    renewals: RenewalQueue | None = None,
) -> Handlers:
    """polling: made when a poll wakes; None for a deployment that polls no booking site. renewals: None for
    one that renews no pages of facts."""
    steps = walk_steps(sending)
    return {
        Booking: lambda booking: wake_booking(sending, booking, take_step),
        Client: lambda client: wake_client(sending, client),
        Account: lambda account: wake_account(sending, account, updates),
        Recipient: lambda recipient: wake_recipient(sending, recipient),
        Walk: lambda walk: walk_on(sending.world, walk, steps),
        Promotion: lambda promotion: step_promotion(sending.world, promotion),
        InboxItem: lambda item: wake_inbox_item(sending, intake, item),
        SitePoll: lambda poll: wake_poll(sending.world, polling, poll),
        FactPage: lambda page: wake_page(sending.world, renewals, page),
        ChosenMetric: lambda metric: wake_metric(sending.world, renewals, metric),
    }


def wake_booking(sending: Sending, booking: Booking, take_step: TakeStep = no_site) -> None:
    """Sends what is due of a booking, and has its site take the client's step. A booking that waits for its
    client gets it, if the site has reported the client since; until then nothing is sent."""
    world = sending.world
    directory = directory_for(world, booking)
    if pending_write_back(booking) is not None:
        booking = _with_write_back(world, booking, directory, take_step)
        if booking.wake is None or booking.wake.at > world.now():
            return
    if booking.waiting_for is not None:
        if attach_client(world, booking) is None:
            _look_for_client_later(world, booking, directory)
        return
    if booking.bill_due_at is not None and booking.bill_due_at <= world.now():
        booking = _with_bill_by_prices(world, booking)
    client = _client_of(world, booking.network_id, booking.client_id, fresh=_is_made_just_now(world, booking))
    client = surviving_client(world, client)
    if client is None:
        world.store.save(replace(booking, wake=None))
        return
    for overdue in followed(world, client, directory, None, booking):  # found by phone: not read till now
        world.store.save(overdue)
    booking = _with_task_if_unconfirmed(world, booking, directory)
    send_due(sending, about_booking(booking, reached(world, client), directory))


def _is_made_just_now(world: World, booking: Booking) -> bool:
    """Whether the client may have been saved with the booking within the last seconds. A site may tell a
    booking long after it was made: one that nobody has saved since is as old as the notice that is due."""
    saved_at, wake = booking.made_at, booking.wake
    if booking.version <= 1 and wake is not None and wake.why == TouchKind.NOTICE:
        saved_at = max(saved_at, wake.at)
    return world.now() - saved_at < SETTLED_AFTER


def _look_for_client_later(world: World, booking: Booking, directory: Directory) -> None:
    """Saves the booking that still waits for its client; in time together with a task, once a client."""
    now = world.now()
    asks_at = asks_for_client_at(booking)
    if asks_at is None or asks_at > now:
        world.store.save(with_wake(booking, directory, None, now))
        return
    site = directory.connections.get(booking.connection_id or "")
    task = Task(
        network_id=booking.network_id,
        id=time_ordered("tsk", now, digest(booking.id, str(booking.waiting_for), length=10)),
        kind=TaskKind.SITE_CLIENT_UNKNOWN,
        at=now,
        salon_id=booking.salon_id,
        booking_id=booking.id,
        words=f"{site.site if site else 'the site'} names the client {booking.waiting_for}",
    )
    world.store.save(with_wake(replace(booking, asked_for=booking.waiting_for), directory, None, now), task)


def _with_write_back(world: World, booking: Booking, directory: Directory, take_step: TakeStep) -> Booking:
    """The booking after its site was asked for what is due, saved; the very same where nothing is due."""
    from chalicelib.services.waking.write_back import write_back

    client = _client_of(world, booking.network_id, booking.client_id)
    return write_back(world, take_step, booking, directory, client)


def _with_bill_by_prices(world: World, booking: Booking) -> Booking:
    """The booking, saved with the bill that nobody has told, and with all that the bill gives."""
    from chalicelib.services.visits.site_bill import bill_by_prices

    saved: Booking = world.store.save(*bill_by_prices(world, booking))[0]
    return saved


def _client_of(world: World, network_id: str, client_id: str | None, *, fresh: bool = False) -> Client | None:
    """The client, perhaps as they were a second ago: half the price, and nothing of them is saved. fresh: as
    they are now, where their phone may have come with the booking."""
    return world.store.get(Client, network_id=network_id, id=client_id, fresh=fresh) if client_id else None


def _with_task_if_unconfirmed(world: World, booking: Booking, directory: Directory) -> Booking:
    """The booking, saved together with a task for the salon if the client was asked to confirm and has not by
    the cut-off."""
    now = world.now()
    at = unconfirmed_at(booking, rules_of(booking, directory))
    if at is None or at > now:
        return booking
    task = Task(
        network_id=booking.network_id,
        id=time_ordered("tsk", now, digest(booking.id, str(booking.moves), length=10)),
        kind=TaskKind.UNCONFIRMED,
        at=now,
        salon_id=booking.salon_id,
        booking_id=booking.id,
        client_id=booking.client_id,
    )
    saved: Booking = world.store.save(replace(booking, unconfirmed_told=booking.moves), task)[0]
    return saved


def wake_client(sending: Sending, client: Client) -> None:
    """Gives a birthday gift that is due, then sends what is due and records what time has changed of the
    category. Nothing is sent to a merged client."""
    world = sending.world
    if client.merged is not None:
        world.store.save(replace(client, wake=None))
        return
    directory = world.directory(client.network_id, lambda known: bool(known.salons))
    if not directory.salons:
        again = Wake(world.now() + NO_SALON_YET, "no_salon")
        world.store.save(replace(client, wake=again))
        return
    client = give_birthday_gift(world, directory, client)
    client, has_booking = with_look_ahead(world, client, directory)
    send_due(sending, replace(about_client(client, directory), has_booking=has_booking))


def wake_account(sending: Sending, account: Account, updates: PassUpdates) -> None:
    """Warns of points that soon expire, then posts those that have expired, then notifies wallets. In this
    order a warning that an outage held up until its points had expired is skipped on record."""
    world, now = sending.world, sending.world.now()
    directory = world.directory(account.network_id)
    client = _client_of(world, account.network_id, account.client_id)
    tells = passes_are_stale(account) or (account.wake is not None and account.wake.why == PASSES)
    if client is not None and directory.salons:
        end = next_expiration(account)
        more = tells or (end is not None and end <= now)
        send_due(sending, about_account(account, client, directory), ends_wake=not more)
        if not more:
            return
        account = world.store.account(account.network_id, account.client_id)
    account, expirations = settled(replace(account, trouble=None), now)
    if client is None:
        account = replace(account, shown=None)
    elif tells or passes_are_stale(account):
        if directory.network.trial:
            updates = NO_WALLETS
        account = update_wallets(world, sending.links, updates, account, client)
    world.store.save(account_plan.with_wake(account, directory, now, client), *expirations)


def wake_recipient(sending: Sending, recipient: Recipient) -> None:
    world = sending.world
    client = _client_of(world, recipient.network_id, recipient.client_id)
    campaign = world.store.get(
        Campaign, network_id=recipient.network_id, id=recipient.campaign_id, fresh=False
    )
    if client is None or campaign is None:
        world.store.save(replace(recipient, wake=None))
        return
    if client.merged is not None:
        give_to_survivor(world, recipient, client)
        return
    directory = world.directory(recipient.network_id)
    send_due(sending, about_recipient(recipient, campaign, client, directory))


def wake_inbox_item(sending: Sending, intake: IntakeQueue, item: InboxItem) -> None:
    """Hands a webhook to intake again, and wakes once more should that be lost too. A webhook that is never
    ingested is quarantined, so that a person sees it."""
    world = sending.world
    trouble = after_failure(item.trouble, "intake has not come to an end with it", world.now())
    if trouble.parked:
        world.store.save(quarantined(replace(item, trouble=trouble), "NOT_TAKEN_IN", trouble.error))
        return
    again = max(world.now() + RETRY_LOST, trouble.retry_at)
    (saved,) = world.store.save(replace(item, trouble=trouble, wake=Wake(again, "take_in")))
    intake.ingest(saved)


def wake_poll(world: World, polling: "Callable[[], Polling] | None", poll: SitePoll) -> None:
    """Asks a booking site what has changed there."""
    from chalicelib.services.waking.poll_site import poll_site

    if polling is None:
        world.store.save(resting(poll, world.now(), INTERVAL))
        return
    poll_site(polling(), poll)
