"""What makes each kind of message due: the items of one client, the first of them the one that wakes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bench.setting.layout import planned
from bench.setting.metered_driver import SALON, SERVICE, MeteredDriver
from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, Due, VisitDay
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, EntryKind, Lot
from chalicelib.domain.marketing.campaigns import Campaign, CampaignState, Recipient
from chalicelib.domain.messages.messages import Message, MessageState, message_id
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.ids import derived, digest
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.shared.waking import Wake
from infra.testkit.builders import a_client, a_consent


@dataclass(frozen=True)
class Scene:
    """One client of the salon, and the present hour. cause: tells one client from another."""

    driver: MeteredDriver
    cause: str

    @property
    def now(self) -> datetime:
        return self.driver.clock.now

    @property
    def network_id(self) -> str:
        return self.driver.network_id

    @property
    def client_id(self) -> str:
        return f"cli_{digest('bench', self.cause)}"

    @property
    def directory(self) -> Directory:
        return self.driver.world.directory(self.network_id)

    def client(self, **fields: Any) -> Client:
        """Came once, allows marketing, has no birthday that we know of."""
        given: dict[str, Any] = {"email": None, "birth_date": None, "consents": (a_consent(),)}
        given["created_at"] = self.now - timedelta(days=100)
        return a_client(self.client_id, **{**given, **fields})

    def visited(self, *days_ago: int) -> Client:
        days = [VisitDay((self.now - timedelta(days=days)).date(), SALON) for days in days_ago]
        return self.client(visits_count=len(days), first_visit_on=days[-1].on, recent_visits=tuple(days))

    def woken(self, client: Client, since: timedelta) -> Client:
        """With the pointer that was set that long ago."""
        return client_plan.with_wake(client, self.directory, self.now - since)

    def link(self, booking_id: str | None = None) -> Link:
        """That of a booking, or of the client, as an earlier message has put it."""
        return self.driver.links.link(self.network_id, self.client_id, booking_id, self.now)

    def booking(self, starts_in: timedelta, **fields: Any) -> Booking:
        return replace(planned(self.driver, self.cause, self.now + starts_in), **fields)

    def planned(self, booking: Booking) -> Booking:
        return booking_plan.with_wake(booking, self.directory, None, self.now)


Make = Callable[[Scene], Sequence[Any]]


def notice(scene: Scene) -> Sequence[Any]:
    booking = scene.booking(timedelta(days=3), made_at=scene.now, touches={})
    return scene.planned(booking), scene.client()


def confirm_request(scene: Scene) -> Sequence[Any]:
    return scene.planned(scene.booking(timedelta(hours=24))), scene.client()


def control_reminder(scene: Scene) -> Sequence[Any]:
    booking = scene.booking(timedelta(hours=1), status=Status.CONFIRMED)
    asked = Touch(TouchKind.CONFIRM_REQUEST, TouchState.SENT, scene.now - timedelta(hours=23))
    return scene.planned(with_touches(booking, asked)), scene.client()


def unconfirmed(scene: Scene) -> Sequence[Any]:
    """Asked, and silent until the cut-off."""
    booking = scene.booking(timedelta(hours=2))
    asked = Touch(TouchKind.CONFIRM_REQUEST, TouchState.SENT, scene.now - timedelta(hours=22))
    return scene.planned(with_touches(booking, asked)), scene.client()


def _completed(scene: Scene, earned: int) -> Booking:
    closed_at = scene.now - timedelta(hours=2)
    booking = scene.booking(-timedelta(hours=3), status=Status.COMPLETED, closed_at=closed_at)
    done = (TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER)
    booking = with_touches(booking, *(Touch(kind, TouchState.SENT, closed_at) for kind in done))
    booking = replace(booking, paid_minor=50_000, earned_points=earned)
    return booking_plan.with_wake(booking, scene.directory, None, closed_at)


def review_request(scene: Scene) -> Sequence[Any]:
    return _completed(scene, earned=0), scene.visited(0)


def review_and_bonus(scene: Scene) -> Sequence[Any]:
    account = Account(network_id=scene.network_id, client_id=scene.client_id, balance=25, entries=1)
    return _completed(scene, earned=25), scene.visited(0), account


def no_show_invitation(scene: Scene) -> Sequence[Any]:
    missed_at = scene.now.replace(hour=9) - timedelta(days=1)
    booking = scene.booking(missed_at - scene.now, status=Status.NO_SHOW, closed_at=missed_at)
    return booking_plan.with_wake(booking, scene.directory, None, missed_at), scene.visited(30)


def repeat_invitation(scene: Scene) -> Sequence[Any]:
    """The link of the visit is there."""
    visit = f"bkg_{digest(scene.cause)}"
    client = replace(scene.visited(30), due=(Due(SERVICE, scene.now, visit),))
    return scene.woken(client, timedelta(days=30)), scene.link(visit)


def birthday(scene: Scene) -> Sequence[Any]:
    day = (scene.now + timedelta(days=7)).date()
    client = replace(scene.visited(10), birth_date=date(1990, day.month, day.day))
    return (scene.woken(client, timedelta(days=1)),)


def at_risk(scene: Scene) -> Sequence[Any]:
    """Three visits a month apart, the last too long ago."""
    return (scene.woken(scene.visited(40, 70, 100), timedelta(days=5)),)


def win_back(scene: Scene) -> Sequence[Any]:
    return (scene.woken(scene.visited(63), timedelta(days=5)),)


def bonus_expiry(scene: Scene) -> Sequence[Any]:
    granted_at = scene.now - timedelta(days=90)
    lot = Lot(1, granted_at, granted_at, scene.now + timedelta(days=13, hours=20), 25, EntryKind.CASHBACK)
    account = Account(
        network_id=scene.network_id, client_id=scene.client_id, balance=25, entries=1, lots=(lot,)
    )
    client = scene.visited(30)
    return account_plan.with_wake(account, scene.directory, granted_at, client), client


def campaign_recipient(scene: Scene) -> Sequence[Any]:
    campaign = Campaign(
        network_id=scene.network_id,
        id=derived("cmp", scene.cause),
        name="Весна",
        texts={"ru": "{salon}: весной маникюр дешевле. {link} Отписка: {stop}"},
        starts_at=scene.now,
        ends_at=scene.now + timedelta(days=3),
        state=CampaignState.RUNNING,
        created_at=scene.now - timedelta(days=1),
        actor="key:owner",
    )
    recipient = Recipient(
        network_id=scene.network_id,
        client_id=scene.client_id,
        campaign_id=campaign.id,
        at=scene.now,
        wake=Wake(scene.now, "campaign"),
    )
    return recipient, scene.visited(30), campaign


def sent_lately(scene: Scene) -> Message:
    """One that the caps count."""
    at, kind = scene.now - timedelta(days=2), TouchKind.CAMPAIGN
    return Message(
        network_id=scene.network_id,
        id=message_id(scene.cause, kind, 0, 1, at),
        client_id=scene.client_id,
        salon_id=SALON,
        kind=kind,
        channel="sms",
        state=MessageState.SENT,
        planned_at=at,
        recorded_at=at,
    )
