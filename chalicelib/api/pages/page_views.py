"""The views of the client's pages, made from the network's set-up, the booking and the account."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.addresses import is_known
from chalicelib.domain.clients.clients import CHANNELS, Client
from chalicelib.domain.clients.consents import all_refused
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.networks.site_names import service_name, staff_name
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.links import Link, LinkPurpose
from chalicelib.domain.shared.touches import Purpose
from chalicelib.pages.views import BookingView, LineView, ReviewLinkView, ReviewView, SalonView, StopView
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.read_booking import read_requested
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.loyalty.hold_points import quote_for_booking
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World


class OpenedLink(Struct, frozen=True):
    """An opened link, with all that a page needs to show the client's booking or card, and to change it.

    purpose  what the link is for: which page it leads to.
    token    as it is in the address.
    """

    world: World
    links: Links
    link: Link
    purpose: LinkPurpose
    token: str

    @property
    def base_path(self) -> str:
        return base_path(self.links)

    @property
    def page_path(self) -> str:
        """The address of the page itself, without the host."""
        return f"{self.base_path}/{self.purpose}/{self.token}"

    @property
    def visitor(self) -> LinkVisitor:
        """The person who requests a change on the page."""
        return LinkVisitor(self.link.network_id, self.link.client_id)

    @property
    def booking_id(self) -> str:
        """Raises NOT_FOUND for a link that is about no booking."""
        if self.link.booking_id is None:
            raise missing("booking", "")
        return self.link.booking_id

    def booking(self) -> Booking:
        """Raises NOT_FOUND, also for a booking that is another client's by now."""
        return read_requested(self.world, self.visitor, self.booking_id)

    def salon_of(self, booking: Booking) -> Salon:
        return directory_for(self.world, booking).salons[booking.salon_id]

    def client(self, *, fresh: bool = False) -> Client:
        """The client for whom the link was made; of a merged client, the surviving one. Raises NOT_FOUND."""
        named = self.world.store.get(
            Client, network_id=self.link.network_id, id=self.link.client_id, fresh=fresh
        )
        client = surviving_client(self.world, named)
        if client is None:
            raise missing("client", "")
        return client


def base_path(links: Links) -> str:
    """The path before our pages in their addresses: the stage, below API Gateway's own address."""
    return urlsplit(links.base_url).path


def open_link(world: World, links: Links, token: str, purpose: LinkPurpose) -> OpenedLink:
    """Raises NOT_FOUND."""
    link = links.opened(world.store, token, purpose, world.now())
    return OpenedLink(world, links, link, purpose, token)


def salon_view(salon: Salon) -> SalonView:
    return SalonView(
        name=salon.name, zone=salon.timezone, address=salon.address, map_url=salon.map_url, phone=salon.phone
    )


def booking_view(opened: OpenedLink, booking: Booking, client: Client, done: str | None) -> BookingView:
    directory, links = directory_for(opened.world, booking), opened.links
    reviewable = booking.status is Status.COMPLETED
    return BookingView(
        salon=salon_view(directory.salons[booking.salon_id]),
        token=opened.token,
        base_path=opened.base_path,
        status=booking.status.value,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        now=opened.world.now(),
        lines=tuple(_lines(booking, directory)),
        total_minor=booking.total_minor or None,
        currency=booking.currency,
        client_zone=client.timezone,
        move_wish=booking.move_wish,
        done=done,
        review_token=links.token(opened.link, LinkPurpose.REVIEW) if reviewable else None,
        stop_token=links.token(opened.link, LinkPurpose.STOP),
        card_token=card_token(opened, directory),
    )


def card_token(opened: OpenedLink, directory: Directory) -> str | None:
    """The token of the client's card; None in a network without any programme."""
    rules = directory.rules.bonuses
    runs = any(each.enabled for each in (rules, *rules.programmes))
    return opened.links.token(opened.link, LinkPurpose.CARD) if runs else None


def with_points(view: BookingView, opened: OpenedLink, booking: Booking) -> BookingView:
    """The view with the points that may pay for a part of an upcoming booking, or that are held for it. One
    read, an eventual one where the booking, which was read consistently, has nothing held."""
    now, directory = opened.world.now(), directory_for(opened.world, booking)
    if not (booking.is_upcoming and booking.starts_at > now and booking.client_id is not None):
        return view
    store, client_id = opened.world.store, booking.client_id
    if booking.held_points:
        existing: Account | None = store.account(booking.network_id, client_id)
    else:
        existing = next(iter(store.accounts_named(booking.network_id, [client_id])), None)
    if existing is None:
        return view
    account, _ = settled(existing, now)
    hold = account.hold_of_booking(booking.id) if booking.held_points else None
    value = directory.rules.bonuses.point_value(booking.currency)
    if hold is not None:
        return replace(view, held_points=hold.points, held_minor=hold.points * value)
    offer = quote_for_booking(booking, directory, account, now)
    return replace(view, points=offer.points, points_minor=offer.value_minor)


def _lines(booking: Booking, directory: Directory) -> list[LineView]:
    lines = []
    for line in booking.lines:
        service = service_name(directory, line.service_id) or ""
        staff = staff_name(directory, line.staff_id)
        lines.append(LineView(service=service, staff=staff, minutes=line.minutes,
                              price_minor=line.price_minor))  # fmt: skip
    return lines


def review_view(
    opened: OpenedLink, booking: Booking, *, mistake: str | None = None, words: str | None = None
) -> ReviewView:
    directory = directory_for(opened.world, booking)
    salon = directory.salons[booking.salon_id]
    lines = _lines(booking, directory)
    served = {line.staff_id for line in booking.lines if line.staff_id}
    staff = directory.staff.get(next(iter(served))) if len(served) == 1 else None
    review = booking.review
    return ReviewView(
        salon=salon_view(salon),
        token=opened.token,
        base_path=opened.base_path,
        starts_at=booking.starts_at,
        now=opened.world.now(),
        services=tuple(line.service for line in lines if line.service),
        staff=staff_name(directory, staff.id) if staff else None,
        stars=review.stars if review else None,
        words=words if words is not None else review.words if review else "",
        review_links=tuple(ReviewLinkView(site=link.site, url=link.url) for link in salon.review_links),
        tip_url=staff.tip_url if staff else None,
        mistake=mistake,
        stop_token=opened.links.token(opened.link, LinkPurpose.STOP),
        card_token=card_token(opened, directory),
    )


def stop_view(opened: OpenedLink, client: Client, done: str | None) -> StopView:
    network = opened.world.directory(opened.link.network_id).network
    known = [channel for channel in CHANNELS if is_known(client, channel)]
    return StopView(
        sender=network.name,
        token=opened.token,
        base_path=opened.base_path,
        coming=_coming(client, known or CHANNELS),
        channels=tuple((channel, not all_refused(client, Purpose.SERVICE, [channel])) for channel in known),
        done=done,
    )


def _coming(client: Client, channels: Sequence[str]) -> str:
    if all_refused(client, Purpose.SERVICE, channels):
        return "nothing"
    return "service" if all_refused(client, Purpose.MARKETING, channels) else "all"
