"""Keep what clients allow: take down every yes and no with who, when and how, stop messages, take them up
again."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import CHANNELS, Client, Consent, ConsentChange
from chalicelib.domain.clients.consents import all_refused, with_consents
from chalicelib.domain.shared.actors import BY_CLIENT
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

ON_STOP_PAGE = "stop page"


def checked_consent(channel: str, purpose: str, granted: bool, how: str, actor: str, at: datetime) -> Consent:
    """A consent of a known channel and purpose. Raises UNKNOWN_CHANNEL, UNKNOWN_PURPOSE."""
    if channel not in CHANNELS:
        raise refused("UNKNOWN_CHANNEL", f"Channels are {', '.join(CHANNELS)}.", channel=channel)
    if purpose not in list(Purpose):
        raise refused("UNKNOWN_PURPOSE", "Purposes are service and marketing.", purpose=purpose)
    return Consent(channel, Purpose(purpose), granted, at, actor, how)


def set_consents(
    world: World,
    network_id: str,
    client_id: str,
    pairs: Iterable[tuple[str, str]],
    *,
    granted: bool,
    how: str,
    actor: str,
    said_at: datetime | None = None,
) -> Client:
    """Takes down whether messages of a purpose may go through a channel, for all pairs of channel and purpose
    at once. Saying the same again changes nothing.

    how: in what way the client said so. said_at: when, where we may be told late or twice: what was said
    since stands. Raises NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_PURPOSE.
    """
    at = said_at or world.now()
    said = [checked_consent(channel, purpose, granted, how, actor, at) for channel, purpose in pairs]
    return _take_down(
        world,
        network_id,
        client_id,
        lambda client: [each for each in said if not _is_overtaken(client, each)],
    )


def _is_overtaken(client: Client, said: Consent) -> bool:
    """Whether another word is newer: of a yes any, of a no only the client's own."""
    stands = client.consent(said.channel, said.purpose)
    return stands is not None and stands.at > said.at and (said.granted or stands.actor == BY_CLIENT)


def stop_messages(
    world: World,
    network_id: str,
    client_id: str,
    *,
    marketing_only: bool = False,
    channels: Iterable[str] = CHANNELS,
    how: str = ON_STOP_PAGE,
    actor: str = BY_CLIENT,
    said_at: datetime | None = None,
) -> Client:
    """Nothing more comes, or no marketing; on any channel unless some are named. said_at: as of
    `set_consents`."""
    purposes = [Purpose.MARKETING] if marketing_only else list(Purpose)
    pairs = [(channel, purpose.value) for channel in channels for purpose in purposes]
    return set_consents(
        world, network_id, client_id, pairs, granted=False, how=how, actor=actor, said_at=said_at
    )


def resume_messages(
    world: World,
    network_id: str,
    client_id: str,
    *,
    purpose: Purpose,
    channels: Iterable[str] = CHANNELS,
) -> Client:
    """The client changed their mind on their page: messages of that purpose come again, on all channels
    unless some are named; marketing only where service messages come, too. Who takes up the one has not asked
    for the other."""
    named = tuple(channels)

    def said(client: Client) -> list[Consent]:
        wanted = named
        if purpose is Purpose.MARKETING:
            wanted = tuple(each for each in named if not all_refused(client, Purpose.SERVICE, [each]))
        return [Consent(each, purpose, True, world.now(), BY_CLIENT, ON_STOP_PAGE) for each in wanted]

    return _take_down(world, network_id, client_id, said)


def _take_down(
    world: World, network_id: str, client_id: str, said: Callable[[Client], Sequence[Consent]]
) -> Client:
    for _ in world.tries():
        client = world.store.get(Client, network_id=network_id, id=client_id)
        if client is None:
            raise missing("client", client_id)
        after, lines = with_consents(client, said(client))
        if not lines:
            return client
        after = client_plan.with_wake(after, world.directory(network_id), world.now())
        try:
            saved: Client = world.store.save(after, *lines)[0]
        except SaveConflict:
            continue
        world.wake_if_due(saved)
        return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this client at the same moment; try again.")


def history(world: World, network_id: str, client_id: str) -> list[ConsentChange]:
    """Every change of what the client allowed, the oldest first."""
    return world.store.get_all(ConsentChange, network_id=network_id, client_id=client_id)
