"""Find the recipients of a campaign, and when each is due. A dry run and the invitation find the same
ones."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.domain.clients.client_plan import zone_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.marketing.campaigns import Campaign, slots
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.waking.walks import Counting, Inviting, Walk
from chalicelib.services.clients.segments import BATCH_SIZE, is_member
from chalicelib.services.messages.subjects import speaking_salon
from chalicelib.services.shared.world import World


class RecipientsPage(Struct, frozen=True):
    """The recipients on one page of a network's clients.

    recipients  clients of the segment, with the instants at which they are due, before the campaign's end.
    seen        number of clients on the page; cursor: of the next page, None after the last one.
    next_at     when the next recipient would be due.
    """

    recipients: Sequence[tuple[Client, datetime]]
    seen: int
    cursor: str | None
    next_at: datetime

    def is_last(self, campaign: Campaign) -> bool:
        """Whether no client is left, or no further recipient would be due before the campaign's end."""
        return self.cursor is None or self.next_at >= campaign.ends_at


def find_recipients_page(world: World, campaign: Campaign, walk: Walk[Inviting | Counting]) -> RecipientsPage:
    """The recipients on the next page of a walk."""
    now, network_id = world.now(), walk.network_id
    directory = world.directory(network_id, lambda known: bool(known.salons))
    page = world.store.clients(network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    first = max(walk.state.next_at or campaign.starts_at, now)
    members = [each for each in page.items if is_member(world, campaign.segment, each, directory, now)]
    placed, next_at = _placed(campaign, members, directory, first)
    return RecipientsPage(placed, len(page.items), page.cursor, next_at)


def _placed(
    campaign: Campaign, clients: Iterable[Client], directory: Directory, first: datetime
) -> tuple[list[tuple[Client, datetime]], datetime]:
    """Each client's instant, and the next that is free. A client who lives in another time zone is put off to
    the end of their own night."""
    free = free_instants(campaign, directory, first)
    placed: list[tuple[Client, datetime]] = []
    for client in clients:
        own = directory.messages_for(speaking_salon(client, directory).id).quiet_hours
        at = own.ends_after(next(free), zone_of(client, directory))
        if at < campaign.ends_at:
            placed.append((client, at))
    return placed, next(free)


def free_instants(campaign: Campaign, directory: Directory, first: datetime) -> Iterator[datetime]:
    """The instants at the campaign's pace, from `first` on. They keep out of the night of the network: the
    quiet hours of the salon whose id comes first, by the network's time zone."""
    quiet = directory.messages_for(min(directory.salons)).quiet_hours
    return slots(first, campaign.per_minute, quiet, directory.zone)
